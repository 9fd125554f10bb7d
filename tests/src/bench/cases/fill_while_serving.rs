//! How long viewers wait for their first byte, from RAM and from the disk, while the box fills
//! at the rate that a storage box has in its window, against the same without a fill.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::contender::median;
use crate::bench::core::Cores;
use crate::bench::load::answer::Answered;
use crate::bench::load::asker::{Asker, Piece};
use crate::bench::load::timed::{self, Group, p99_us};
use crate::bench::object::Object;
use crate::bench::sheet::{Limit, Row};
use crate::bench::sibling::{self, Filling};
use crate::bench::site::Site;
use crate::bench::{page_cache, shelf};
use anyhow::Result;
use std::time::{Duration, Instant};

/// The worst in a hundred are few: medians of many rounds count.
const ROUNDS: usize = 9;

/// For two thousand answers: the twentieth from the end is the 99th percentile.
const SPAN: Duration = Duration::from_secs(5);

const CONNECTIONS: u32 = 16;

/// Of each kind.
const REQUESTS_PER_S: u32 = 400;

const PIECE: Piece = Piece::Range(64 << 10);

/// One answer in so many is compared.
const VERIFIED_SHARE: usize = 256;

/// What Open Connect publishes for a storage box.
const FILL_BITS_PER_S: u64 = 1_200_000_000;

/// The least that a configuration can say: a kilobyte now and then.
const STILL_BITS_PER_S: u64 = 100_000;

/// More than all rounds bring.
const NEW_OBJECTS: usize = 2500;
const BYTES: usize = 4 << 20;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let tls = site.client()?;
    let [hot, cold, new] = [("hot", 4), ("cold", 256), ("new", NEW_OBJECTS)]
        .map(|(name, count)| Object::many(name, count, BYTES));
    let peer_port = ports::free()?;
    let from = sibling::peers(peer_port);
    // What it gives is read from its disk. It stands for another machine: what the kernel does
    // for this one's disk on that core comes before it.
    let giver = Options {
        device: "giver",
        ram_budget: "64MiB",
        peer_port: Some(peer_port),
        cores: Cores::Spare,
        ..Options::default()
    };
    let _giver = appliance::start(&site, &bench.bin, &new, &giver).await?;
    let here = [&hot[..], &cold[..]].concat();
    let options = Options { ram_budget: "64MiB", ..Options::default() };
    shelf::put(&options.disk(&site), &here)?;
    let files = options.disk(&site).join("objects");
    let entries = sibling::entries(&[&here[..], &new[..]].concat())?;
    let filling = Filling::start(&site, &bench.bin, &entries, (&giver, from), options).await?;
    filling.set_cap(STILL_BITS_PER_S).await?;
    let open = |objects: &[Object]| {
        let asker = Asker::new(objects, PIECE).verifying_one_in(VERIFIED_SHARE);
        Group::open(filling.server.address, &tls, asker, CONNECTIONS, REQUESTS_PER_S)
    };
    let (mut hot, mut cold) = (open(&hot)?, open(&cold)?);
    hot.warm()?;
    hot.warm()?;
    let (mut still, mut busy, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        page_cache::forget(&files)?;
        still.push(waits(&timed::run(&mut [&mut hot, &mut cold], SPAN)?));
        filling.set_cap(FILL_BITS_PER_S).await?;
        let (begun, before) = (Instant::now(), filling.held().await?);
        page_cache::forget(&files)?;
        busy.push(waits(&timed::run(&mut [&mut hot, &mut cold], SPAN)?));
        rates.push((filling.held().await? - before) / begun.elapsed().as_secs_f64() * 8.0 / 1e9);
        filling.set_cap(STILL_BITS_PER_S).await?;
        nix::unistd::sync();
    }
    let row = |name: &str, at: usize, most| {
        let of = |rounds: &[[f64; 2]]| median(rounds.iter().map(|round| round[at]).collect());
        let limit = Some(Limit::AtMost(most));
        Row::new(name, "µs", of(&busy), ("without a fill", of(&still)), limit)
    };
    let rows = vec![
        row("first byte of hot reads, p99", 0, 1.2),
        row("first byte of cold reads, p99", 1, 2.0),
        Row::new("filled meanwhile", "Gb/s", median(rates), ("the cap", 1.2), None),
    ];
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}

/// The 99th percentile of each group.
fn waits(answers: &[Vec<Answered>]) -> [f64; 2] {
    let [hot, cold] = answers else { return [f64::NAN; 2] };
    [p99_us(hot), p99_us(cold)]
}
