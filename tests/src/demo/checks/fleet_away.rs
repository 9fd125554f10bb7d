//! The fleet manager dies; whoever watches goes on watching.

use super::Verdict;
use super::players::{page, play};
use crate::demo::world::World;
use anyhow::{Context, Result, ensure};
use std::time::Duration;

pub(super) async fn run(world: &mut World, verdict: &mut Verdict) -> Result<()> {
    for (name, player) in [("hls.js", "hls"), ("dash.js", "dash"), ("shaka-player", "shaka")] {
        let outcome = lose_fleet(world, player).await;
        if world.fleet.is_none() {
            world.start_fleet().await?;
        }
        verdict.add(&format!("{name} without fleet"), outcome);
    }
    Ok(())
}

async fn lose_fleet(world: &mut World, player: &str) -> Result<String> {
    let mut browser = world.browser().await?;
    browser.open(&page(world, player, "shipped")?).await?;
    let patience = Duration::from_secs(60);
    play(&mut browser, Duration::from_secs(5), patience).await.context("before the loss")?;
    world.fleet.take().context("it runs")?.kill().await?;
    // Longer than the buffer: what is played in the end was fetched after the loss.
    let span = Duration::from_secs(20);
    let after = play(&mut browser, span, patience).await.context("after the loss")?;
    browser.quit().await?;
    ensure!(after.stall_seconds == 0.0, "stood still for {:.1} s", after.stall_seconds);
    Ok(format!("{:.1} s played, fleet killed with SIGKILL", after.current_time))
}
