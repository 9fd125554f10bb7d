//! `fleet disk …`

mod spec;
mod table;

pub(super) use spec::{parse, shown};

use super::client::Client;
use super::command::ask;
use super::output::Output;
use super::wait::Wait;
use super::watch::Watch;
use crate::api::{CommandAll, CommandDisk, CommandRequest, DiskItem, List};
use clap::{Args, Subcommand};
use contract::names::DeviceName;

/// Disks of appliances.
#[derive(Debug, Subcommand)]
pub(super) enum DiskCommand {
    /// The disks of the appliances as these see them: in use or ejected, what they say of their
    /// health, and how far they were scrubbed.
    List(DiskList),
    /// Have an appliance stop using a disk. What it holds is fetched again elsewhere, and its
    /// files stay as they are; once its last reader has gone it may be unmounted. It stays ejected
    /// through restarts and reloads.
    Eject(OneDisk),
    /// Have an appliance use a disk again, whoever ejected it. What is on it and still wanted is
    /// held again.
    Readmit(OneDisk),
    /// Have an appliance read and check every block of its disks, from now on and as slowly as
    /// its configuration says. `fleet disk list --watch` shows how far it is.
    Scrub(AllDisks),
}

#[derive(Debug, Args)]
pub(super) struct DiskList {
    /// Only this appliance.
    name: Option<DeviceName>,
    #[command(flatten)]
    watch: Watch,
}

#[derive(Debug, Args)]
pub(super) struct OneDisk {
    /// The appliance.
    name: DeviceName,
    /// The disk's folder.
    folder: String,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, Args)]
pub(super) struct AllDisks {
    /// The appliance.
    name: DeviceName,
    #[command(flatten)]
    wait: Wait,
}

impl DiskCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let (name, request, wait) = match self {
            Self::List(list) => return list.run(client, output).await,
            Self::Eject(OneDisk { name, folder, wait }) => {
                (name, CommandRequest::EjectDisk(CommandDisk { folder }), wait)
            }
            Self::Readmit(OneDisk { name, folder, wait }) => {
                (name, CommandRequest::ReadmitDisk(CommandDisk { folder }), wait)
            }
            Self::Scrub(AllDisks { name, wait }) => {
                (name, CommandRequest::Scrub(CommandAll {}), wait)
            }
        };
        ask(client, output, &name, &request, &wait).await
    }
}

impl DiskList {
    async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let shown = |all: &List<DiskItem>| table::of(output, &all.items);
        self.watch.show(output, async || self.read(client).await, shown).await
    }

    async fn read(&self, client: &Client) -> anyhow::Result<List<DiskItem>> {
        let mut all: List<DiskItem> = client.get("/api/v1/disks").await?;
        if let Some(name) = &self.name {
            all.items.retain(|disk| disk.appliance == name.as_str());
            anyhow::ensure!(!all.items.is_empty(), "no appliance {name} has reported a disk");
        }
        Ok(all)
    }
}
