//! The cables: bridges in a namespace of their own, the fabric, and from each interface of a
//! machine or client a pair of virtual Ethernet devices to one of them. Nothing of it stands
//! in the network of this machine itself.
//!
//! Interfaces belong to the namespace and not to what runs in it: addresses are there before a
//! machine boots, and after it. A machine without power has dark interfaces all the same,
//! because its cables are pulled with it.

use super::id::LabId;
use super::partition;
use super::topology::{FABRIC, Topology};
use crate::process::output;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where `ip netns` keeps names of namespaces.
pub(super) const NAMESPACES: &str = "/run/netns";

/// One interface of a device, and what it is plugged into.
#[derive(Debug)]
struct Cable {
    device: String,
    interface: String,
    /// Its other end, in the fabric.
    port: String,
}

/// All cables of a lab.
#[derive(Debug)]
pub struct Network {
    id: LabId,
    cables: Vec<Cable>,
    /// Those that somebody has cut.
    cut: BTreeSet<String>,
}

impl Network {
    /// Makes the namespaces of a topology and joins them. What is done stands in files in
    /// `folder`, in the words of ip(8).
    ///
    /// # Errors
    /// When the kernel lacks something; with what `ip` said.
    pub(super) async fn build(id: LabId, topology: &Topology, folder: &Path) -> Result<Self> {
        let cables = cables(topology);
        let names = topology.devices().map(String::as_str).chain([FABRIC]);
        let spaces: String = names.map(|name| format!("netns add {}\n", id.part(name))).collect();
        batch(None, &spaces, &folder.join("namespaces.ip")).await?;
        let fabric = fabric_commands(id, topology, &cables)?;
        batch(Some(&id.part(FABRIC)), &fabric, &folder.join("fabric.ip")).await?;
        partition::prepare(&Self::namespace(id, FABRIC), folder).await?;
        for device in topology.devices() {
            let commands = device_commands(topology, device)?;
            let file = folder.join(format!("{device}.ip"));
            batch(Some(&id.part(device)), &commands, &file).await?;
        }
        Ok(Self { id, cables, cut: BTreeSet::new() })
    }

    /// The namespace of a device.
    pub(super) fn namespace(id: LabId, device: &str) -> PathBuf {
        Path::new(NAMESPACES).join(id.part(device))
    }

    /// The namespace of the bridges.
    pub(super) fn fabric(&self) -> PathBuf {
        Self::namespace(self.id, FABRIC)
    }

    /// Where the cables of a device end.
    pub(super) fn ports(&self, device: &str) -> impl Iterator<Item = &str> {
        let cables = self.cables.iter().filter(move |cable| cable.device == device);
        cables.map(|cable| cable.port.as_str())
    }

    /// Bounds what a device receives over an interface.
    ///
    /// # Errors
    /// When there is no such interface, or the kernel has no token bucket (`sch_tbf`).
    pub async fn limit(&self, device: &str, interface: &str, rate_bits_per_s: u64) -> Result<()> {
        let (fabric, port) = (self.id.part(FABRIC), self.port(device, interface)?);
        let rate = format!("{rate_bits_per_s}bit");
        let shape = ["root", "tbf", "rate", &rate, "burst", "64kb", "latency", "100ms"];
        let args = ["-n", &fabric, "qdisc", "replace", "dev", &port].into_iter().chain(shape);
        output("tc", args).await.map(drop)
    }

    /// Takes such a bound away.
    ///
    /// # Errors
    /// When there is none.
    pub async fn unlimit(&self, device: &str, interface: &str) -> Result<()> {
        let (fabric, port) = (self.id.part(FABRIC), self.port(device, interface)?);
        output("tc", ["-n", &fabric, "qdisc", "delete", "dev", &port, "root"]).await.map(drop)
    }

    /// Cuts a cable: both ends go dark.
    ///
    /// # Errors
    /// When there is no such interface.
    pub async fn cut(&mut self, device: &str, interface: &str) -> Result<()> {
        let port = self.port(device, interface)?;
        self.set(&port, "down").await?;
        self.cut.insert(port);
        Ok(())
    }

    /// Mends a cable that was cut.
    ///
    /// # Errors
    /// When there is no such interface.
    pub async fn mend(&mut self, device: &str, interface: &str) -> Result<()> {
        let port = self.port(device, interface)?;
        self.set(&port, "up").await?;
        self.cut.remove(&port);
        Ok(())
    }

    /// All cables of a device go dark.
    pub(super) async fn unplug(&self, device: &str) -> Result<()> {
        for cable in self.cables.iter().filter(|cable| cable.device == device) {
            self.set(&cable.port, "down").await?;
        }
        Ok(())
    }

    /// All cables of a device come back, but for those that were cut.
    pub(super) async fn plug(&self, device: &str) -> Result<()> {
        for cable in self.cables.iter().filter(|cable| cable.device == device) {
            if !self.cut.contains(&cable.port) {
                self.set(&cable.port, "up").await?;
            }
        }
        Ok(())
    }

    fn port(&self, device: &str, interface: &str) -> Result<String> {
        let is_it = |cable: &&Cable| cable.device == device && cable.interface == interface;
        let cable = self.cables.iter().find(is_it);
        Ok(cable.with_context(|| format!("{device} has no interface {interface}"))?.port.clone())
    }

    async fn set(&self, port: &str, state: &str) -> Result<()> {
        let fabric = self.id.part(FABRIC);
        output("ip", ["-n", &fabric, "link", "set", port, state]).await.map(drop)
    }
}

fn cables(topology: &Topology) -> Vec<Cable> {
    let links = topology.devices().flat_map(|device| {
        topology.links(device).map(move |(interface, _)| (device.clone(), interface.clone()))
    });
    let numbered = links.enumerate().map(|(number, (device, interface))| Cable {
        device,
        interface,
        port: format!("port{number}"),
    });
    numbered.collect()
}

fn fabric_commands(id: LabId, topology: &Topology, cables: &[Cable]) -> Result<String> {
    let mut commands = String::from("link set lo up\n");
    for bridge in topology.networks.keys() {
        // Nobody here asks who listens to which group: the bridge floods.
        writeln!(commands, "link add {bridge} type bridge mcast_snooping 0")?;
        writeln!(commands, "link set {bridge} up")?;
    }
    for Cable { device, interface, port } in cables {
        let link = topology.links(device).find(|(name, _)| *name == interface);
        let bridge = &link.context("a link")?.1.network.value;
        let namespace = id.part(device);
        writeln!(
            commands,
            "link add {port} type veth peer name {interface} netns {namespace}
link set {port} alias {device}.{interface} master {bridge} up"
        )?;
    }
    Ok(commands)
}

fn device_commands(topology: &Topology, device: &str) -> Result<String> {
    let mut commands = String::from("link set lo up\n");
    for (interface, link) in topology.links(device) {
        writeln!(commands, "link set {interface} up")?;
        let prefixes = &topology.networks[&link.network.value];
        for address in link.addresses.iter().map(|address| address.value) {
            let prefix = prefixes.iter().find(|prefix| prefix.value.contains(&address));
            let bits = prefix.context("a prefix")?.value.prefix_len();
            // Who numbers by hand needs no second of asking whether somebody has it already.
            let nodad = if address.is_ipv6() { " nodad" } else { "" };
            writeln!(commands, "address add {address}/{bits} dev {interface}{nodad}")?;
        }
    }
    Ok(commands)
}

async fn batch(namespace: Option<&str>, commands: &str, file: &Path) -> Result<()> {
    std::fs::write(file, commands)?;
    let inside = namespace.into_iter().flat_map(|name| ["-n".into(), name.into()]);
    let args = inside.chain(["-batch".into(), file.as_os_str().to_owned()]);
    output("ip", args).await.map(drop)
}
