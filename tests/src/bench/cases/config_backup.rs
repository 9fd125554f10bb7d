//! How many devices a minute are backed up from one core, by one process with 200 at once, where devices are
//! 50 ms away in each direction and known by their keys: ours, against a script on asyncssh that does the
//! same. Both log in and read the running configuration; ours takes secrets and noise out of it as well.

use super::{Bench, Found};
use crate::bench::config::backup::{Told, sha256};
use crate::bench::config::devices::Simulated;
use crate::bench::config::script::Script;
use crate::bench::contender::median;
use crate::bench::core::Cores;
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use crate::process;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

/// Devices of a round.
const DEVICES: u32 = 3_000;

/// Each in turn; medians count.
const ROUNDS: usize = 3;

/// How far away they are, in each direction.
const LATENCY_MS: u64 = 50;

/// How long their configuration is, as a switch with fifty ports has it.
const CONFIG_BYTES: usize = 20 << 10;

/// Visits at once.
const AT_ONCE: &str = "200";

const PASSWORD: &str = "sesame-of-the-benchmark";

/// What is wanted.
const LIMIT_PER_MIN: f64 = 2_000.0;

/// What it may take: half a megabyte for each visit.
const LIMIT_MB: f64 = 100.0;

/// What came of all rounds of one.
#[derive(Default)]
struct Taken {
    per_min: Vec<f64>,
    core_ms: Vec<f64>,
    peak_mb: Vec<f64>,
}

pub(super) async fn run(bench: &Bench) -> Result<Found> {
    let site = Site::new(&bench.results)?;
    let count = usize::try_from(DEVICES)?;
    let devices = Simulated::start(site.folder(), count, LATENCY_MS, CONFIG_BYTES).await?;
    let (list, known_hosts) = (devices.list.as_os_str(), devices.known_hosts.as_os_str());
    let args = [list, known_hosts, PASSWORD.as_ref(), AT_ONCE.as_ref()];
    let (script, mut notes) = match bench.peers.asyncssh() {
        // What has become of it is told with the other peers.
        None => (None, Vec::new()),
        Some(unpacked) => match Script::find("backup.py", Some(unpacked), &[]).await {
            Ok(script) => (Some(script), Vec::new()),
            Err(why) => (None, vec![format!("config-backup: asyncssh is missing: {why}")]),
        },
    };
    let (mut ours, mut theirs) = (Taken::default(), Taken::default());
    for _ in 0..ROUNDS {
        ours.add("ours", &own(&args).await?)?;
        if let Some(script) = &script {
            theirs.add(&script.name, &script.run(&args).await?)?;
        }
    }
    let mut rows = ours.limited();
    rows.extend(script.iter().flat_map(|script| ours.against(&script.name, &theirs)));
    notes.push(format!(
        "config-backup: {DEVICES} devices, {LATENCY_MS} ms away in each direction, {CONFIG_BYTES} bytes from each, {AT_ONCE} at once; what is read is redacted by ours and not yet kept by either"
    ));
    Ok(Found { runs: ROUNDS, rows, notes })
}

/// Ours, in a process of its own: its memory is nobody else's.
async fn own(args: &[&std::ffi::OsStr]) -> Result<Told> {
    let mut command = tokio::process::Command::new("taskset");
    command.args(["-c", &Cores::Server.list()]).arg(std::env::current_exe()?);
    command.arg("backup").args(args);
    let told = process::output_of(command).await?;
    serde_json::from_str(&told).with_context(|| format!("a backup told {told:?}"))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
impl Taken {
    /// All devices must have been read, and nothing but what they say.
    fn add(&mut self, name: &str, told: &Told) -> Result<()> {
        if let Some(first) = told.failures.first() {
            anyhow::bail!("{name}: {} devices were not read: {first}", told.failures.len());
        }
        let text = ssh_devices::running_config(CONFIG_BYTES);
        let all = BTreeMap::from([(sha256(text.as_bytes()), usize::try_from(DEVICES)?)]);
        ensure!(told.texts == all, "{name} has read something else: {:?}", told.texts);
        self.per_min.push(f64::from(DEVICES) * 60.0 / told.took_s);
        self.core_ms.push(told.cpu_s * 1e3 / f64::from(DEVICES));
        self.peak_mb.push(told.peak_kib as f64 * 1024.0 / 1e6);
        Ok(())
    }

    fn limited(&self) -> Vec<Row> {
        let (per_min, peak_mb) = (median(self.per_min.clone()), median(self.peak_mb.clone()));
        let (rate, most) = (("limit", LIMIT_PER_MIN), ("limit", LIMIT_MB));
        vec![
            Row::new(VISITED, "/min", per_min, rate, Some(Limit::AtLeast(1.0))),
            Row::new(MEMORY, "MB", peak_mb, most, Some(Limit::AtMost(1.0))),
        ]
    }

    fn against(&self, name: &str, theirs: &Self) -> Vec<Row> {
        let row = |what, unit, of: fn(&Self) -> &Vec<f64>| {
            let peer = (name, median(of(theirs).clone()));
            Row::new(what, unit, median(of(self).clone()), peer, None)
        };
        vec![
            row(VISITED, "/min", |taken| &taken.per_min),
            row("core, a device", "ms", |taken| &taken.core_ms),
            row(MEMORY, "MB", |taken| &taken.peak_mb),
        ]
    }
}

const VISITED: &str = "devices visited, read, redacted (not yet kept)";
const MEMORY: &str = "peak memory of the process";
