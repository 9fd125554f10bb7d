//! 10,000 players at 1 Mb/s each: whether every one gets its rate, in every window after
//! the first 10 s, and whether one core is enough for them.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::core;
use crate::bench::load::asker::{Asker, Piece};
use crate::bench::load::paced::Paced;
use crate::bench::machine;
use crate::bench::object::Object;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use anyhow::Result;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 10_000;

/// What players ask for, in the standard's kb/s: 1 Mb/s.
const QUERY: &str = "?CMCD=rtp%3D1000";

/// The same in bytes a second.
const RATE: f64 = 125_000.0;

/// What a rate may be away from it.
const TOLERANCE: f64 = 0.10;

/// One window passes before it counts, then five do.
const WINDOW: Duration = Duration::from_secs(10);
const WINDOWS: usize = 5;

/// One connection in so many compares all that it gets.
const VERIFIED_SHARE: usize = 100;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let tls = site.client()?;
    // More than anybody gets in all that time at that rate.
    let objects = [Object::new("/film.m4s", 16 << 20)];
    let server = appliance::start(&site, &bench.bin, &objects, &Options::default()).await?;
    let asker = Asker::new(&objects, Piece::Whole).with_query(QUERY);
    let asker = asker.verifying_one_in(VERIFIED_SHARE);
    let mut players = Paced::open(server.address, &tls, asker, CONNECTIONS)?;
    players.window(WINDOW)?;
    let clocks = || -> Result<_> { Ok((core::busy(core::SERVER)?, core::busy(core::LOAD)?)) };
    let (begun, before) = (Instant::now(), clocks()?);
    let mut rates = vec![Vec::new(); CONNECTIONS];
    let mut held = 0.0_f64;
    for _ in 0..WINDOWS {
        for (rates, rate) in rates.iter_mut().zip(players.window(WINDOW)?) {
            rates.push(rate);
        }
        held = held.max(machine::tcp_memory_gb()?);
    }
    let (span, after) = (begun.elapsed(), clocks()?);
    let share = |busy: Duration| busy.as_secs_f64() / span.as_secs_f64();
    let all = rates.iter().flatten().map(|rate| rate / RATE);
    let (least, most) = (all.clone().fold(f64::NAN, f64::min), all.fold(f64::NAN, f64::max));
    let wanted = ("their rate", 1.0);
    let rows = vec![
        Row::new(
            "players within ±10 %",
            "share",
            on_pace(&rates),
            ("all", 1.0),
            Some(Limit::AtLeast(1.0)),
        ),
        Row::new(
            "server core busy",
            "share",
            share(after.0 - before.0),
            ("all of it", 1.0),
            Some(Limit::AtMost(0.95)),
        ),
        Row::new("slowest player in a window", "Mb/s", least, wanted, None),
        Row::new("fastest player in a window", "Mb/s", most, wanted, None),
        Row::new("load core busy", "share", share(after.1 - before.1), ("all of it", 1.0), None),
        Row::new("memory of TCP, both ends, most", "GB", held, ("one", 1.0), None),
    ];
    Ok(Found { runs: WINDOWS, rows, notes: Vec::new() })
}

/// The share of the players that had their rate in every window.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn on_pace(rates: &[Vec<f64>]) -> f64 {
    let is_near = |rate: &f64| (rate / RATE - 1.0).abs() <= TOLERANCE;
    rates.iter().filter(|rates| rates.iter().all(is_near)).count() as f64 / rates.len() as f64
}
