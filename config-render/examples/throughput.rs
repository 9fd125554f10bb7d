//! How many devices a second the pool renders: `throughput [DEVICES] [WORKERS]`.
//!
//! Six texts for each, of the kinds that an appliance gets; the values are made and written as
//! JSON within the time that is measured, as they are in earnest.

use config_render::engine::{Engine, Library, Limits, Values};
use config_render::workers::{Asked, Job, Pool, PoolOptions, serve};
use serde_json::json;
use std::error::Error;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

const TEMPLATES: [(&str, &str); 6] = [
    ("bird.conf.j2", include_str!("throughput/bird.conf.j2")),
    ("nftables.conf.j2", include_str!("throughput/nftables.conf.j2")),
    ("uplink.network.j2", include_str!("throughput/uplink.network.j2")),
    ("sshd_config.j2", include_str!("throughput/sshd_config.j2")),
    ("chrony.conf.j2", include_str!("throughput/chrony.conf.j2")),
    ("appliance.yaml.j2", include_str!("throughput/appliance.yaml.j2")),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let first = args.next();
    let done = match first.as_deref() {
        Some("worker") => serve(std::io::stdin(), std::io::stdout()).map_err(Into::into),
        _ => measure(number(first), number(args.next())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("{err}");
            ExitCode::FAILURE
        }
    }
}

fn number(arg: Option<String>) -> Option<usize> {
    arg.and_then(|arg| arg.parse().ok())
}

fn measure(devices: Option<usize>, workers: Option<usize>) -> Result<(), Box<dyn Error>> {
    let devices = devices.unwrap_or(20_000);
    let program = std::env::current_exe()?;
    let defaults = PoolOptions::default();
    let options = PoolOptions { workers: workers.unwrap_or(defaults.workers), ..defaults };
    let pool = Pool::new(options, move || {
        let mut command = Command::new(&program);
        command.arg("worker");
        command
    })?;
    let library = Arc::new(Library::new(TEMPLATES)?);
    alone(&library)?;
    let begun = Instant::now();
    let (mut bytes, mut texts) = (0, 0);
    for answer in pool.render(&library, (0..devices).map(job)) {
        for text in answer.result? {
            bytes += text?.len();
            texts += 1;
        }
    }
    let took = begun.elapsed();
    eprintln!(
        "{devices} devices, {texts} texts, {} MB by {} workers in {took:.2?}: {:.0} devices/s",
        bytes / 1_000_000,
        options.workers,
        devices as f64 / took.as_secs_f64()
    );
    Ok(())
}

/// What of that the engine takes, without pool and processes.
fn alone(library: &Arc<Library>) -> Result<(), Box<dyn Error>> {
    const ROUNDS: usize = 2_000;
    let engine = Engine::new(Arc::clone(library), Limits::default());
    let jobs: Vec<Vec<u8>> = (0..ROUNDS).map(|n| job(n).values).collect();
    let begun = Instant::now();
    let read = jobs.iter().map(|json| Values::from_json(json)).collect::<Result<Vec<_>, _>>()?;
    let read_us = begun.elapsed().as_secs_f64() * 1e6 / ROUNDS as f64;
    for (name, _) in TEMPLATES {
        let begun = Instant::now();
        let (mut bytes, mut lines) = (0, 0);
        for values in &read {
            let text = engine.render(name, values)?;
            bytes += text.len();
            lines += text.lines().count();
        }
        let us = begun.elapsed().as_secs_f64() * 1e6 / ROUNDS as f64;
        eprintln!("{name:18} {us:6.1} us, {} lines, {} bytes", lines / ROUNDS, bytes / ROUNDS);
    }
    eprintln!("{:18} {read_us:6.1} us, {} bytes", "values from JSON", jobs[0].len());
    Ok(())
}

fn job(n: usize) -> Job {
    let (high, low) = (n / 250, n % 250 + 1);
    let neighbour = |k: usize| {
        let address = match k % 2 {
            0 => format!("198.51.{k}.1"),
            _ => format!("2001:db8:{k:x}::1"),
        };
        json!({
            "name": format!("transit{k}"), "description": format!("Provider {k}; circuit #{n}"),
            "address": address, "asn": 64600 + k, "limit": 1000,
        })
    };
    let disk = |k: usize| json!({ "folder": format!("/srv/disk{k}"), "class": "nvme", "capacity_bytes": 1_u64 << 42 });
    let group = |k: usize| {
        json!({
            "name": format!("studio-{k}"), "owner": format!("Studio \"{k}\""),
            "host_names": [format!("oca{n}.studio{k}.example")],
            "cors_origins": ["*"], "log_requests": k == 0,
        })
    };
    let address = format!("10.{}.{}.{low}", high / 250, high % 250);
    let values = json!({
        "name": format!("oca{n}.site-{high}"), "router_id": address, "mac": "02:00:5e:10:00:01",
        "mtu": 9000, "description": format!("Uplink of box {n}"),
        "addresses": { "4": format!("{address}/24"), "6": format!("2001:db8:{high:x}::{low:x}/64") },
        "dns": ["192.0.2.53", "2001:db8::53"], "ntp": ["192.0.2.123", "2001:db8::123"],
        "routes": [{ "to": "0.0.0.0/0", "via": "198.51.0.1" }, { "to": "::/0", "via": "2001:db8:1::1" }],
        "operators": ["anna", "bo", "chi"],
        "management": ["192.0.2.0/25", "192.0.2.128/25", "2001:db8:ffff::/48"],
        "listeners": [
            { "role": "player", "addresses": [format!("{address}:443"), "[2001:db8::7]:443"] },
            { "role": "peer", "addresses": [format!("{address}:9443")] },
        ],
        "bgp": {
            "asn": 64500, "hold_time_s": 90,
            "announced": ["203.0.113.0/24", "2001:db8:113::/48"],
            "neighbours": (0..4).map(neighbour).collect::<Vec<_>>(),
        },
        "disks": (0..6).map(disk).collect::<Vec<_>>(), "ram_budget_bytes": 64_u64 << 30,
        "groups": (0..3).map(group).collect::<Vec<_>>(),
        "fill": { "time_zone": "Europe/Berlin", "windows": [
            { "opens": "02:00", "closes": "14:00", "cap_bits_per_s": 1_200_000_000 },
        ] },
    });
    Job {
        device: format!("oca{n}"),
        texts: TEMPLATES.iter().map(|(name, _)| Asked::from(*name)).collect(),
        values: values.to_string().into_bytes(),
    }
}
