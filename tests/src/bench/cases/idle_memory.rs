//! What a connection costs that does nothing: the growth of the server's resident memory
//! by 10,000 of them, each after one small request. The kernel's part is not in it.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::contender::median;
use crate::bench::core;
use crate::bench::load::asker::{Asker, Piece};
use crate::bench::load::stream::Stream;
use crate::bench::object::Object;
use crate::bench::peers::Peer;
use crate::bench::running::Running;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use anyhow::{Context, Result};
use rustls::ClientConfig;
use std::sync::Arc;

/// How often each server is looked at; medians count.
const ROUNDS: usize = 5;

const CONNECTIONS: usize = 10_000;

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let tls = site.client()?;
    let objects = [Object::new("/small.m4s", 4 << 10)];
    let peers: Vec<&Peer> = bench.peers.nginx().collect();
    let mut ours = Vec::new();
    let mut theirs = vec![Vec::new(); peers.len()];
    // Memory does not shrink back: each measurement takes a server of its own.
    for _ in 0..ROUNDS {
        let server = appliance::start(&site, &bench.bin, &objects, &Options::default()).await?;
        ours.push(growth_per_connection(&server, &tls, &objects)?);
        server.end().await?;
        for (peer, figures) in peers.iter().zip(&mut theirs) {
            let server = peer.start(&site, &objects).await?;
            figures.push(growth_per_connection(&server, &tls, &objects)?);
            server.end().await?;
        }
    }
    let ours = median(ours);
    let mut ranked: Vec<(&str, f64)> =
        peers.iter().zip(theirs).map(|(peer, figures)| (&*peer.name, median(figures))).collect();
    ranked.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let row = |(at, peer): (usize, &(&str, f64))| {
        let limit = (at == 0).then_some(Limit::AtMost(0.4));
        Row::new("resident, a connection", "B", ours, *peer, limit)
    };
    Ok(Found {
        runs: ROUNDS,
        rows: ranked.iter().enumerate().map(row).collect(),
        notes: Vec::new(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn growth_per_connection(
    server: &Running,
    tls: &Arc<ClientConfig>,
    objects: &[Object],
) -> Result<f64> {
    let mut asker = Asker::new(objects, Piece::Whole);
    let mut buffer = vec![0; 1 << 15];
    let mut open = |connections| -> Result<Vec<Stream>> {
        let mut streams = Stream::open(server.address, Some(tls), connections)?;
        for stream in &mut streams {
            stream.fetch(asker.draw(), &mut buffer)?;
        }
        Ok(streams)
    };
    // What the first connection brings belongs to the server.
    let _first = open(1).with_context(|| server.name.clone())?;
    let before = core::resident(server.pid()?)?;
    let _streams = open(CONNECTIONS).with_context(|| server.name.clone())?;
    let after = core::resident(server.pid()?)?;
    Ok(after.saturating_sub(before) as f64 / CONNECTIONS as f64)
}
