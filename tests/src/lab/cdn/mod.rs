//! Headend in a lab: a fleet manager, an origin and appliances, each a service of its
//! machine, put to work as an operator would (`install`) and used as viewers do (`viewer`).

mod install;
mod viewer;

pub use viewer::Fetched;

use super::Lab;
use super::content::{self, Digests, Size};
use super::topology::Cdn as Intent;
use crate::operator::shares::{self, Share};
use crate::operator::{Happened, LateReport, Operator, Title, players_ca};
use crate::origin::{Request, requests};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

/// What is waited for takes a second or a few; a minute, where both processors are busy, is a hang.
const PATIENCE: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(50);

/// A CDN that runs in a lab.
#[derive(Debug)]
pub struct Cdn {
    /// The machines and networks.
    pub lab: Lab,
    /// Who runs the `fleet` command, on the fleet's machine.
    pub operator: Operator,
    /// What was published, by group and title.
    pub published: BTreeMap<(String, String), Digests>,
}

impl Cdn {
    /// Puts the machines of a lab to work. Nothing is published yet.
    ///
    /// # Errors
    /// When the topology has no CDN in it, or a part of it does not come up.
    pub async fn start(lab: Lab) -> Result<Self> {
        let operator = install::install(&lab).await?;
        Ok(Self { operator, lab, published: BTreeMap::new() })
    }

    fn intent(&self) -> Result<&Intent> {
        self.lab.topology.cdn.as_ref().context("a CDN")
    }

    /// The names of all boxes.
    ///
    /// # Errors
    /// None once it runs.
    pub fn boxes(&self) -> Result<Vec<String>> {
        let boxes = self.intent()?.sites.values().flat_map(|site| &site.appliances);
        Ok(boxes.map(|name| name.value.clone()).collect())
    }

    /// The name of the machine with the fleet manager.
    ///
    /// # Errors
    /// None once it runs.
    pub fn fleet(&self) -> Result<&str> {
        Ok(&self.intent()?.fleet.value)
    }

    /// Where others reach a machine.
    pub(super) fn address(&self, device: &str) -> Result<IpAddr> {
        install::address(&self.lab, self.intent()?, device)
    }

    /// The names of all content groups.
    ///
    /// # Errors
    /// None once it runs.
    pub fn groups(&self) -> Result<Vec<String>> {
        Ok(self.intent()?.groups.keys().cloned().collect())
    }

    /// A box, and a client in the network of its viewers.
    ///
    /// # Errors
    /// When no site has both.
    pub fn a_box_and_its_viewer(&self) -> Result<(String, String)> {
        let clients = self.lab.topology.clients.keys();
        let pairs = self.intent()?.sites.values().filter_map(|site| {
            let network = &site.viewers.value;
            let is_near =
                |client: &&String| self.lab.topology.addresses(client, network).next().is_some();
            let client = clients.clone().find(is_near)?;
            Some((site.appliances.first()?.value.clone(), client.clone()))
        });
        { pairs }.next().context("no site has a box and a viewer")
    }

    /// Makes a title, brings it to the origin, and tells the fleet of it.
    ///
    /// # Errors
    /// With what the command printed.
    pub async fn publish(&mut self, group: &str, title: &str, seed: u64, size: Size) -> Result<()> {
        let origin = self.lab.machine(&self.intent()?.origin.value)?;
        let folder = origin.folder.root().join("srv/origin").join(group).join(title);
        let digests = content::write_title(&folder, seed, size)?;
        let told = Title { group, title, name: title, folder: &folder };
        self.operator.add_title(&told).await?;
        self.published.insert((group.to_owned(), title.to_owned()), digests);
        Ok(())
    }

    /// Waits until every box holds all that it should.
    ///
    /// # Errors
    /// When that takes too long, with what is held by then.
    pub async fn fill(&self) -> Result<Vec<Share>> {
        shares::wait(&self.operator, self.boxes()?.len(), || Ok(())).await
    }

    /// What the fleet was last told by a box.
    ///
    /// # Errors
    /// When it knows of no such box.
    pub async fn share(&self, device: &str) -> Result<Share> {
        let shares = shares::shares(&self.operator).await?;
        let share = shares.into_iter().find(|share| share.name == device);
        share.with_context(|| format!("`fleet status` shows no {device}"))
    }

    /// Waits until the fleet sees a box so.
    ///
    /// # Errors
    /// When that takes too long, with what the fleet sees then.
    pub async fn wait_until(
        &self,
        device: &str,
        what: &str,
        is_so: impl Fn(&Share) -> bool,
    ) -> Result<Share> {
        let begun = Instant::now();
        loop {
            let share = self.share(device).await?;
            if is_so(&share) {
                return Ok(share);
            }
            if begun.elapsed() > PATIENCE {
                let waited = PATIENCE.as_secs();
                bail!("{device}: after {waited} s it is not so that {what}\n{share:?}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What happened on a box, as the fleet was told, newest first.
    ///
    /// # Errors
    /// When the fleet does not answer.
    pub async fn happened(&self, device: &str) -> Result<Vec<Happened>> {
        self.operator.happened(device).await
    }

    /// What a box would have reported while it could tell nobody, oldest first.
    ///
    /// # Errors
    /// When the fleet does not answer.
    pub async fn late_reports(&self, device: &str) -> Result<Vec<LateReport>> {
        self.operator.late_reports(device).await
    }

    /// What boxes have asked the origin for, in order.
    ///
    /// # Errors
    /// When the origin's log cannot be read, or names no box.
    pub fn asked_of_origin(&self) -> Result<Vec<Request>> {
        let origin = self.lab.machine(&self.intent()?.origin.value)?;
        requests(&origin.folder.root().join("var/log/nginx/access.log"))
    }

    /// Who issues what boxes show to viewers.
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        players_ca(&install::root_folder(&self.lab))
    }

    /// The host name of a group on a box.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn host(&self, group: &str, device: &str) -> Result<String> {
        let group = self.intent()?.groups.get(group).context("a content group")?;
        Ok(group.host_pattern.replace("{device}", device))
    }
}

/// Waits for something that nobody announces.
///
/// # Errors
/// When it takes too long.
pub async fn wait_for(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Result<()> {
    let begun = Instant::now();
    while !is_so().await {
        if begun.elapsed() > PATIENCE {
            bail!("not so after {} s: {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
