//! Objects from RAM on connections that ask again and again: CPU for the bytes, or for the
//! requests, against all peers.

use super::{Bench, Found};
use crate::bench::appliance::{self, Options};
use crate::bench::comparison::Comparison;
use crate::bench::contender::{Contender, ROUNDS, take_turns};
use crate::bench::figures::{answers_per_core_s, core_per_gb};
use crate::bench::load::asker::{Asker, Piece};
use crate::bench::load::closed::Closed;
use crate::bench::object::Object;
use crate::bench::sheet::Limit;
use crate::bench::site::Site;
use anyhow::Result;

/// What is asked for, by how many, and what is compared.
#[derive(Debug)]
pub(super) struct Served {
    objects: Vec<Object>,
    piece: Piece,
    connections: usize,
    comparison: Comparison,
}

const PER_GB: Comparison = Comparison {
    name: "server core busy",
    unit: "core-s/GB",
    figure: core_per_gb,
    best: Limit::AtMost(0.60),
    debian_nginx: None,
};

/// Whole segments.
pub(super) fn large(connections: usize) -> Served {
    let comparison =
        Comparison { best: Limit::AtMost(0.55), debian_nginx: Some(Limit::AtMost(0.45)), ..PER_GB };
    let objects = vec![Object::new("/large.m4s", 4 << 20)];
    Served { objects, piece: Piece::Whole, connections, comparison }
}

/// Ranges from anywhere in large objects: 256 MiB of them, beyond any CPU's cache.
pub(super) fn ranges() -> Served {
    let objects = Object::many("film", 4, 64 << 20);
    Served { objects, piece: Piece::Range(64 << 10), connections: 16, comparison: PER_GB }
}

/// Requests for little, where bytes do not count.
pub(super) fn small() -> Served {
    let comparison = Comparison {
        name: "requests",
        unit: "1/core-s",
        figure: answers_per_core_s,
        best: Limit::AtLeast(1.3),
        debian_nginx: None,
    };
    let objects = vec![Object::new("/small.m4s", 4 << 10)];
    Served { objects, piece: Piece::Whole, connections: 16, comparison }
}

impl Served {
    pub(super) async fn run(&self, bench: &Bench) -> Result<Found> {
        let site = Site::new(&bench.results)?;
        let tls = site.client()?;
        let mut servers =
            vec![appliance::start(&site, &bench.bin, &self.objects, &Options::default()).await?];
        for peer in bench.peers.all() {
            servers.push(peer.start(&site, &self.objects).await?);
        }
        let mut contenders = Vec::new();
        for server in servers {
            let asker = Asker::new(&self.objects, self.piece);
            let load = Closed::open(server.address, Some(&tls), asker, self.connections)?;
            contenders.push(Contender::new(server, load.warm()?));
        }
        take_turns(&mut contenders)?;
        let [ours, others @ ..] = &*contenders else { anyhow::bail!("nobody was measured") };
        Ok(Found { runs: ROUNDS, rows: self.comparison.rows(ours, others), notes: Vec::new() })
    }
}
