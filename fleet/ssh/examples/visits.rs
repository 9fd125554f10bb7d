//! How many devices a minute: `cargo build --release -p ssh-devices -p ssh --examples`, then
//! `target/release/examples/visits --devices 6000 --threads 200`.
//!
//! The devices are another process, `ssh-devices`, 50 ms away in each direction; the running
//! configuration of each is fetched and compared.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use ssh::{Algorithms, Cancel, Device, HostKeys, Limits, Login, Secret, each};
use std::io::{BufRead, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

#[derive(Parser)]
struct Args {
    /// How many devices
    #[arg(long, default_value_t = 6000)]
    devices: usize,
    /// How many at a time
    #[arg(long, default_value_t = 200)]
    threads: usize,
    /// How far away they are
    #[arg(long, default_value_t = 50)]
    latency_ms: u64,
    /// How long a running configuration is
    #[arg(long, default_value_t = 20 << 10)]
    config_bytes: usize,
    /// A key in place of a password
    #[arg(long)]
    key: Option<std::path::PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let (mut simulator, known) = start(&args)?;
    let devices: Vec<Device> = (0..args.devices)
        .map(|at| device(&args, at, &known[at % known.len()]))
        .collect::<Result<_>>()?;
    let (limits, cancel) = (Limits::default(), Cancel::new()?);
    let begun = Instant::now();
    let results = each(devices, args.threads, limits, cancel, move |session| {
        session.output_of("show running-config", b"", &limits)
    })?;
    let (mut good, mut bad) = (0_u32, 0_u32);
    let expected = ssh_devices::running_config(args.config_bytes).into_bytes();
    let mut out = std::io::stdout().lock();
    for (_, done) in results {
        match done {
            Ok(config) if config == expected => good += 1,
            Ok(config) => {
                bad += 1;
                writeln!(out, "{} bytes are no configuration", config.len())?;
            }
            Err(failure) => {
                bad += 1;
                writeln!(out, "{failure}")?;
            }
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let per_minute = f64::from(good) * 60.0 / seconds;
    writeln!(
        out,
        "{good} devices in {seconds:.1} s, {bad} failed: {per_minute:.0} a minute, {} at a time; peak RSS {} MiB, CPU {:.1} s",
        args.threads,
        peak_rss_kib()? >> 10,
        cpu_s()?
    )?;
    // Its standard input ends, and so does it.
    drop(simulator.stdin.take());
    simulator.wait()?;
    ensure!(bad == 0, "{bad} devices failed");
    Ok(())
}

/// The simulator, and what is known of its addresses.
fn start(args: &Args) -> Result<(Child, Vec<String>)> {
    let folder = std::env::current_exe()?;
    let program = folder.ancestors().nth(2).context("target/release")?.join("ssh-devices");
    let port = ports::free()?.to_string();
    let latency = args.latency_ms.to_string();
    let bytes = args.config_bytes.to_string();
    let mut simulator = Command::new(program)
        .args(["--devices", "16", "--port", &port, "--latency-ms", &latency])
        .args(["--config-bytes", &bytes])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo build --release -p ssh-devices")?;
    let lines = BufReader::new(simulator.stdout.take().context("piped")?).lines();
    let known = lines.take(16).collect::<Result<_, _>>()?;
    Ok((simulator, known))
}

fn device(args: &Args, at: usize, known: &str) -> Result<Device> {
    let user = format!("sw{at}");
    let login = match &args.key {
        Some(path) => Login::with_key(&user, Secret::new(std::fs::read_to_string(path)?), None),
        None => Login::with_password(&user, Secret::new("sesame".to_owned())),
    };
    let address = known.split(' ').next().context("an address")?.replace(['[', ']'], "");
    Ok(Device {
        name: user,
        address: address.parse::<SocketAddr>()?,
        host_keys: HostKeys::parse(known)?,
        algorithms: Algorithms::Current,
        login: Arc::new(login),
    })
}

fn peak_rss_kib() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

/// Of this process, in all threads.
fn cpu_s() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("stat")?;
    let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|it| it.parse::<f64>().ok());
    Ok((ticks(11).context("utime")? + ticks(12).context("stime")?) / 100.0)
}
