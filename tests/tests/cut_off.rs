//! A real box without its fleet: it keeps what it would have said through a kill, and tells it
//! afterwards, in order and once.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::small_cdn::{BOXES, Plan, SmallCdn, path};

/// How many late reports the box keeps.
async fn waiting(cdn: &SmallCdn) -> u64 {
    cdn.report(0).await.map_or(0, |report| report.spool.reports)
}

/// Late reports as the fleet has them, oldest first.
async fn told(cdn: &SmallCdn) -> Result<Vec<Value>> {
    let line = format!("appliance late-reports {} --limit 2000", BOXES[0]);
    let mut all = cdn.fleet_json(&line).await?["items"].as_array().cloned().unwrap_or_default();
    all.reverse();
    Ok(all)
}

fn number(item: &Value, name: &str) -> u64 {
    item[name].as_u64().unwrap_or(u64::MAX)
}

/// One process after another; in each, number after number, and counters that only rise.
fn is_in_order(told: &[Value]) -> Result<()> {
    let mut boots: Vec<&Value> = told.iter().map(|item| &item["boot_id"]).collect();
    boots.dedup();
    ensure!(boots.len() == 2, "{boots:?}: two processes were cut off");
    for two in told.windows(2) {
        let [a, b] = two else { continue };
        if a["boot_id"] != b["boot_id"] {
            continue;
        }
        ensure!(number(b, "sequence") == number(a, "sequence") + 1, "{a} is followed by {b}");
        ensure!(number(b, "requests") >= number(a, "requests"), "{a} is followed by {b}");
    }
    let dropped = told.iter().find(|item| number(item, "dropped_before") != 0);
    ensure!(dropped.is_none(), "{dropped:?}");
    Ok(())
}

#[tokio::test]
async fn what_nobody_could_be_told_is_told_in_order_and_once() -> Result<()> {
    let mut cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    cdn.fleet.take().context("it runs")?.kill().await?;
    cdn.until("it keeps reports", async |cdn| waiting(cdn).await >= 3).await?;
    for at in 1..=6 {
        ensure!(cdn.status(0, &path(at)).await == 200, "it does not serve alone");
    }
    let kept = waiting(&cdn).await;
    cdn.until("it keeps more", async |cdn| waiting(cdn).await >= kept + 2).await?;

    // Killed in the middle of the cut.
    let first = cdn.report(0).await?;
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box(0).await?;
    let second = cdn.report(0).await?;
    ensure!(second.boot_id != first.boot_id, "the same process");
    ensure!(second.spool.reports >= first.spool.reports, "{second:?} after {first:?}");
    let kept = second.spool.reports;
    cdn.until("it keeps more", async |cdn| waiting(cdn).await >= kept + 3).await?;

    // And killed again when its first batch has arrived: what was noted of it is left to chance.
    cdn.start_fleet().await?;
    cdn.until("something is told", async |cdn| told(cdn).await.is_ok_and(|it| !it.is_empty()))
        .await?;
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box(0).await?;
    cdn.until("all is told", async |cdn| {
        cdn.report(0).await.is_ok_and(|it| it.spool.oldest_us.is_none() && it.spool.reports == 0)
    })
    .await?;

    let all = told(&cdn).await?;
    ensure!(all.len() as u64 >= kept + 3, "{} of {}", all.len(), kept + 3);
    is_in_order(&all)?;
    let of_first = all.iter().filter(|item| item["boot_id"] == first.boot_id.as_str());
    let requests = of_first.map(|item| number(item, "requests")).max();
    ensure!(requests >= Some(6), "six segments were served alone: {requests:?}");
    // What has happened came with it; what is now is not moved by it.
    let third = cdn.report(0).await?;
    let status = cdn.fleet_json("status").await?;
    let events = status["items"][0]["events"].to_string();
    ensure!(events.contains("fleet_unreachable"), "{events}");
    ensure!(status["items"][0]["state"] == "live", "{status}");
    ensure!(all.iter().all(|item| item["boot_id"] != third.boot_id.as_str()), "it was not cut off");
    Ok(())
}

/// A file system of its own over a folder. Gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where nobody may mount anything.
    fn mount(folder: &Path, size: &str) -> Result<Option<Self>> {
        let mut mount = Command::new("mount");
        let output = mount.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(folder).output()?;
        if !output.status.success() && std::env::var_os("CI").is_none() {
            eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr).trim());
            return Ok(None);
        }
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Some(Self(folder.to_path_buf())))
    }

    /// Takes the last byte.
    fn fill(&self) -> Result<PathBuf> {
        let ballast = self.0.join("ballast");
        let mut file = std::fs::File::create(&ballast)?;
        while file.write_all(&[0; 512]).is_ok() {}
        Ok(ballast)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The box may still be ending.
        Command::new("umount").arg("--lazy").arg(&self.0).status().ok();
    }
}

#[tokio::test]
async fn a_full_disk_ends_the_spool_and_nothing_else() -> Result<()> {
    let mut cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    let Some(disk) = SmallDisk::mount(&cdn.state_folder(0).join("spool"), "size=64k")? else {
        return Ok(());
    };
    cdn.start_box(0).await?;
    cdn.fleet.take().context("it runs")?.kill().await?;
    cdn.until("it keeps reports", async |cdn| waiting(cdn).await >= 2).await?;
    let ballast = disk.fill()?;
    let drops = async |cdn: &SmallCdn| cdn.report(0).await.is_ok_and(|it| it.spool.dropped >= 2);
    cdn.until("reports are dropped", drops).await?;
    ensure!(cdn.log(0).contains("spool_failed"), "nobody is told");
    for at in 1..=6 {
        ensure!(cdn.status(0, &path(at)).await == 200, "it does not serve");
    }
    std::fs::remove_file(ballast)?;
    let kept = waiting(&cdn).await;
    cdn.until("it keeps reports again", async |cdn| waiting(cdn).await >= kept + 2).await?;
    let dropped = cdn.report(0).await?.spool.dropped;

    cdn.start_fleet().await?;
    cdn.until("all is told", async |cdn| waiting(cdn).await == 0).await?;
    let told = told(&cdn).await?;
    let missing: u64 = told.iter().map(|item| number(item, "dropped_before")).sum();
    ensure!(missing == dropped, "{missing} are told of as dropped, {dropped} were");
    cdn.boxes[0].take().context("it runs")?.kill().await
}

#[tokio::test]
async fn status_says_how_long_a_box_can_serve_alone() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let report = cdn.report(0).await?;
    let first = report.autonomy.first().context("a limit")?;
    // Documents live 45 days, certificates 120.
    let days = first.until_us.since_s(report.made_at_us) / 86_400.0;
    ensure!((44.0..=45.0).contains(&days) && first.kind.as_str() == "document", "{first:?}");
    let certificate = report.autonomy.limits.iter().find(|it| it.kind.as_str() == "certificate");
    let certificate = certificate.context("a certificate")?;
    let days = certificate.until_us.since_s(report.made_at_us) / 86_400.0;
    ensure!((119.0..=120.0).contains(&days), "{certificate:?}");
    ensure!(certificate.subject == format!("{}.localhost", BOXES[0]), "{certificate:?}");
    let shows = async |cdn: &SmallCdn| {
        let shown = cdn.operator.fleet(["appliance", "show", BOXES[0]]).await;
        shown.is_ok_and(|it| it.contains("first limit: document ("))
    };
    cdn.until("the fleet says so too", shows).await
}
