//! The way there, and the way back at the deadline and at a boot.

use super::device::{
    BOX, agreed, armed_for, becomes_clean, in_a_lab, is_clean, is_taken_back, must, of_witnesses,
    present, read, run, status, step,
};
use anyhow::{Context, Result, ensure};
use config_render::device::{Bundle, Check, Draft, Outcome, State, Step, When};
use tests::lab::Lab;

const ROUTER: &str = "router";
const BIRD: &str = "/etc/bird/bird.conf";

/// BIRD's configuration with a protocol more.
async fn bird(lab: &Lab, label: &str, protocol: &str) -> Result<Bundle> {
    let text = read(lab, ROUTER, &format!("cat {BIRD}")).await?;
    let check = Check { path: BIRD.to_owned(), command: "bird -p -c {}".to_owned(), limit_s: 5 };
    let draft = Draft {
        label: label.to_owned(),
        files: vec![present(BIRD, &format!("{text}\n{protocol}\n"))],
        checks: vec![check],
        commands: vec![run(When::Both, "systemctl reload bird")],
    };
    Ok(draft.pack()?)
}

async fn has_protocol(lab: &Lab, name: &str) -> Result<bool> {
    Ok(read(lab, ROUTER, "birdc show protocols").await?.contains(name))
}

#[tokio::test]
async fn bird_is_checked_changed_and_comes_back() -> Result<()> {
    in_a_lab(async |lab| {
        let nonsense = bird(lab, "nonsense", "protocol static more { router; }").await?;
        must(lab, ROUTER, &nonsense, &[Step::Stage]).await?;
        let (outcome, said) = step(lab, ROUTER, &nonsense, Step::Check).await?;
        ensure!(outcome == Outcome::Failed && said.err.contains("syntax error"), "{said:?}");

        let kept = bird(lab, "kept", "protocol static more { ipv4; }").await?;
        must(lab, ROUTER, &kept, &armed_for(60)).await?;
        ensure!(has_protocol(lab, "more").await?, "BIRD does not run the new configuration");
        must(lab, ROUTER, &kept, &[Step::Disarm]).await?;
        is_clean(lab, ROUTER).await?;

        let lost = bird(lab, "lost", "protocol static never { ipv4; }").await?;
        must(lab, ROUTER, &lost, &armed_for(5)).await?;
        ensure!(has_protocol(lab, "never").await?, "BIRD does not run the new configuration");
        comes_back(lab, ROUTER, &lost).await?;
        ensure!(!has_protocol(lab, "never").await?, "BIRD still runs what has gone");
        ensure!(has_protocol(lab, "more").await?, "BIRD does not run what was kept");

        lab.machine_mut(ROUTER)?.reboot().await?;
        ensure!(status(lab, ROUTER, &kept).await?.state == State::Disarmed);
        ensure!(has_protocol(lab, "more").await?, "a boot has taken back what was kept");
        Ok(())
    })
    .await
}

async fn comes_back(lab: &Lab, device: &str, bundle: &Bundle) -> Result<()> {
    is_taken_back(lab, device, bundle).await?;
    becomes_clean(lab, device).await
}

#[tokio::test]
async fn what_nobody_disarms_comes_back_and_what_somebody_does_stays() -> Result<()> {
    in_a_lab(async |lab| {
        let bundle = of_witnesses("c-1").pack()?;
        must(lab, BOX, &bundle, &armed_for(6)).await?;
        // Its command has started a unit, and with it systemd asks for all that a boot starts; somebody may
        // also do so by hand.
        read(lab, BOX, "systemctl restart headend-revert-boot.service").await?;
        ensure!(agreed(lab, &bundle).await? == State::Switched);
        let timers = "systemctl show headend-revert.timer -p TimersMonotonic -p TimersCalendar";
        let timers = read(lab, BOX, timers).await?;
        ensure!(timers.contains("OnActiveUSec=6s") && !timers.contains("OnCalendar"), "{timers}");
        comes_back(lab, BOX, &bundle).await?;
        ensure!(agreed(lab, &bundle).await? == State::Reverted);

        let again = of_witnesses("c-2").pack()?;
        must(lab, BOX, &again, &armed_for(60)).await?;
        must(lab, BOX, &again, &[Step::Disarm]).await?;
        is_clean(lab, BOX).await?;
        lab.machine_mut(BOX)?.reboot().await?;
        ensure!(agreed(lab, &again).await? == State::Disarmed);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn after_a_boot_services_start_with_what_was_there_before() -> Result<()> {
    in_a_lab(async |lab| {
        let mut draft = of_witnesses("c-1");
        let rules = read(lab, BOX, "cat /etc/nftables.conf").await?;
        draft
            .files
            .push(present("/etc/nftables.conf", &format!("{rules}\ntable inet witness {{ }}\n")));
        // systemd has read the units when the files come back.
        let unit = read(lab, BOX, "cat /etc/systemd/system/witness.service").await?;
        let unit = unit.replace("/run/witness'", "/run/witness; touch /run/new-unit'");
        draft.files.push(present("/etc/systemd/system/witness.service", &unit));
        draft.commands.insert(0, run(When::Both, "systemctl daemon-reload"));
        draft.commands.push(run(When::Both, "systemctl reload nftables"));
        let bundle = draft.pack()?;
        must(lab, BOX, &bundle, &armed_for(600)).await?;
        let rules = "nft list ruleset";
        ensure!(
            read(lab, BOX, rules).await?.contains("table inet witness"),
            "nothing was switched"
        );
        read(lab, BOX, "test -e /run/new-unit").await?;

        lab.machine_mut(BOX)?.reboot().await?;
        ensure!(agreed(lab, &bundle).await? == State::Reverted);
        ensure!(!read(lab, BOX, rules).await?.contains("table inet witness"), "rules of after");
        ensure!(read(lab, BOX, "cat /run/witness-early").await? == "old-a\nold-b\n");
        read(lab, BOX, "test ! -e /run/new-unit").await.context("a unit of after has run")?;
        ensure!(read(lab, BOX, "systemctl list-units --failed --no-legend").await?.is_empty());
        Ok(())
    })
    .await
}
