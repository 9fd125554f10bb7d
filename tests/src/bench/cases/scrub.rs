//! How fast a scrub reads a disk when it may read as fast as it likes, against how fast fio
//! reads the same files in the same blocks, one after another.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::contender::median;
use crate::bench::object::Object;
use crate::bench::sheet::Row;
use crate::bench::site::Site;
use crate::bench::{admin, fio};
use anyhow::{Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often; medians count.
const ROUNDS: usize = 5;

/// Long enough for a good second of reading.
const OBJECTS: usize = 512;
const BYTES: usize = 4 << 20;

/// What takes longer never ends.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it is asked how far it is.
const LOOK: Duration = Duration::from_millis(5);

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let objects = Object::many("scrub", OBJECTS, BYTES);
    let options = Options {
        ram_budget: "64MiB",
        is_asked: true,
        more: "scrub: { rate_bits_per_s: 1000Gb/s }\n".to_owned(),
        ..Options::default()
    };
    let admin = options.admin(&site);
    let files = options.disk(&site).join("objects");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let server = appliance::start(&site, &bench.bin, &objects, &options).await?;
        ours.push(pass(&admin).await? / 1e9);
        server.end().await?;
        // The next start begins anew.
        std::fs::remove_dir_all(options.state(&site))?;
        let span = Duration::from_secs(2);
        theirs.push(fio::read(&files, cache::BLOCK_BYTES, 1, span).await? / 1e9);
    }
    let fio = ("fio, one read at a time", median(theirs));
    let rows = vec![Row::new("read and compared", "GB/s", median(ours), fio, None)];
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}

/// The rate of the pass that begins when a box starts, in bytes a second.
async fn pass(admin: &Path) -> Result<f64> {
    let begun = Instant::now();
    let (mut first, mut last) = (None, (Instant::now(), 0.0));
    loop {
        let done = admin::metric(admin, "headend_scrub_done_bytes").await?;
        let total = admin::metric(admin, "headend_scrub_bytes").await?;
        let now = (Instant::now(), done);
        if done > last.1 {
            last = now;
            first = first.or(Some(now));
        }
        if total > 0.0 && done >= total {
            break;
        }
        ensure!(begun.elapsed() < PATIENCE, "{done} of {total} bytes were read");
        tokio::time::sleep(LOOK).await;
    }
    let first = first.unwrap_or(last);
    Ok((last.1 - first.1) / (last.0 - first.0).as_secs_f64())
}
