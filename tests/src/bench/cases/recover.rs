//! How long a box takes to find a million objects again, and what it keeps of each in memory.
//! Their files are as a fill leaves them, but for the synchronisation of each, and nothing of
//! them is in the page cache. The first start has files alone; the others have what the first has
//! registered, as after every restart.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::contender::median;
use crate::bench::core::Cores;
use crate::bench::loop_disk::LoopDisk;
use crate::bench::object::Object;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use crate::bench::{core, shelf};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

const OBJECTS: usize = 1_000_000;

/// What is measured is objects, not bytes.
const BYTES: usize = 4096;

/// Paths as long as those of real segments.
const NAME: &str = "titles/the-long-way-home-2026/video-1080p-h264/segment";

/// Three pages for each, and what the file system itself needs.
const IMAGE_BYTES: u64 = 20 << 30;

/// How often it is started; medians count.
const ROUNDS: usize = 3;

/// How often it is looked whether memory still shrinks.
const LOOKS: usize = 15;

/// A start that takes longer is none.
const PATIENCE: Duration = Duration::from_mins(5);

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let image = site.folder().join("disk.img");
    let _disk = LoopDisk::new(image, &options(false).disk(&site), IMAGE_BYTES, OBJECTS)?;
    let objects = Object::many(NAME, OBJECTS, BYTES);
    shelf::put(&options(false).disk(&site), &objects)?;
    let (first, _) = start(bench, &site, true).await?;
    let (mut starts, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (seconds, resident) = start(bench, &site, false).await?;
        anyhow::ensure!(is_there(&site), "the objects are gone");
        starts.push(seconds);
        sizes.push(resident);
    }
    let empty = Site::new(&bench.results)?;
    let (_, nothing) = start(bench, &empty, false).await?;
    let (again, each) = (median(starts), (median(sizes) - nothing) / OBJECTS as f64);
    let rows = vec![
        Row::new(
            "start with 1,000,000 objects",
            "s",
            again,
            ("bound", 30.0),
            Some(Limit::AtMost(1.0)),
        ),
        Row::new("the first, without registers", "s", first, ("registered", again), None),
        Row::new("memory of an object", "B", each, ("aim", 100.0), None),
    ];
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}

/// Starts a box over what is on its disk; how long it took, and what it has in memory.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
async fn start(bench: &Bench, site: &Site, registers: bool) -> Result<(f64, f64)> {
    forget_everything()?;
    let begun = Instant::now();
    let mut server = appliance::start(site, &bench.bin, &[], &options(true)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let resident = settled(server.pid()?).await?;
    if registers {
        server.wait_for(PATIENCE, async || is_registered(site)).await?;
    }
    server.end().await?;
    Ok((seconds, resident as f64))
}

/// What a process has in memory once it has given back what it needed to begin.
async fn settled(pid: u32) -> Result<u64> {
    let mut before = core::resident(pid)?;
    for _ in 0..LOOKS {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = core::resident(pid)?;
        if now + now / 200 >= before {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}

fn options(is_asked: bool) -> Options {
    Options {
        ram_budget: "64MiB",
        is_asked,
        cores: Cores::Both,
        patience: PATIENCE,
        ..Options::default()
    }
}

/// Nobody has told this box what is wanted: it must not have thrown away what it found.
fn is_there(site: &Site) -> bool {
    let folders = std::fs::read_dir(options(false).disk(site).join("objects"))
        .into_iter()
        .flatten()
        .flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten());
    files.count() == OBJECTS
}

/// Whether there is a register for each folder of objects.
fn is_registered(site: &Site) -> bool {
    let disk = options(false).disk(site);
    let folder = |name: &str| std::fs::read_dir(disk.join(name)).into_iter().flatten().flatten();
    let holds = |register: &Path| {
        let mut mark = [0; 8];
        let read = File::open(register).and_then(|mut file| file.read_exact(&mut mark));
        read.is_ok() && mark != [0; 8]
    };
    let registered = folder("registers").filter(|register| holds(&register.path())).count();
    registered == folder("objects").count()
}

/// Files, folders and inodes: what a machine knows of its disks after it was switched on.
fn forget_everything() -> Result<()> {
    nix::unistd::sync();
    std::fs::write("/proc/sys/vm/drop_caches", "3").context("only root can have caches dropped")
}
