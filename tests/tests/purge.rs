//! What a viewer sees of a purge and of a rights window, with real boxes and a real fleet.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use std::time::{Duration, SystemTime};
use tests::operator::shares::shares;
use tests::small_cdn::{BOXES, GROUP, SmallCdn, TITLE, content, path};
use tokio::time::timeout;

/// The state of the newest purge on a box.
async fn purge_state(cdn: &SmallCdn, at: usize) -> Result<String> {
    let purges = cdn.fleet_json("content purges").await?;
    let state = purges["items"][0]["boxes"][at]["state"].as_str();
    Ok(state.context("a state")?.to_owned())
}

/// Whether a box has reported that it holds whatever it should.
async fn holds_all(cdn: &SmallCdn, at: usize) -> bool {
    let Ok(shares) = shares(&cdn.operator).await else { return false };
    shares.iter().any(|share| share.name == BOXES[at] && share.is_full())
}

async fn both_serve(cdn: &SmallCdn) -> Result<()> {
    for (at, device) in BOXES.iter().enumerate() {
        for number in 1..=6 {
            let is_there = async |cdn: &SmallCdn| cdn.status(at, &path(number)).await == 200;
            cdn.until("a segment is served", is_there).await?;
            let answer = cdn.ask(at, &path(number)).await.context("an answer")?;
            ensure!(answer.body == content(number), "wrong bytes from {device}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_box_that_was_away_purges_before_it_serves() -> Result<()> {
    let mut cdn = SmallCdn::start().await?;
    both_serve(&cdn).await?;

    // One box is dead, and nobody is left to fetch anything from.
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.origin.take().context("it runs")?.kill().await?;
    cdn.until("its death is noticed", async |cdn| cdn.steered_to().await == [BOXES[1]]).await?;
    let purge = ["content", "purge", GROUP, "--title", TITLE, "--wait=20s"];
    let out = timeout(Duration::from_secs(40), cdn.operator.outcome(purge)).await??;
    // What was purged is gone in the moment in which the command returns.
    let after = cdn.status(1, &path(3)).await;
    let err = String::from_utf8_lossy(&out.stderr).into_owned();
    ensure!(after == 404, "{after} after the purge: {err}");
    ensure!(out.status.code() == Some(1), "{err}");
    let unreachable = format!("{} unreachable (last seen ", BOXES[0]);
    ensure!(err.contains("1 of 2 appliances have not") && err.contains(&unreachable), "{err}");
    ensure!(purge_state(&cdn, 0).await? == "unreachable" && purge_state(&cdn, 1).await? == "done");

    // It comes back with all of it on its disk, and never serves it.
    cdn.start_box(0).await?;
    for number in 1..=6 {
        let status = cdn.status(0, &path(number)).await;
        ensure!(status == 404, "{status} from a box that has come back");
    }
    cdn.until("it confirms", async |cdn| purge_state(cdn, 0).await.is_ok_and(|it| it == "done"))
        .await?;
    cdn.until("it is steered to", async |cdn| cdn.steered_to().await.len() == 2).await?;

    // What the catalogue still lists is fetched again.
    cdn.start_origin().await?;
    both_serve(&cdn).await?;
    // What is served is on the disk for good once it is reported held.
    cdn.until("all is held again", async |cdn| holds_all(cdn, 0).await).await?;
    // And is not purged again with the next start.
    let asked = cdn.origin_requests()?;
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box(0).await?;
    for number in 1..=6 {
        let status = cdn.status(0, &path(number)).await;
        ensure!(status == 200, "{status} for segment {number}: purged twice\n{}", cdn.log(0));
    }
    ensure!(cdn.origin_requests()? == asked, "fetched once more than the purge was for");
    Ok(())
}

#[tokio::test]
async fn everybody_is_there_and_one_segment_goes() -> Result<()> {
    let mut cdn = SmallCdn::start().await?;
    both_serve(&cdn).await?;
    let asked = cdn.origin_requests()?;
    cdn.fleet_ok(&format!("content purge {GROUP} --object {} --wait", path(2))).await?;
    both_serve(&cdn).await?;
    // From the origin again, or from the sibling that had it from there; nothing else was.
    let more = cdn.origin_requests()? - asked;
    ensure!(more <= 2, "{more} requests for one segment");
    let events = cdn.fleet_json("status").await?;
    ensure!(events.to_string().contains("1 objects went out of sight"), "{events}");

    // The fleet is gone: who starts now is not kept waiting.
    cdn.fleet.take().context("it runs")?.kill().await?;
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box(0).await?;
    both_serve(&cdn).await
}

fn in_seconds(seconds: u64) -> String {
    let at = SystemTime::now() + Duration::from_secs(seconds);
    let at = at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    // RFC 3339 by way of the clock that everybody has.
    let out = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{at}"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output();
    String::from_utf8(out.expect("date").stdout).expect("text").trim().to_owned()
}

#[tokio::test]
async fn a_box_keeps_to_the_times_alone() -> Result<()> {
    let mut cdn = SmallCdn::start().await?;
    both_serve(&cdn).await?;
    let window = async |cdn: &SmallCdn, times: &str| {
        cdn.fleet_ok(&format!("content window {GROUP} {TITLE} {times}")).await
    };
    let is = |status| async move |cdn: &SmallCdn| cdn.status(0, &path(1)).await == status;

    window(&cdn, &format!("--serve-from {}", in_seconds(3600))).await?;
    cdn.until("it is not served before its time", is(404)).await?;
    window(&cdn, &format!("--serve-until {}", in_seconds(15))).await?;
    cdn.until("it is served within its time", is(200)).await?;
    // From here on nobody tells the box anything.
    cdn.fleet.take().context("it runs")?.kill().await?;
    cdn.until("its time is over", is(404)).await
}
