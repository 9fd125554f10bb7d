//! What is wanted most is nearest: a small site holds the title that its viewers ask for, and another when
//! they ask for another.

use super::Verdict;
use crate::demo::plan::GROUPS;
use crate::demo::world::World;
use crate::lab::cdn::wait_for;
use crate::operator::{Appliance, Operator};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::net::Ipv4Addr;
use std::path::Path;

const SITE: &str = "edge";

/// Room beside the larger title that is too little for the other one.
const SPARE_BYTES: u64 = 200_000;

pub(super) async fn run(world: &World, verdict: &mut Verdict) {
    let outcome = follows_demand(world).await;
    verdict.add("popular titles nearer", outcome);
    // Whoever keeps the demo open has four boxes.
    let gone = world.operator.fleet(["appliance", "delete", &name()]).await;
    if let Err(err) = gone {
        verdict.add("the small site goes", Err(err));
    }
}

fn name() -> String {
    format!("oca1.{SITE}")
}

async fn follows_demand(world: &World) -> Result<String> {
    let operator = &world.operator;
    let [first, second] = GROUPS.map(|group| format!("{}/{}", group.name, group.title));
    let room_bytes = size(operator, &first).await?.max(size(operator, &second).await?);
    operator.create_site(SITE, (50.0, 10.0), [] as [&str; 0]).await?;
    let folder = world.plan.folder.join(SITE);
    let appliance = Appliance {
        name: &name(),
        site: SITE,
        players: vec![(Ipv4Addr::LOCALHOST, ports::free()?).into()],
        peer: (Ipv4Addr::LOCALHOST, ports::free()?).into(),
        disks: vec![format!("/srv/disk0:nvme:{}", room_bytes + SPARE_BYTES)],
        ram: "64MiB",
        state_folder: folder.join("state"),
        access_log_folder: folder.join("log"),
    };
    operator.create_appliance(&appliance).await?;
    let mut told = Vec::new();
    for (wanted, other) in [(1, 0), (0, 1)].map(|at| (&GROUPS[at.0], &GROUPS[at.1])) {
        let rows = [(wanted, 1_000_000_000_000_u64), (other, 1_000_000)];
        let rows = rows.map(|(group, bytes)| (group.name, group.title, bytes));
        bring(operator, &world.plan.folder, rows).await?;
        let (wanted, other) = (
            format!("{}/{}", wanted.name, wanted.title),
            format!("{}/{}", other.name, other.title),
        );
        let reason = until_held(operator, &wanted).await?;
        ensure!(reason["rank"] == 1, "{wanted} is number {}", reason["rank"]);
        let elsewhere = explain(operator, &other, SITE).await?;
        ensure!(elsewhere["boxes"] == serde_json::json!([]), "{other} is there too: {elsewhere}");
        let farther = elsewhere["elsewhere"].as_array().map_or(0, Vec::len);
        ensure!(farther > 0, "{other} is nowhere: {elsewhere}");
        told.push(wanted);
    }
    Ok(format!("{SITE} holds {}, then {}", told[0], told[1]))
}

async fn size(operator: &Operator, title: &str) -> Result<u64> {
    let reason = explain(operator, title, "site-a").await?;
    reason["size_bytes"].as_u64().context("a size")
}

async fn explain(operator: &Operator, title: &str, site: &str) -> Result<Value> {
    operator.fleet_json(&["prefill", "explain", &format!("{title}@{site}")]).await
}

/// Yesterday's demand at the small site, in place of what was said of it before.
async fn bring(operator: &Operator, folder: &Path, rows: [(&str, &str, u64); 2]) -> Result<()> {
    let yesterday = crate::process::output("date", ["-u", "-d", "yesterday", "+%F"]).await?;
    let line =
        |(group, title, bytes)| format!("{},{SITE},{group},{title},{bytes}\n", yesterday.trim());
    let text = format!("day,site,group,title,bytes\n{}", rows.map(line).concat());
    let file = folder.join("demand.csv");
    std::fs::write(&file, text)?;
    operator.fleet(["prefill", "demand", file.to_str().context("text")?]).await.map(drop)
}

async fn until_held(operator: &Operator, title: &str) -> Result<Value> {
    let mut last = explain(operator, title, SITE).await;
    let is_held = async || {
        last = explain(operator, title, SITE).await;
        last.as_ref()
            .is_ok_and(|reason| reason["boxes"].as_array().is_some_and(|boxes| !boxes.is_empty()))
    };
    let held = wait_for(&format!("{title} is to be at {SITE}"), is_held).await;
    held.with_context(|| format!("the last answer: {last:?}"))?;
    last
}
