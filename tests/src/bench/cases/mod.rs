//! What is measured, and against whom: a file for each kind of case.

mod byte_miss;
mod config_backup;
mod config_render;
mod disk_cold;
mod enrol;
mod fill_peer;
mod fill_while_serving;
mod floor;
mod handshake;
mod idle_memory;
mod inventory;
mod paced;
mod prefill;
mod recover;
mod reports;
mod scrub;
mod served;
mod ttfb_mixed;

use super::core;
use super::machine::Machine;
use super::peers::Peers;
use super::sheet::{Row, Sheet};
use anyhow::Result;
use rustls::HandshakeKind;
use std::path::PathBuf;

/// Where everything is.
#[derive(Debug)]
pub struct Bench {
    /// The programs.
    pub bin: PathBuf,
    /// Where results go, and the files of the run.
    pub results: PathBuf,
    /// Whom to compare with.
    pub peers: Peers,
}

/// One case.
#[derive(Debug)]
pub struct Case {
    /// Its name on the command line and in the table.
    pub name: &'static str,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Served(served::Served),
    Floor,
    Handshake(HandshakeKind),
    IdleMemory,
    DiskCold,
    TtfbMixed,
    Paced,
    ByteMiss,
    Recover,
    FillPeer,
    FillWhileServing,
    Scrub,
    Enrol,
    Inventory(inventory::Asked),
    Reports,
    Prefill(prefill::Asked),
    ConfigRender,
    ConfigBackup,
}

/// What a case found.
struct Found {
    runs: usize,
    rows: Vec<Row>,
    /// Who is not in this case, and why.
    notes: Vec<String>,
}

/// All cases.
#[must_use]
pub fn all() -> Vec<Case> {
    let case = |name, kind| Case { name, kind };
    vec![
        case("ram-4m-c16", Kind::Served(served::large(16))),
        case("ram-4m-c256", Kind::Served(served::large(256))),
        case("floor-4m", Kind::Floor),
        case("range-64k", Kind::Served(served::ranges())),
        case("small-4k", Kind::Served(served::small())),
        case("handshake-full", Kind::Handshake(HandshakeKind::Full)),
        case("handshake-resumed", Kind::Handshake(HandshakeKind::Resumed)),
        case("idle-memory", Kind::IdleMemory),
        case("disk-cold", Kind::DiskCold),
        case("ttfb-mixed", Kind::TtfbMixed),
        case("paced-10k", Kind::Paced),
        case("byte-miss", Kind::ByteMiss),
        case("recover-1m", Kind::Recover),
        case("fill-peer", Kind::FillPeer),
        case("fill-while-serving", Kind::FillWhileServing),
        case("scrub", Kind::Scrub),
        case("enrol", Kind::Enrol),
        case("inventory-list", Kind::Inventory(inventory::Asked::List)),
        case("inventory-import", Kind::Inventory(inventory::Asked::Import)),
        case("inventory-ansible", Kind::Inventory(inventory::Asked::Ansible)),
        case("inventory-reports", Kind::Reports),
        case("prefill-plan", Kind::Prefill(prefill::Asked::Plan)),
        case("prefill-cluster", Kind::Prefill(prefill::Asked::Cluster)),
        case("prefill-delta", Kind::Prefill(prefill::Asked::Delta)),
        case("prefill-replan", Kind::Prefill(prefill::Asked::Replan)),
        case("config-render", Kind::ConfigRender),
        case("config-backup", Kind::ConfigBackup),
    ]
}

impl Case {
    /// Measures: ours and the others in turn.
    ///
    /// # Errors
    /// When a server does not come up or answers wrongly.
    pub async fn run(&self, bench: &Bench) -> Result<Sheet> {
        let disturbance = core::disturbance()?.map(|what| format!("{}: {what}", self.name));
        let found = match &self.kind {
            Kind::Served(served) => served.run(bench).await?,
            Kind::Floor => floor::run(bench).await?,
            Kind::Handshake(kind) => handshake::run(bench, *kind).await?,
            Kind::IdleMemory => idle_memory::run(bench).await?,
            Kind::DiskCold => disk_cold::run(bench).await?,
            Kind::TtfbMixed => ttfb_mixed::run(bench).await?,
            Kind::Paced => paced::run(bench).await?,
            Kind::ByteMiss => byte_miss::run()?,
            Kind::Recover => recover::run(bench).await?,
            Kind::FillPeer => fill_peer::run(bench).await?,
            Kind::FillWhileServing => fill_while_serving::run(bench).await?,
            Kind::Scrub => scrub::run(bench).await?,
            Kind::Enrol => enrol::run(bench).await?,
            Kind::Inventory(asked) => inventory::run(bench, *asked).await?,
            Kind::Reports => reports::run(bench).await?,
            Kind::Prefill(asked) => prefill::run(*asked)?,
            Kind::ConfigRender => config_render::run(bench).await?,
            Kind::ConfigBackup => config_backup::run(bench).await?,
        };
        let (case, machine) = (self.name.to_owned(), Machine::this()?);
        let mut notes = [&bench.peers.notes[..], &found.notes].concat();
        notes.extend(disturbance);
        Ok(Sheet { case, machine, runs: found.runs, rows: found.rows, notes })
    }
}
