//! Disks that are full or cannot be written: nothing is half-done, and what has failed is not called done.

use super::device::{
    BOX, agreed, armed_for, becomes_clean, heard, in_a_lab, is_taken_back, must, of_witnesses,
    present, read, run, sh, status, step,
};
use anyhow::{Result, ensure};
use config_render::device::{Bundle, Draft, Observed, Outcome, State, Step, When};
use tests::lab::Lab;
use tests::lab::cdn::wait_for;

const OLD: &str = "old\n";

/// Two files on a small file system of their own.
async fn small(lab: &Lab, label: &str, kib: usize) -> Result<Bundle> {
    read(lab, BOX, "mkdir -p /etc/small && mount -t tmpfs -o size=1m tmpfs /etc/small").await?;
    read(lab, BOX, "for name in a b; do echo old >/etc/small/$name.conf; done").await?;
    let content = "n".repeat(kib << 10);
    let draft = Draft {
        label: label.to_owned(),
        files: ["a", "b"].map(|name| present(&format!("/etc/small/{name}.conf"), &content)).into(),
        checks: Vec::new(),
        commands: vec![run(When::Both, "true")],
    };
    Ok(draft.pack()?)
}

/// A small file system for what is remembered of changes; the program goes along.
async fn little_room(lab: &Lab, size: &str) -> Result<()> {
    let state = format!("mount -t tmpfs -o size={size} tmpfs /var/lib/headend-change");
    let program = "cp /var/lib/headend-change/change.sh /run";
    let back = "cp /run/change.sh /var/lib/headend-change";
    read(lab, BOX, &format!("{program} && {state} && {back}")).await.map(drop)
}

async fn fill(lab: &Lab, folder: &str) -> Result<()> {
    sh(lab, BOX, &format!("cat /dev/zero >{folder}/ballast"), b"").await?;
    let full = sh(lab, BOX, &format!("/bin/echo more >{folder}/ballast-2"), b"").await?;
    ensure!(full.err.contains("No space left on device"), "{full:?}");
    Ok(())
}

async fn is_old(lab: &Lab) -> Result<()> {
    for name in ["a", "b"] {
        let text = read(lab, BOX, &format!("cat /etc/small/{name}.conf")).await?;
        ensure!(text == OLD, "{name}: {} bytes", text.len());
    }
    Ok(())
}

#[tokio::test]
async fn a_disk_without_room_is_told_before_anything_is_touched() -> Result<()> {
    in_a_lab(async |lab| {
        let large = small(lab, "large", 600).await?;
        let (outcome, said) = step(lab, BOX, &large, Step::Stage).await?;
        ensure!(outcome == Outcome::Failed, "{said:?}");
        ensure!(said.err.contains("no room (ENOSPC) at /etc/small"), "{said:?}");
        ensure!(status(lab, BOX, &large).await?.state == State::None);

        little_room(lab, "400k").await?;
        for kib in [150, 600] {
            let bundle = small(lab, "state", kib).await?;
            let (outcome, said) = step(lab, BOX, &bundle, Step::Stage).await?;
            ensure!(outcome == Outcome::Failed && said.err.contains("ENOSPC"), "{said:?}");
            ensure!(status(lab, BOX, &bundle).await?.state == State::None);
        }
        let left = read(lab, BOX, "ls /var/lib/headend-change").await?;
        ensure!(left == "change.sh\n", "{left}");
        is_old(lab).await
    })
    .await
}

#[tokio::test]
async fn a_disk_that_is_full_at_the_switch_switches_nothing() -> Result<()> {
    in_a_lab(async |lab| {
        let bundle = small(lab, "switch", 200).await?;
        let [stage, check, arm, switch] = armed_for(30);
        must(lab, BOX, &bundle, &[stage, check, arm]).await?;
        fill(lab, "/etc/small").await?;
        let (outcome, said) = step(lab, BOX, &bundle, switch).await?;
        ensure!(outcome == Outcome::Failed, "{said:?}");
        ensure!(said.err.contains("nothing is switched"), "{said:?}");
        ensure!(said.err.contains("No space left on device"), "{said:?}");
        is_old(lab).await?;
        must(lab, BOX, &bundle, &[Step::Revert]).await?;
        is_old(lab).await?;
        becomes_clean(lab, BOX).await
    })
    .await
}

/// What it goes back to was laid beside each file when it was armed.
#[tokio::test]
async fn a_full_disk_keeps_nothing_from_coming_back() -> Result<()> {
    in_a_lab(async |lab| {
        little_room(lab, "2m").await?;
        let bundle = small(lab, "revert", 200).await?;
        must(lab, BOX, &bundle, &armed_for(8)).await?;
        fill(lab, "/etc/small").await?;
        fill(lab, "/var/lib/headend-change").await?;
        is_taken_back(lab, BOX, &bundle).await?;
        is_old(lab).await
    })
    .await
}

/// What mounts the witnesses' folder so that nobody can write there, as early as that can be.
const READ_ONLY: &str = "[Unit]
DefaultDependencies=no
Before=local-fs.target
[Mount]
What=/etc/witness
Where=/etc/witness
Type=none
Options=bind,ro
";

#[tokio::test]
async fn a_boot_that_cannot_write_goes_on_trying_and_tells_the_services() -> Result<()> {
    in_a_lab(async |lab| {
        let bundle = of_witnesses("c-1").pack()?;
        must(lab, BOX, &bundle, &armed_for(600)).await?;
        let units = "/etc/systemd/system";
        let place = format!(
            "cat >{units}/etc-witness.mount && mkdir -p {units}/local-fs.target.wants && \
             ln -s ../etc-witness.mount {units}/local-fs.target.wants"
        );
        let said = sh(lab, BOX, &place, READ_ONLY.as_bytes()).await?;
        ensure!(said.code == Some(0), "{said:?}");
        lab.machine_mut(BOX)?.reboot().await?;
        let has_failed = async || {
            status(lab, BOX, &bundle).await.is_ok_and(|status| {
                status.state == State::RevertFailed && status.is_guarded && status.error.is_some()
            })
        };
        wait_for("it says that it has failed, and goes on", has_failed).await?;
        ensure!(heard(lab).await? == Observed::After, "it has started without its files");

        read(lab, BOX, "systemctl stop etc-witness.mount").await?;
        is_taken_back(lab, BOX, &bundle).await?;
        ensure!(agreed(lab, &bundle).await? == State::Reverted);
        becomes_clean(lab, BOX).await
    })
    .await
}

#[tokio::test]
async fn a_revert_that_cannot_write_has_failed_and_is_tried_until_it_can() -> Result<()> {
    in_a_lab(async |lab| {
        let bundle = small(lab, "read-only", 4).await?;
        must(lab, BOX, &bundle, &armed_for(4)).await?;
        read(lab, BOX, "mount -o remount,ro /etc/small").await?;
        let tries = async || {
            let count =
                "journalctl -u headend-revert.service -o cat | grep -c 'the revert has failed'";
            let said = read(lab, BOX, count).await.unwrap_or_default();
            said.trim().parse::<u32>().unwrap_or(0)
        };
        wait_for("it tries twice", async || tries().await >= 2).await?;
        let status_now = status(lab, BOX, &bundle).await?;
        ensure!(
            matches!(status_now.state, State::RevertFailed | State::Reverting),
            "{status_now:?}"
        );
        ensure!(status_now.observed() == Observed::After, "{status_now:?}");
        let error = status_now.error.unwrap_or_default();
        ensure!(error.contains("Read-only file system"), "{error}");

        read(lab, BOX, "mount -o remount,rw /etc/small").await?;
        is_taken_back(lab, BOX, &bundle).await?;
        is_old(lab).await?;
        becomes_clean(lab, BOX).await
    })
    .await
}
