//! What is measured, and against whom.

use super::load::{Brought, Load};
use super::machine::Machine;
use super::object::Object;
use super::peers::{DEBIAN_NGINX, Peers};
use super::running::Running;
use super::sheet::{Limit, Row, Sheet};
use super::site::Site;
use super::stream::Question;
use super::{appliance, core};
use crate::ports;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often each server is measured; medians count.
const ROUNDS: usize = 5;

/// How long one measurement takes. The clock counts hundredths of a second: half a percent
/// of error.
const SPAN: Duration = Duration::from_secs(2);

/// How many records the floor sends at once: the best of these counts.
const FLOOR_RECORDS: [usize; 5] = [4, 8, 16, 32, 64];

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its name on the command line and in the table.
    pub name: &'static str,
    object: Object,
    connections: usize,
    against: Against,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    /// CPU for the bytes, against nginx.
    Peers,
    /// CPU for the bytes, against the floor.
    Floor,
    /// Requests for the CPU, against nginx.
    PeersByRequests,
}

/// All cases.
#[must_use]
pub fn all() -> Vec<Case> {
    let large = Object::new("/large.m4s", 4 << 20);
    let small = Object::new("/small.m4s", 4 << 10);
    let case = |name, object: &Object, connections, against| Case {
        name,
        object: object.clone(),
        connections,
        against,
    };
    vec![
        case("ram-4m-c16", &large, 16, Against::Peers),
        case("ram-4m-c256", &large, 256, Against::Peers),
        case("floor-4m", &large, 16, Against::Floor),
        case("small-4k", &small, 16, Against::PeersByRequests),
    ]
}

/// Where everything is.
#[derive(Debug)]
pub struct Bench {
    /// The programs.
    pub bin: PathBuf,
    /// Where results go, and the files of the run.
    pub results: PathBuf,
    /// Whom to compare with.
    pub peers: Peers,
}

/// What one measurement of one server gave.
#[derive(Debug, Clone, Copy)]
struct Taken {
    brought: Brought,
    core: Duration,
    process: Duration,
}

/// A server with its load.
struct Contender {
    running: Running,
    load: Load,
    taken: Vec<Taken>,
}

impl Case {
    /// Measures: ours and the peers in turn.
    ///
    /// # Errors
    /// When a server does not come up or answers wrongly.
    pub async fn run(&self, bench: &Bench) -> Result<Sheet> {
        let site = Site::new(&bench.results)?;
        let tls = site.client()?;
        let objects = [self.object.clone()];
        let ours =
            appliance::start(&site, &bench.bin, &objects, &appliance::Options::default()).await?;
        let mut contenders = vec![self.contender(ours, &tls)?];
        if self.against == Against::Floor {
            for records in FLOOR_RECORDS {
                let floor = self.floor(&site, records).await?;
                contenders.push(self.contender(floor, &tls)?);
            }
        } else {
            for peer in bench.peers.all() {
                let running = peer.start(&site, &objects).await?;
                contenders.push(self.contender(running, &tls)?);
            }
        }
        for _ in 0..ROUNDS {
            for contender in &mut contenders {
                contender.measure()?;
            }
        }
        let machine = Machine::this()?;
        let rows = self.rows(&contenders);
        let notes = bench.peers.notes.clone();
        Ok(Sheet { case: self.name.to_owned(), machine, runs: ROUNDS, rows, notes })
    }

    fn contender(&self, running: Running, tls: &Arc<rustls::ClientConfig>) -> Result<Contender> {
        let question: Arc<Question> = Arc::new(self.object.question(running.address));
        let load = Load::open(&question, tls, self.connections)
            .with_context(|| format!("load on {}", running.name))?;
        Ok(Contender { running, load, taken: Vec::new() })
    }

    /// The floor runs as a process of its own, like every server.
    async fn floor(&self, site: &Site, records: usize) -> Result<Running> {
        let name = format!("floor, {records} records");
        let port = ports::free()?;
        let (chain, key) = (&site.issued().chain_file, &site.issued().key_file);
        let args = vec![
            std::env::current_exe()?.display().to_string(),
            "floor".to_owned(),
            format!("--port={port}"),
            format!("--chain={}", chain.display()),
            format!("--key={}", key.display()),
            format!("--path={}", self.object.path),
            format!("--bytes={}", self.object.bytes),
            format!("--records={records}"),
        ];
        Running::start(&name, args, port, site.folder()).await
    }

    fn rows(&self, contenders: &[Contender]) -> Vec<Row> {
        let [ours, peers @ ..] = contenders else { return Vec::new() };
        let (unit, figure, limit): (_, fn(&Taken) -> f64, _) = match self.against {
            Against::Peers => ("core-s/GB", core_per_gb, Limit::AtMost(0.55)),
            Against::Floor => ("core-s/GB", core_per_gb, Limit::AtMost(1.20)),
            Against::PeersByRequests => {
                ("requests/core-s", requests_per_core_s, Limit::AtLeast(1.3))
            }
        };
        let ours_is = ours.median(figure);
        let mut ranked: Vec<(&str, f64)> =
            peers.iter().map(|peer| (&*peer.running.name, peer.median(figure))).collect();
        ranked.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        if matches!(limit, Limit::AtLeast(_)) {
            ranked.reverse();
        }
        let mut rows: Vec<Row> = ranked
            .iter()
            .enumerate()
            .map(|(at, peer)| {
                // Debian's nginx seals at half the speed of a current one.
                let is_weak = self.against == Against::Peers && peer.0 == DEBIAN_NGINX;
                let limit = match (is_weak, at) {
                    (true, _) => Some(Limit::AtMost(0.45)),
                    (false, 0) => Some(limit),
                    (false, _) => None,
                };
                Row::new("server core busy", unit, ours_is, *peer, limit)
            })
            .collect();
        if let Some(best) = peers.iter().find(|peer| ranked[0].0 == peer.running.name) {
            let process = (&*best.running.name, best.median(process_per_gb));
            rows.push(Row::new("process", "CPU-s/GB", ours.median(process_per_gb), process, None));
        }
        rows
    }
}

impl Contender {
    fn measure(&mut self) -> Result<()> {
        let pid = self.running.pid()?;
        let before = (core::busy(core::SERVER)?, core::process_time(pid)?);
        let brought = self.load.run(SPAN).with_context(|| self.running.name.clone())?;
        let after = (core::busy(core::SERVER)?, core::process_time(pid)?);
        self.taken.push(Taken { brought, core: after.0 - before.0, process: after.1 - before.1 });
        Ok(())
    }

    fn median(&self, figure: fn(&Taken) -> f64) -> f64 {
        let mut figures: Vec<f64> = self.taken.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn gigabytes(taken: &Taken) -> f64 {
    taken.brought.bytes as f64 / 1e9
}

fn core_per_gb(taken: &Taken) -> f64 {
    taken.core.as_secs_f64() / gigabytes(taken)
}

fn process_per_gb(taken: &Taken) -> f64 {
    taken.process.as_secs_f64() / gigabytes(taken)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn requests_per_core_s(taken: &Taken) -> f64 {
    taken.brought.answers as f64 / taken.core.as_secs_f64()
}
