//! How fast an appliance fills from another over TLS, with all that it does to what comes
//! (verification, disk), against what curl gets from the same one and throws away. Each has the
//! load's core to itself; the one that gives has the server's. What the disk takes of such files
//! stands beside it: nothing can fill faster. What the box makes of it where the disk is not what
//! it waits for, a file system in memory shows.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::contender::median;
use crate::bench::core::Cores;
use crate::bench::fio;
use crate::bench::memory_disk::MemoryDisk;
use crate::bench::object::Object;
use crate::bench::sheet::{Limit, Row};
use crate::bench::sibling::{self, Filling};
use crate::bench::site::Site;
use crate::http_harness::keys::Issued;
use crate::process;
use anyhow::{Context, Result};
use contract::catalogue::CatalogueEntry;
use contract::exchange::{identity_name, peer_path};
use contract::names::DeviceName;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// For each round one on the machine's disk and one whose disk is in memory; medians count. Each
/// keeps its folder until the end: a file system that has lost hundreds of files a moment ago
/// spends a fifth of a fill on looking past their inodes.
const TAKERS: [[&str; 2]; 7] = [
    ["taker-1", "light-1"],
    ["taker-2", "light-2"],
    ["taker-3", "light-3"],
    ["taker-4", "light-4"],
    ["taker-5", "light-5"],
    ["taker-6", "light-6"],
    ["taker-7", "light-7"],
];

/// What a disk in memory has room for: more than the objects.
const LIGHT_BYTES: u64 = 3 << 29;

/// Segments of a few seconds, a gigabyte together.
const OBJECTS: usize = 256;
const BYTES: usize = 4 << 20;

/// As many transfers at once as the appliance has.
const PARALLEL: usize = 4;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let objects = Object::many("fill", OBJECTS, BYTES);
    let entries = sibling::entries(&objects)?;
    let peer_port = ports::free()?;
    let giver = Options { ram_budget: "1280MiB", peer_port: Some(peer_port), ..Options::default() };
    let _giver = appliance::start(&site, &bench.bin, &objects, &giver).await?;
    let from = sibling::peers(peer_port);
    let curl = Curl::new(&site, giver.device, &entries, from)?;
    // What it gives is in RAM from here on.
    curl.fetch_all(1).await?;
    let (mut ours, mut one, mut many, mut disk) = (vec![], vec![], vec![], vec![]);
    let (mut light, mut notes) = (vec![], vec![]);
    for [taker, light_taker] in TAKERS {
        one.push(curl.fetch_all(1).await? / 1e9);
        many.push(curl.fetch_all(PARALLEL).await? / 1e9);
        ours.push(fill(bench, &site, &entries, (&giver, from), taker).await? / 1e9);
        match MemoryDisk::new(&taking(light_taker).disk(&site), LIGHT_BYTES) {
            Ok(_mounted) => {
                light.push(fill(bench, &site, &entries, (&giver, from), light_taker).await? / 1e9);
            }
            Err(err) => notes.push(format!("no disk in memory: {err:#}")),
        }
        let folder = site.folder().join(format!("{taker}-fio"));
        std::fs::create_dir(&folder)?;
        disk.push(fio::write_files(&folder, OBJECTS, BYTES, PARALLEL).await? / 1e9);
    }
    let ours = median(ours);
    let mut peers = [("curl, one connection", median(one)), ("curl, 4 connections", median(many))];
    peers.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let limit = || Some(Limit::AtLeast(0.8));
    let fio = ("fio, 4 synchronised files", median(disk));
    let mut rows = vec![
        Row::new("filled", "GB/s", ours, peers[0], limit()),
        Row::new("filled", "GB/s", ours, peers[1], None),
        Row::new("filled", "GB/s", ours, fio, None),
    ];
    if notes.is_empty() {
        rows.push(Row::new("filled, disk in memory", "GB/s", median(light), peers[0], limit()));
    }
    notes.truncate(1);
    Ok(Found { runs: TAKERS.len(), rows, notes })
}

fn taking(device: &'static str) -> Options {
    Options { device, cores: Cores::Load, ..Options::default() }
}

async fn fill(
    bench: &Bench,
    site: &Site,
    entries: &[Arc<CatalogueEntry>],
    from: (&Options, SocketAddr),
    taker: &'static str,
) -> Result<f64> {
    let options = taking(taker);
    let filling = Filling::start(site, &bench.bin, entries, from, options).await?;
    let rate = filling.rate().await?;
    filling.server.end().await?;
    // What it has written is not to go to the disk while curl is measured.
    nix::unistd::sync();
    Ok(rate)
}

/// curl, and the list of what it is to fetch.
struct Curl {
    args: Vec<String>,
    total_bytes: u64,
}

impl Curl {
    fn new(
        site: &Site,
        giver: &str,
        entries: &[Arc<CatalogueEntry>],
        from: SocketAddr,
    ) -> Result<Self> {
        let name = identity_name(&DeviceName::new(giver)?);
        let mut list = String::new();
        for entry in entries {
            let path = peer_path(&entry.key());
            writeln!(list, "url = \"https://{name}:{}{path}\"\noutput = /dev/null", from.port())?;
        }
        let file = site.folder().join("curl.txt");
        std::fs::write(&file, list)?;
        let Issued { chain_file, key_file } = site.identity("curl")?;
        let text = |path: &Path| path.display().to_string();
        let args = [
            ("--cert", text(&chain_file)),
            ("--key", text(&key_file)),
            ("--cacert", text(&site.ca().file)),
            ("--resolve", format!("{name}:{}:{}", from.port(), from.ip())),
            // What boxes agree on among themselves.
            ("--tls13-ciphers", "TLS_AES_256_GCM_SHA384".to_owned()),
            ("--config", text(&file)),
        ];
        let args = args.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
        let total_bytes = entries.iter().map(|entry| entry.size_bytes).sum();
        Ok(Self { args: args.collect(), total_bytes })
    }

    /// Fetches everything over so many connections; in bytes a second.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    async fn fetch_all(&self, connections: usize) -> Result<f64> {
        let parallel =
            ["--parallel".to_owned(), "--parallel-max".to_owned(), connections.to_string()];
        let fixed = ["-c", &Cores::Load.list(), "curl", "--silent", "--show-error", "--fail"]
            .map(str::to_owned);
        let parallel = (connections > 1).then_some(parallel);
        let args = fixed.into_iter().chain(parallel.into_iter().flatten());
        let begun = Instant::now();
        let args = args.chain(self.args.iter().cloned());
        process::output("taskset", args).await.context("curl")?;
        Ok(self.total_bytes as f64 / begun.elapsed().as_secs_f64())
    }
}
