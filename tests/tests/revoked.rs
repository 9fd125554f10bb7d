//! A box whose identity counts no more is told nothing, gets nothing, and is sent nobody; and one
//! of which there are two is neither.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use std::path::Path;
use tests::operator::join_args;
use tests::process::{Daemon, outcome_of, output};
use tests::small_cdn::{BOXES, GROUP, Plan, SmallCdn, content, path};
use tokio::process::Command;

async fn barred(cdn: &SmallCdn, device: &str) -> Option<String> {
    let status = cdn.fleet_json(&format!("status {device}")).await.ok()?;
    status["items"][0]["barred"].as_str().map(str::to_owned)
}

/// Whether a sibling may ask box 0, as box 1.
async fn is_let_in(cdn: &SmallCdn) -> bool {
    let url = format!("/peer/v1/{GROUP}{}", path(1));
    cdn.ask_as_sibling(0, &url, &[]).await.is_ok_and(|answer| answer.status == 200)
}

#[tokio::test]
async fn a_revoked_box_is_a_stranger_until_it_joins_anew() -> Result<()> {
    let mut cdn = SmallCdn::start_with(Plan::default()).await?;
    let all = async |cdn: &SmallCdn| cdn.steered_to().await.len() == 2;
    cdn.until("viewers are sent to both", all).await?;
    cdn.until("they are siblings", async |cdn| is_let_in(cdn).await).await?;
    cdn.fleet_ok(&format!("appliance revoke {} --because stolen", BOXES[1])).await?;
    ensure!(barred(&cdn, BOXES[1]).await.as_deref() == Some("stolen"));
    ensure!(cdn.steered_to().await == [BOXES[0]], "viewers are sent to it still");
    let hears = async |cdn: &SmallCdn| !is_let_in(cdn).await;
    cdn.until("its sibling has heard of it", hears).await?;
    let is_told = async |cdn: &SmallCdn| {
        cdn.report(0).await.is_ok_and(|report| report.trust.revoked.is_some())
    };
    cdn.until("it says so", is_told).await?;
    // It keeps calling, and serves those that come.
    let is_alone = async |cdn: &SmallCdn| cdn.log(1).contains("fleet_unreachable");
    cdn.until("it is not heard", is_alone).await?;
    ensure!(cdn.status(1, &path(1)).await == 200);
    cdn.add_title("second", &content(2)).await?;
    let url = "/second/seg-1.m4s";
    cdn.until("its sibling goes on", async |cdn| cdn.status(0, url).await == 200).await?;
    ensure!(cdn.status(1, url).await != 200, "it was told of what is new");
    // A sibling that starts anew has not forgotten.
    cdn.boxes[0].take().context("it runs")?.stop().await?;
    cdn.start_box(0).await?;
    ensure!(!is_let_in(&cdn).await, "it is let in again");

    cdn.boxes[1].take().context("it runs")?.stop().await?;
    join_anew(&cdn).await?;
    cdn.start_box(1).await?;
    cdn.until("viewers are sent to both", all).await?;
    cdn.until("they are siblings", async |cdn| is_let_in(cdn).await).await?;
    ensure!(barred(&cdn, BOXES[1]).await.is_none());
    Ok(())
}

async fn join_anew(cdn: &SmallCdn) -> Result<()> {
    let folder = cdn.config(1).parent().context("a folder")?.to_owned();
    let token_file = folder.join("join.token");
    std::fs::write(&token_file, cdn.operator.join_token(BOXES[1]).await?)?;
    let args = join_args(BOXES[1], &token_file, &folder, ["--replace".to_owned()]);
    output(cdn.bin().join("appliance"), args).await.map(drop)
}

/// Starts a copy of a box: the same identity, with a disk, a state and ports of its own.
async fn start_copy(cdn: &SmallCdn, to: &Path) -> Result<Daemon> {
    let from = cdn.config(1).parent().context("a folder")?.to_owned();
    let mut copy = Command::new("cp");
    copy.args(["-a".as_ref(), from.as_os_str(), to.as_os_str()]);
    ensure!(outcome_of(copy).await?.status.success());
    let config = to.join("config.yaml");
    let mut text = std::fs::read_to_string(&config)?;
    text = text.replace(&from.display().to_string(), &to.display().to_string());
    for port in cdn.ports_of(1) {
        text = text.replace(&format!(":{port}\""), &format!(":{}\"", ports::free()?));
    }
    std::fs::write(&config, text)?;
    let args = ["run".as_ref(), config.as_os_str()];
    Daemon::start("a copy", cdn.bin().join("appliance"), args, &to.join("copy.log"))
}

#[tokio::test]
async fn of_a_box_and_its_copy_neither_is_believed() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan::default()).await?;
    cdn.until("it is live", async |cdn| cdn.steered_to().await.len() == 2).await?;
    let folder = cdn.config(1).parent().context("a folder")?.with_extension("copy");
    let _copy = start_copy(&cdn, &folder).await?;
    let is_barred = async |cdn: &SmallCdn| {
        barred(cdn, BOXES[1]).await.is_some_and(|why| why.contains("two machines"))
    };
    cdn.until("both are barred", is_barred).await?;
    ensure!(barred(&cdn, BOXES[0]).await.is_none(), "its sibling is none");
    ensure!(cdn.steered_to().await == [BOXES[0]]);
    cdn.until("its sibling lets neither in", async |cdn| !is_let_in(cdn).await).await?;
    let status = cdn.operator.fleet(["status"]).await?;
    ensure!(status.contains("fleet appliance token"), "{status}");
    Ok(())
}
