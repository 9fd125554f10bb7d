//! Devices for whoever wants to visit them: `ssh-devices --devices 2 --latency-ms 50`.

use clap::Parser;
use ssh_devices::{Device, Devices};
use std::io::Write as _;
use std::time::Duration;

/// Devices that listen until standard input ends. Each line says where one is, and its host key, as
/// known_hosts has it.
#[derive(Parser)]
struct Args {
    /// How many addresses, from 127.0.0.1 on; at each, every user name is a device of its own
    #[arg(long, default_value_t = 1)]
    devices: usize,
    /// The port of all of them
    #[arg(long)]
    port: u16,
    /// How long a byte takes, in each direction
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// How long a running configuration is
    #[arg(long, default_value_t = 20 << 10)]
    config_bytes: usize,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let latency = Duration::from_millis(args.latency_ms);
    let device = Device { latency, config_bytes: args.config_bytes, ..Device::default() };
    let devices = Devices::start(args.port, &vec![device; args.devices])?;
    let mut out = std::io::stdout().lock();
    for at in 0..args.devices {
        let address = devices.address(at);
        writeln!(out, "[{}]:{} {}", address.ip(), address.port(), devices.host_key(at))?;
    }
    out.flush()?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}
