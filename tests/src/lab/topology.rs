//! A topology: which networks, machines and clients there are, and how they are joined. Data,
//! in `tests/lab/NAME/topology.yaml`; it is read strictly, and every complaint has a place.
//!
//! What a CDN is made of them (`cdn:`) is told beside: [`Cdn`].

mod check;

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use serde::Deserialize;
use serde_yaml::Spanned;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// A topology is a page or two; this is where somebody passed the wrong file.
const MAX_BYTES: usize = 256 << 10;

/// Taken by the namespace that the bridges stand in; no device may be called so.
pub(super) const FABRIC: &str = "fabric";

/// Everything that a lab consists of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// What it is for.
    pub about: String,
    /// Bridges, with the prefixes that are used on them.
    pub networks: BTreeMap<String, Vec<Spanned<IpNet>>>,
    /// Machines with a system of their own.
    pub machines: BTreeMap<String, Spanned<Machine>>,
    /// Bare network namespaces.
    #[serde(default)]
    pub clients: BTreeMap<String, Spanned<Client>>,
    /// The CDN on top.
    pub cdn: Option<Cdn>,
    /// Where it was read from.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// A machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// What it is: its files come from `tests/lab/roles/ROLE`.
    pub role: Spanned<String>,
    /// Whether it is a Debian as somebody has just installed it, that waits to be made something.
    #[serde(default)]
    pub bare: bool,
    /// Its disks beside the one that it boots from, by name, in MiB. Empty, as they are bought.
    #[serde(default)]
    pub disks_mib: BTreeMap<String, u64>,
    /// Programs of this build that stand in its `/usr/bin`.
    #[serde(default)]
    pub programs: Vec<String>,
    /// Its interfaces, by name.
    pub links: BTreeMap<String, Link>,
}

/// A client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its interfaces, by name.
    pub links: BTreeMap<String, Link>,
}

/// An interface.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The network that it leads to.
    pub network: Spanned<String>,
    /// Its addresses, within the network's prefixes.
    pub addresses: Vec<Spanned<IpAddr>>,
}

/// A CDN: who is fleet, origin and appliance, and what the fleet is told of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cdn {
    /// The machine with the fleet manager.
    pub fleet: Spanned<String>,
    /// The machine with the origin.
    pub origin: Spanned<String>,
    /// The network over which boxes reach fleet, origin and siblings.
    pub backbone: Spanned<String>,
    /// The sites.
    pub sites: BTreeMap<String, Site>,
    /// The content groups.
    pub groups: BTreeMap<String, Group>,
}

/// A site.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Where it is, in degrees north.
    pub latitude: f64,
    /// Where it is, in degrees east.
    pub longitude: f64,
    /// The network of its viewers.
    pub viewers: Spanned<String>,
    /// Its machines.
    pub appliances: Vec<Spanned<String>>,
}

/// A content group.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Whose it is.
    pub owner: String,
    /// Its host names: `{device}` stands for the box.
    pub host_pattern: String,
}

impl Topology {
    /// Reads the topology of that name below `tests/lab`.
    ///
    /// # Errors
    /// Everything that is wrong with it, or that there is none of that name, and which there
    /// are.
    pub fn read(name: &str) -> Result<Self> {
        let all = folder();
        let is_name = !name.is_empty() && !name.contains(['/', '.']);
        if !is_name || !all.join(name).join("topology.yaml").is_file() {
            bail!("there is no topology {name:?}; there are: {}", names(&all)?.join(", "));
        }
        let folder = all.join(name);
        let file = folder.join("topology.yaml");
        let text = std::fs::read_to_string(&file)?;
        let topology = Self::parse(&text).with_context(|| file.display().to_string())?;
        let topology = Self { folder, ..topology };
        topology.check_files().with_context(|| file.display().to_string())?;
        Ok(topology)
    }

    /// Reads the text of a topology.
    ///
    /// # Errors
    /// Everything that is wrong with its meaning, or the first thing that is wrong with its
    /// shape; with line and column.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            bail!("larger than {MAX_BYTES} bytes");
        }
        let topology: Self = serde_yaml::from_str(text)?;
        let complaints = check::check(&topology);
        if complaints.is_empty() { Ok(topology) } else { bail!("\n{}", complaints.join("\n")) }
    }

    fn check_files(&self) -> Result<()> {
        for (name, machine) in &self.machines {
            let role = &machine.value.role;
            if !role_folder(&role.value).is_dir() {
                bail!("{}: {name}: there is no role {:?}", check::place(role), role.value);
            }
        }
        Ok(())
    }
}

/// The names of all topologies.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if entry.path().join("topology.yaml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// `tests/lab` of this checkout.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("lab")
}

/// The files of a role.
pub(super) fn role_folder(role: &str) -> PathBuf {
    folder().join("roles").join(role)
}

impl Topology {
    /// The links of a machine or client; none of one that is not there.
    pub fn links(&self, name: &str) -> impl Iterator<Item = (&String, &Link)> {
        let machine = self.machines.get(name).map(|machine| &machine.value.links);
        let client = self.clients.get(name).map(|client| &client.value.links);
        machine.into_iter().chain(client).flatten()
    }

    /// A machine's or client's addresses in a network.
    pub fn addresses(&self, name: &str, network: &str) -> impl Iterator<Item = IpAddr> {
        let links = self.links(name).filter(move |(_, link)| link.network.value == network);
        links.flat_map(|(_, link)| link.addresses.iter().map(|address| address.value))
    }

    /// Every machine and client.
    pub fn devices(&self) -> impl Iterator<Item = &String> {
        self.machines.keys().chain(self.clients.keys())
    }
}

#[cfg(test)]
mod tests;
