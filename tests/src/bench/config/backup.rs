//! A backup of many devices, in a process of its own: visited, read, and made fit to be kept. It is told to
//! its standard output what came of it, as the script says it that does the same.

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use config_render::archive::{DeviceKind, Known, fit};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};
use ssh::{Algorithms, Cancel, Device, HostKeys, Limits, Login, Secret, each};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What is asked of each device.
const COMMAND: &str = "show running-config";

/// What language their texts are in.
const KIND: DeviceKind = DeviceKind::CiscoIos;

/// Whom to visit, and how; the script takes the same words in the same order.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// On each line an address, a port and a user: a device.
    pub devices: PathBuf,
    /// As OpenSSH has it.
    pub known_hosts: PathBuf,
    /// The password of all of them.
    pub password: String,
    /// So many at once.
    pub at_once: usize,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// From the first connection to the last text.
    pub took_s: f64,
    /// Processor time.
    pub cpu_s: f64,
    /// The most that was in memory.
    pub peak_kib: u64,
    /// How often each text was read, by its SHA-256.
    pub texts: BTreeMap<String, usize>,
    /// What went wrong, a line for each device.
    pub failures: Vec<String>,
}

/// SHA-256, in hex.
#[must_use]
pub fn sha256(text: &[u8]) -> String {
    digest(&SHA256, text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Visits all of them.
///
/// # Errors
/// When a file is not as it should be; a device that cannot be read is one of the failures.
pub fn run(asked: &Asked) -> Result<Told> {
    let devices = devices(asked)?;
    let (limits, known) = (Limits::default(), Known::new([&*asked.password])?);
    let begun = Instant::now();
    let visits = each(devices, asked.at_once, limits, Cancel::new()?, move |session| {
        session.output_of(COMMAND, b"", &limits)
    })?;
    let (mut texts, mut failures) = (BTreeMap::new(), Vec::new());
    for (device, done) in visits {
        let said = match done {
            Ok(said) => said,
            Err(failure) => {
                failures.push(failure.to_string());
                continue;
            }
        };
        // By one thread for all of them: what finds secrets has a memory of its own in each thread that
        // it runs in, and one keeps up with 200 that wait for devices.
        match fit(KIND, &said, &known) {
            Err(failure) => failures.push(format!("{}: {failure}", device.name)),
            // Here it is kept: this is where revisions are to be written as soon as they are.
            Ok(_redacted) => *texts.entry(sha256(&said)).or_default() += 1,
        }
    }
    let took_s = begun.elapsed().as_secs_f64();
    Ok(Told { took_s, cpu_s: cpu_s()?, peak_kib: peak_kib()?, texts, failures })
}

fn devices(asked: &Asked) -> Result<Vec<Device>> {
    let known = known_hosts(&asked.known_hosts)?;
    let text = std::fs::read_to_string(&asked.devices)?;
    let device = |line: &str| {
        let [ip, port, user] = line.split(' ').collect::<Vec<_>>()[..] else {
            anyhow::bail!("{line} is no device");
        };
        let address: SocketAddr = format!("{ip}:{port}").parse()?;
        let host_keys = known.get(&address).with_context(|| format!("{address} is not known"))?;
        let login = Login::with_password(user, Secret::new(asked.password.clone()));
        Ok(Device {
            name: user.to_owned(),
            address,
            host_keys: host_keys.clone(),
            algorithms: Algorithms::Current,
            login: Arc::new(login),
        })
    };
    text.lines().map(device).collect()
}

/// `[127.0.0.1]:22 ssh-ed25519 AAAA`.
fn known_hosts(path: &Path) -> Result<HashMap<SocketAddr, HostKeys>> {
    let text = std::fs::read_to_string(path)?;
    let host = |line: &str| {
        let address = line.split(' ').next().unwrap_or_default().replace(['[', ']'], "");
        Ok((address.parse()?, HostKeys::parse(line)?))
    };
    text.lines().map(host).collect()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn cpu_s() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim_end().parse()?)
}
