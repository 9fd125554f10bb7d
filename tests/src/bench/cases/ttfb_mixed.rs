//! How long RAM hits wait for their first byte while as many requests go to the disk,
//! against the same without those.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::contender::median;
use crate::bench::load::answer::Answered;
use crate::bench::load::asker::{Asker, Piece};
use crate::bench::load::timed::{self, Group, p99_us};
use crate::bench::object::Object;
use crate::bench::page_cache;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use anyhow::Result;
use std::time::Duration;

/// The worst in a hundred are few, and a virtual machine has worse moments of its own: medians
/// of many rounds count.
const ROUNDS: usize = 9;

/// For two thousand answers: the twentieth from the end is the 99th percentile.
const SPAN: Duration = Duration::from_secs(5);

const CONNECTIONS: u32 = 16;

/// Of each kind. Far below what the server or the disk can do: what is measured is what one
/// request costs another, not how long the queue is, nor how long a virtual machine that is
/// busy is made to stand still.
const REQUESTS_PER_S: u32 = 400;

/// What is asked for, from anywhere in an object.
const PIECE: Piece = Piece::Range(64 << 10);

/// One answer in so many is compared: comparing takes the load's time, which answers would
/// wait for.
const VERIFIED_SHARE: usize = 256;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let tls = site.client()?;
    let hot = Object::many("hot", 4, 4 << 20);
    let cold = Object::many("cold", 256, 4 << 20);
    let options = Options { ram_budget: "64MiB", ..Options::default() };
    let all = [&hot[..], &cold[..]].concat();
    let server = appliance::start(&site, &bench.bin, &all, &options).await?;
    let open = |objects: &[Object]| {
        let asker = Asker::new(objects, PIECE).verifying_one_in(VERIFIED_SHARE);
        Group::open(server.address, &tls, asker, CONNECTIONS, REQUESTS_PER_S)
    };
    let (mut hot, mut cold) = (open(&hot)?, open(&cold)?);
    hot.warm()?;
    hot.warm()?;
    let files = options.disk(&site).join("objects");
    let (mut alone, mut mixed, mut from_disk) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(p99_us(&timed::run(&mut [&mut hot], SPAN)?[0]));
        page_cache::forget(&files)?;
        let answers = timed::run(&mut [&mut hot, &mut cold], SPAN)?;
        mixed.push(p99_us(&answers[0]));
        from_disk.push(cold_share(&answers[1]));
    }
    let (limit, name) = (Some(Limit::AtMost(1.3)), "without cold requests");
    let rows = vec![
        Row::new("first byte of RAM hits, p99", "µs", median(mixed), (name, median(alone)), limit),
        Row::new("cold answers off the disk", "share", median(from_disk), ("all", 1.0), None),
    ];
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn cold_share(answers: &[Answered]) -> f64 {
    answers.iter().filter(|answer| answer.is_cold).count() as f64 / answers.len() as f64
}
