//! How many texts of configuration a core makes in a second, reading the data included: ours, as it runs
//! in each of the workers, against plain Jinja2 and against Ansible's Templar. All of them render the same
//! templates for the same routers, and what comes out must be the same.

use super::{Bench, Found};
use crate::bench::config::drawn;
use crate::bench::config::script::Script;
use crate::bench::contender::median;
use crate::bench::core;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use anyhow::{Context, Result, ensure};
use aws_lc_rs::digest::{Context as Digest, SHA256};
use config_render::engine::{Engine, Library, Limits, Values};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SEED: u64 = 1;

/// Routers of a round.
const ROUTERS: usize = 4_000;

/// What Ansible renders of those: it takes as long for these.
const TEMPLAR_ROUTERS: usize = 100;

/// Each in turn; medians count.
const ROUNDS: usize = 5;

/// Rendered before it counts, as the scripts do.
const FIRST: usize = 20;

const TEMPLATES: [(&str, &str); 2] = [
    ("frr.conf.j2", include_str!("../../../bench/templates/frr.conf.j2")),
    ("bird.conf.j2", include_str!("../../../bench/templates/bird.conf.j2")),
];

/// With whom it is compared, for how many routers, and what must come out.
const PEERS: [(&str, usize, f64); 2] =
    [("jinja2", ROUTERS, 3.0), ("templar", TEMPLAR_ROUTERS, 50.0)];

/// What came of a round.
#[derive(Debug, Deserialize)]
struct Rendered {
    /// Processor time.
    cpu_s: f64,
    texts: u32,
    /// Of all texts, one behind the other, in hex.
    sha256: String,
}

impl Rendered {
    fn texts_per_s(&self) -> f64 {
        f64::from(self.texts) / self.cpu_s
    }
}

struct Peer {
    script: Script,
    routers: usize,
    least: f64,
    /// What it must render.
    sha256: String,
    rates: Vec<f64>,
}

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let routers = drawn::routers(SEED, ROUTERS);
    let site = Site::new(&bench.results)?;
    let args = written(site.folder(), &routers)?;
    let (mut peers, mut notes) = found(&routers).await?;
    let mut ours = Vec::new();
    for _ in 0..ROUNDS {
        ours.push(on_server_core(&routers)?.texts_per_s());
        for peer in &mut peers {
            peer.measure(&args).await?;
        }
    }
    let ours = median(ours);
    let row = |peer: Peer| {
        let theirs = (&*peer.script.name, median(peer.rates));
        let limit = Some(Limit::AtLeast(peer.least));
        Row::new("texts rendered, data read", "/core-s", ours, theirs, limit)
    };
    notes.push(about(&routers)?);
    Ok(Found { runs: ROUNDS, rows: peers.into_iter().map(row).collect(), notes })
}

impl Peer {
    async fn measure(&mut self, args: &Args) -> Result<()> {
        let count = self.routers.to_string();
        let mut words = vec![args.devices.as_os_str(), count.as_ref()];
        words.extend(args.templates.iter().map(|path| path.as_os_str()));
        let rendered: Rendered = self.script.run(&words).await?;
        let name = &self.script.name;
        ensure!(rendered.sha256 == self.sha256, "{name} renders other texts than ours");
        self.rates.push(rendered.texts_per_s());
        Ok(())
    }
}

/// What scripts read.
struct Args {
    devices: PathBuf,
    templates: Vec<PathBuf>,
}

fn written(folder: &Path, routers: &[Vec<u8>]) -> Result<Args> {
    let devices = folder.join("routers.json");
    std::fs::write(&devices, [routers.join(&b'\n'), vec![b'\n']].concat())?;
    let mut templates = Vec::new();
    for (name, text) in TEMPLATES {
        templates.push(folder.join(name));
        std::fs::write(folder.join(name), text)?;
    }
    Ok(Args { devices, templates })
}

/// Who is there, and who is missing.
async fn found(routers: &[Vec<u8>]) -> Result<(Vec<Peer>, Vec<String>)> {
    let (mut peers, mut notes) = (Vec::new(), Vec::new());
    for (kind, count, least) in PEERS {
        match Script::find("render.py", None, &[kind]).await {
            Err(why) => notes.push(format!("config-render: {kind} is missing: {why}")),
            Ok(script) => {
                let sha256 = render(&routers[..count])?.sha256;
                peers.push(Peer { script, routers: count, least, sha256, rates: Vec::new() });
            }
        }
    }
    Ok((peers, notes))
}

fn on_server_core(routers: &[Vec<u8>]) -> Result<Rendered> {
    core::pin(core::SERVER)?;
    let rendered = render(routers);
    core::pin(core::LOAD)?;
    rendered
}

fn render(routers: &[Vec<u8>]) -> Result<Rendered> {
    let engine = Engine::new(Arc::new(Library::new(TEMPLATES)?), Limits::default());
    for json in routers.iter().take(FIRST) {
        texts(&engine, json)?;
    }
    let begun_s = cpu_s()?;
    let texts: Vec<[String; 2]> =
        routers.iter().map(|json| texts(&engine, json)).collect::<Result<_>>()?;
    let cpu_s = cpu_s()? - begun_s;
    let mut sha256 = Digest::new(&SHA256);
    for text in texts.as_flattened() {
        sha256.update(text.as_bytes());
    }
    let sha256 = sha256.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Rendered { cpu_s, texts: u32::try_from(texts.as_flattened().len())?, sha256 })
}

fn texts(engine: &Engine, json: &[u8]) -> Result<[String; 2]> {
    let values = Values::from_json(json)?;
    let [frr, bird] = TEMPLATES;
    Ok([engine.render(frr.0, &values)?, engine.render(bird.0, &values)?])
}

/// What this thread has had of its core so far.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn cpu_s() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

fn about(routers: &[Vec<u8>]) -> Result<String> {
    let bytes: usize = routers.iter().map(Vec::len).sum();
    let engine = Engine::new(Arc::new(Library::new(TEMPLATES)?), Limits::default());
    let first = texts(&engine, routers.first().context("a router")?)?;
    Ok(format!(
        "config-render: seed {SEED}, {ROUTERS} routers with {} bytes of JSON each (Ansible renders {TEMPLAR_ROUTERS} of them); texts of {} and {} bytes",
        bytes / routers.len(),
        first[0].len(),
        first[1].len(),
    ))
}
