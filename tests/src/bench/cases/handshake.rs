//! Handshakes for a second of the server's core: ECDSA P-256, X25519, TLS 1.3.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::comparison::Comparison;
use crate::bench::contender::{Contender, ROUNDS, take_turns};
use crate::bench::figures::answers_per_core_s;
use crate::bench::load::handshakes::Handshakes;
use crate::bench::object::Object;
use crate::bench::sheet::Limit;
use crate::bench::site::Site;
use anyhow::{Context, Result};
use rustls::HandshakeKind;

const COMPARISON: Comparison = Comparison {
    name: "handshakes",
    unit: "1/core-s",
    figure: answers_per_core_s,
    best: Limit::AtLeast(1.0),
    debian_nginx: None,
};

pub(super) async fn run(bench: &Bench, kind: HandshakeKind) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let objects = [Object::new("/small.m4s", 4 << 10)];
    let mut servers =
        vec![appliance::start(&site, &bench.bin, &objects, &Options::default()).await?];
    let mut notes = Vec::new();
    for peer in bench.peers.all() {
        if kind == HandshakeKind::Resumed && !peer.renews_tickets() {
            notes.push(format!("handshake-resumed is without {}: it renews no tickets", peer.name));
            continue;
        }
        servers.push(peer.start(&site, &objects).await?);
    }
    let mut contenders = Vec::new();
    for server in servers {
        let load = Handshakes::new(server.address, &site, kind);
        let load = load.with_context(|| server.name.clone())?;
        contenders.push(Contender::new(server, load));
    }
    take_turns(&mut contenders)?;
    let [ours, others @ ..] = &*contenders else { anyhow::bail!("nobody was measured") };
    Ok(Found { runs: ROUNDS, rows: COMPARISON.rows(ours, others), notes })
}
