//! What an operator has a box do with its disks from afar, with real boxes and a real fleet.

use anyhow::{Context, Result, ensure};
use contract::report::DiskReport;
use nix::sys::signal::Signal;
use tests::small_cdn::{BOXES, SmallCdn, path};

/// The only disk of the first box.
async fn disk(cdn: &SmallCdn) -> Result<DiskReport> {
    cdn.report(0).await?.disks.pop().context("it has a disk")
}

async fn is_ejected(cdn: &SmallCdn) -> Result<bool> {
    Ok(disk(cdn).await?.ejected.is_some_and(|reason| reason == "as an operator asked"))
}

/// Asks for something and waits until the box has done it.
async fn done(cdn: &SmallCdn, what: &str) -> Result<()> {
    let said = cdn.fleet_json(&format!("disk {what} --wait")).await?;
    ensure!(said["state"] == "done" && said["appliance"] == BOXES[0], "{said}");
    Ok(())
}

#[tokio::test]
async fn a_disk_is_ejected_readmitted_and_scrubbed_from_afar() -> Result<()> {
    let mut cdn = SmallCdn::start().await?;
    let (name, folder) = (BOXES[0], disk(&cdn).await?.folder);
    ensure!(cdn.status(0, &path(1)).await == 200);

    done(&cdn, &format!("eject {name} {folder}")).await?;
    ensure!(is_ejected(&cdn).await?);
    ensure!(cdn.status(0, &path(1)).await == 404, "what is out of sight is served");
    let told = async |cdn: &SmallCdn| {
        let all = cdn.fleet_json(&format!("disk list {name}")).await;
        all.is_ok_and(|all| all["items"][0]["ejected"].is_string())
    };
    cdn.until("the fleet shows that the disk is ejected", told).await?;

    // Neither a reload nor a restart brings it back.
    let daemon = cdn.boxes[0].as_ref().context("it runs")?;
    daemon.signal(Signal::SIGHUP)?;
    let reloaded = "the disks are those of the configuration";
    cdn.until("the box has read again", async |cdn| cdn.log(0).contains(reloaded)).await?;
    ensure!(is_ejected(&cdn).await?, "a reload brings it back");
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box(0).await?;
    ensure!(is_ejected(&cdn).await?, "a restart brings it back");

    let asked = cdn.origin_requests()?;
    done(&cdn, &format!("readmit {name} {folder}")).await?;
    ensure!(disk(&cdn).await?.ejected.is_none());
    ensure!(cdn.status(0, &path(1)).await == 200, "what stands on the disk is held again");
    ensure!(cdn.origin_requests()? == asked, "it was fetched again");

    let before = disk(&cdn).await?.scrub.map(|scrub| scrub.began_us);
    done(&cdn, &format!("scrub {name}")).await?;
    let is_over = async |cdn: &SmallCdn| {
        let scrub = disk(cdn).await.ok().and_then(|disk| disk.scrub);
        scrub.is_some_and(|scrub| {
            Some(scrub.began_us) > before && scrub.ended_us.is_some() && scrub.bytes_done > 0
        })
    };
    cdn.until("the disk is read through", is_over).await?;

    let all = cdn.fleet_json(&format!("appliance commands {name}")).await?;
    let states: Vec<_> = all["items"].as_array().into_iter().flatten().collect();
    ensure!(states.len() == 3 && states.iter().all(|item| item["state"] == "done"), "{all}");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_one_thing_is_asked_at_a_time() -> Result<()> {
    let mut cdn = SmallCdn::start().await?;
    let (name, folder) = (BOXES[0], disk(&cdn).await?.folder);
    for (line, reason) in [
        (format!("disk eject {name} /nowhere"), "has no disk in /nowhere"),
        (format!("disk eject oca9.site-a {folder}"), "oca9.site-a"),
        ("disk scrub oca9.site-a".to_owned(), "oca9.site-a"),
    ] {
        let said = format!("{:?}", cdn.fleet_ok(&line).await.err());
        ensure!(said.contains(reason), "{line}: {said}");
    }
    // A box that is away is asked all the same, and not for two things.
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.fleet_ok(&format!("disk eject {name} {folder}")).await?;
    let said = format!("{:?}", cdn.fleet_ok(&format!("disk scrub {name}")).await.err());
    ensure!(said.contains("another command first: eject disk"), "{said}");
    let said = cdn.fleet_ok(&format!("disk scrub {} --wait", BOXES[1])).await;
    ensure!(said.is_ok(), "another box is asked for what it likes: {said:?}");
    cdn.start_box(0).await?;
    cdn.until("it hears of it", async |cdn| is_ejected(cdn).await.unwrap_or(false)).await
}
