//! The inventory of 20,000 appliances at 6,000 sites with 600,000 parts, on both databases: how long a
//! page takes that somebody asks for, how long all hosts for Ansible, and how long an import of 10,000
//! devices with ten interfaces each. There is no peer to run beside it: limits are what people wait for.

use super::{Bench, Found};
use crate::bench::contender::median;
use crate::bench::fleet::{DATABASES, Manager, database};
use crate::bench::sheet::{Limit, Row};
use crate::bench::site::Site;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::Instant;

/// Each question so often.
const TIMES: usize = 100;

/// No part has this in its serial number.
const NONE: &str = "parts that there are none of";

/// What people ask for. Where something is named, it is another from one time to the next, so that none is
/// answered from the last.
const QUESTIONS: [(&str, &str); 10] = [
    ("devices of a site", "devices?site=s0{:04}"),
    ("devices by state, sorted", "devices?status=failed&sort=-serial"),
    ("devices with a part of a name", "devices?name__ic=.s0{:04}"),
    ("parts of a device", "components?device=oca1.s0{:04}"),
    ("failed disks", "components?type=disk&status=failed&device__ic=.s0{:03}"),
    ("parts by a part of a serial number", "components?serial__ic=A{:03}"),
    (NONE, "components?serial__ic=XYZ{}"),
    ("parts by size", "components?capacity_bytes__gt=19000000000000&device__iew=.s0{:04}"),
    ("sites of a provider", "sites?provider=isp-0{:03}&tags=simulated"),
    ("addresses of an interface", "ip-addresses?interface=oca1.s0{:04}:bond0"),
];

/// So long a page may take, in milliseconds; 99 of 100.
const LIST_MS: f64 = 50.0;
const ANSIBLE_S: f64 = 2.0;
const IMPORT_S: f64 = 10.0;

/// Runs of what takes seconds; medians count.
const ROUNDS: usize = 3;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    List,
    Import,
    Ansible,
}

pub(super) async fn run(bench: &Bench, asked: Asked) -> Result<Found> {
    let mut rows = Vec::new();
    for name in DATABASES {
        let server = database(name).await;
        let site = Site::new(&bench.results)?;
        let url = server.as_ref().map(|server| server.address.as_str());
        let manager = Manager::start(&site, &bench.bin, url).await?;
        match asked {
            Asked::Import => rows.push(import(&manager, site.folder(), name).await?),
            Asked::List => {
                manager.run(&["simulate", "seed"]).await?;
                rows.extend(list(&manager, name).await?);
            }
            Asked::Ansible => {
                manager.run(&["simulate", "seed"]).await?;
                rows.push(ansible(&manager, name).await?);
            }
        }
    }
    let notes = vec![
        "inventory: PostgreSQL is Debian's, for tests: it does not wait for its disk (fsync=off)"
            .to_owned(),
    ];
    let runs = if asked == Asked::List { TIMES } else { ROUNDS };
    Ok(Found { runs, rows, notes })
}

async fn list(manager: &Manager, database: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, path) in QUESTIONS {
        let (mut times, mut answered) = (Vec::new(), 0);
        for at in 0..=TIMES {
            let path = filled(path, at * 7 % 1000);
            let begun = Instant::now();
            let told = manager.get(&format!("/api/v1/{path}")).await?;
            // The first one has everything read that is kept in memory.
            if at > 0 {
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            let items = told["items"].as_array().with_context(|| format!("{path}: {told}"))?;
            answered += usize::from(!items.is_empty());
        }
        let is_meant = (answered == 0) == (name == NONE) && (name == NONE || answered > TIMES / 2);
        ensure!(is_meant, "{name}: {answered} of {TIMES} questions have an answer");
        times.sort_by(f64::total_cmp);
        let p99 = times[times.len() * 99 / 100 - 1];
        let limit = ("limit", LIST_MS);
        let name = format!("{database}: {name}, p99");
        rows.push(Row::new(name, "ms", p99, limit, Some(Limit::AtMost(1.0))));
    }
    Ok(rows)
}

/// A number in place of what stands for one: of a site, of a provider or ten sites.
fn filled(path: &str, number: usize) -> String {
    let path = path.replace("{:04}", &format!("{number:04}"));
    path.replace("{:03}", &format!("{:03}", number % 500)).replace("{}", &number.to_string())
}

async fn ansible(manager: &Manager, database: &str) -> Result<Row> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        manager.run(&["inventory", "--list"]).await?;
        times.push(begun.elapsed().as_secs_f64());
    }
    let name = format!("{database}: fleet inventory --list");
    Ok(Row::new(name, "s", median(times), ("limit", ANSIBLE_S), Some(Limit::AtMost(1.0))))
}

/// Each time other devices.
async fn import(manager: &Manager, folder: &Path, database: &str) -> Result<Row> {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let file = folder.join(format!("devices-{round}.json"));
        std::fs::write(&file, devices(round))?;
        let file = file.display().to_string();
        let begun = Instant::now();
        manager.run(&["import", &file]).await?;
        times.push(begun.elapsed().as_secs_f64());
    }
    let name = format!("{database}: 10,000 devices, 100,000 interfaces");
    Ok(Row::new(name, "s", median(times), ("limit", IMPORT_S), Some(Limit::AtMost(1.0))))
}

fn devices(round: usize) -> String {
    let mut text = format!("- {{\"kind\": \"site\", \"name\": \"s{round}\"}}\n");
    for at in 0..10_000 {
        let device = format!("d{round}-{at}");
        text += &format!(
            "- {{\"kind\": \"device\", \"name\": \"{device}\", \"role\": \"appliance\", \"site\": \"s{round}\", \"serial\": \"{round}-{at}\"}}\n"
        );
        for port in 0..10 {
            text += &format!(
                "- {{\"kind\": \"interface\", \"device\": \"{device}\", \"name\": \"eth{port}\", \"type\": \"other\"}}\n"
            );
        }
    }
    text
}
