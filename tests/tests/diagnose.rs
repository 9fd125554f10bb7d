//! `appliance diagnose` says what a machine lacks, and nothing of what it has.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::process::outcome_of;
use tests::small_cdn::{Plan, SmallCdn};
use tokio::process::Command;

/// What it finds about something: whether all of it is well, and what it says.
async fn found(cdn: &SmallCdn, about: &str) -> Result<(bool, String)> {
    let mut command = Command::new(cdn.bin().join("appliance"));
    command.arg("diagnose").arg(cdn.config(0)).args(["-o", "json"]);
    let output = outcome_of(command).await?;
    let all: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let is_all_well = all.iter().all(|it| it["is_well"] == true);
    ensure!(output.status.code() == Some(i32::from(!is_all_well)), "{output:?}");
    let about: Vec<&Value> = all.iter().filter(|it| it["about"] == about).collect();
    ensure!(!about.is_empty(), "{all:?}");
    let advised = about.iter().all(|it| it["is_well"] == true || it["advice"].is_string());
    ensure!(advised, "it does not say what to do: {about:?}");
    let says: Vec<&str> = about.iter().filter_map(|it| it["says"].as_str()).collect();
    Ok((about.iter().all(|it| it["is_well"] == true), says.join("\n")))
}

async fn is_missing(cdn: &SmallCdn, about: &str, why: &str) -> Result<()> {
    let (is_well, says) = found(cdn, about).await?;
    ensure!(!is_well && says.contains(why), "{about}: {says}");
    Ok(())
}

#[tokio::test]
async fn what_a_machine_lacks_is_said_in_plain_words() -> Result<()> {
    let mut cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    for about in ["configuration", "addresses", "disks", "keys", "identity", "fleet"] {
        let (is_well, says) = found(&cdn, about).await?;
        ensure!(is_well, "{about}: {says}");
    }
    let (_, says) = found(&cdn, "fleet").await?;
    ensure!(says.contains("knows this box"), "{says}");
    found(&cdn, "clock").await?;

    cdn.fleet.take().context("it runs")?.kill().await?;
    is_missing(&cdn, "fleet", "refused").await?;
    // The box is not asked for any of this, and what it lacks need not run.
    cdn.boxes[0].take().context("it runs")?.stop().await?;
    let config = std::fs::read_to_string(cdn.config(0))?;
    let write = |text: String| std::fs::write(cdn.config(0), text);
    let player = format!("127.0.0.1:{}", cdn.ports_of(0)[0]);
    write(config.replace(&player, "192.0.2.1:443"))?;
    is_missing(&cdn, "addresses", "192.0.2.1 is no address of this machine").await?;
    let line = config.lines().find(|line| line.contains(" capacity_bytes: ")).context("a disk")?;
    write(config.replace(line, "    capacity_bytes: 4096TiB"))?;
    is_missing(&cdn, "disks", "and is to give").await?;
    write(config.replace("schema: 1", "schema: 99"))?;
    is_missing(&cdn, "configuration", "schema").await?;
    std::fs::remove_file(cdn.config(0))?;
    is_missing(&cdn, "configuration", "there is no").await
}
