//! Killed at every point of every verb, on a real systemd; then the power is cut, or the deadline comes.

use super::device::{
    BOX, agreed, armed_for, becomes_clean, in_a_lab, is_clean, is_taken_back, must, of_witnesses,
    step_until,
};
use anyhow::{Context, Result, ensure};
use config_render::device::{Bundle, State, Step};
use tests::lab::Lab;

/// What was done before this step, without a kill.
fn before(step: Step, seconds: u32) -> Vec<Step> {
    let all = armed_for(seconds);
    let at = all.iter().position(|one| *one == step).unwrap_or(all.len());
    all[..at].to_vec()
}

/// Does the steps before, and kills the one that is meant at this point; no bundle when there is no such point.
async fn kill(lab: &Lab, step: Step, point: u32, seconds: u32) -> Result<Option<Bundle>> {
    let bundle = of_witnesses(&format!("c-{point}")).pack()?;
    must(lab, BOX, &bundle, &before(step, seconds)).await?;
    let said = step_until(lab, BOX, (&bundle, step), point).await?;
    match said.code {
        None => Ok(Some(bundle)),
        Some(code) => {
            ensure!(code == 0, "{step:?}: {said:?}");
            Ok(None)
        }
    }
}

/// What is there for good is taken away, so that the next round begins as this one.
async fn restore(lab: &Lab, bundle: &Bundle, state: State) -> Result<()> {
    if state == State::Disarmed {
        let old =
            "echo old-a >/etc/witness/a.conf; echo old-b >/etc/witness/b.conf; rm -r /etc/late";
        super::device::read(lab, BOX, &format!("{old}; systemctl restart witness")).await?;
    } else if state != State::None {
        must(lab, BOX, bundle, &[Step::Revert]).await?;
        is_clean(lab, BOX).await?;
    }
    Ok(())
}

async fn power_is_cut_at_each_point_of(step: Step, at_least: u32) -> Result<()> {
    in_a_lab(async |lab| {
        let mut point = 1;
        while let Some(bundle) = kill(lab, step, point, 300).await? {
            let place = || format!("{step:?}, killed at point {point}, then without power");
            lab.cut_power(BOX).await?;
            lab.restore_power(BOX).await?;
            let state = agreed(lab, &bundle).await.with_context(place)?;
            ensure!(state != State::Armed && state != State::Switched, "{}: {state:?}", place());
            restore(lab, &bundle, state).await.with_context(place)?;
            point += 1;
        }
        ensure!(point > at_least, "{step:?} has only {point} points: is the walk one?");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn power_cuts_after_arm() -> Result<()> {
    power_is_cut_at_each_point_of(Step::Arm { seconds: 300 }, 10).await
}

#[tokio::test]
async fn power_cuts_after_switch() -> Result<()> {
    power_is_cut_at_each_point_of(Step::Switch, 8).await
}

#[tokio::test]
async fn power_cuts_after_disarm() -> Result<()> {
    power_is_cut_at_each_point_of(Step::Disarm, 5).await
}

#[tokio::test]
async fn power_cuts_after_revert() -> Result<()> {
    power_is_cut_at_each_point_of(Step::Revert, 8).await
}

/// The same, and nothing else happens: systemd's timer has to do it.
#[tokio::test]
async fn the_deadline_comes_after_each_point_of_switch() -> Result<()> {
    in_a_lab(async |lab| {
        let mut point = 1;
        while let Some(bundle) = kill(lab, Step::Switch, point, 4).await? {
            let place = || format!("switch, killed at point {point}, then its deadline");
            is_taken_back(lab, BOX, &bundle).await.with_context(place)?;
            agreed(lab, &bundle).await.with_context(place)?;
            becomes_clean(lab, BOX).await?;
            point += 1;
        }
        ensure!(point > 8, "switch has only {point} points: is the walk one?");
        Ok(())
    })
    .await
}
