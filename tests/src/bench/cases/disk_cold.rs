//! Objects off the disk, since RAM holds a thirtieth of them: how fast they leave, against
//! how fast fio reads the same files in the same blocks.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::contender::{Contender, Taken, median};
use crate::bench::figures::{gb_per_s, load_share, server_share};
use crate::bench::load::asker::{Asker, Piece};
use crate::bench::load::closed::Closed;
use crate::bench::object::Object;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use crate::bench::{fio, page_cache};
use anyhow::Result;
use std::time::Duration;

/// The appliance reads one block at a time, or more, for each.
/// How often, and for how long; medians count.
const ROUNDS: usize = 5;
const SPAN: Duration = Duration::from_secs(2);

const CONNECTIONS: usize = 32;

/// One answer in so many is compared: its content is made anew each time.
const VERIFIED_SHARE: usize = 64;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let tls = site.client()?;
    let objects = Object::many("cold", 512, 4 << 20);
    let options = Options { ram_budget: "64MiB", ..Options::default() };
    let server = appliance::start(&site, &bench.bin, &objects, &options).await?;
    let asker = Asker::new(&objects, Piece::Whole).verifying_one_in(VERIFIED_SHARE);
    let load = Closed::open(server.address, Some(&tls), asker, CONNECTIONS)?;
    let mut ours = Contender::new(server, load);
    let files = options.disk(&site).join("objects");
    let mut theirs = Vec::new();
    for _ in 0..ROUNDS {
        page_cache::forget(&files)?;
        ours.measure(SPAN)?;
        theirs.push(fio::read(&files, cache::BLOCK_BYTES, CONNECTIONS, SPAN).await? / 1e9);
    }
    let fio = ("fio", median(theirs));
    let limit = Some(Limit::AtLeast(0.9));
    let inform = |name, figure: fn(&Taken) -> f64| {
        Row::new(name, "share", ours.median(figure), ("all of it", 1.0), None)
    };
    let rows = vec![
        Row::new("off the disk", "GB/s", ours.median(gb_per_s), fio, limit),
        inform("server core busy", server_share),
        inform("load busy", load_share),
    ];
    Ok(Found { runs: ROUNDS, rows, notes: Vec::new() })
}
