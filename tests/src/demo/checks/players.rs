//! Three players, one at a time: each plays from an appliance, loses it, and plays on
//! from another without standing still. Lost twice over: killed, so that its port answers
//! with a reset, and silent, so that nothing answers at all.

use super::Verdict;
use crate::demo::browser::{Browser, Playback};
use crate::demo::world::World;
use crate::demo::{network, plan::GROUPS};
use crate::operator::shares::shares;
use crate::say;
use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;
use tokio::time::Instant;

/// How long each player plays before, and again after it has lost its appliance.
const PLAY: Duration = Duration::from_secs(15);

/// Players, with the name that the page knows them by.
const PLAYERS: [(&str, &str); 3] =
    [("hls.js", "hls"), ("dash.js", "dash"), ("shaka-player", "shaka")];

/// What the shipped settings are compared with.
const STOCK: [(&str, &str); 2] =
    [("stock-10s", "stock settings with a 10 s buffer"), ("stock", "stock settings")];

/// Stock settings may take minutes to give up on a silent host.
const STOCK_PATIENCE: Duration = Duration::from_secs(150);

/// How an appliance goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Killed,
    Silent,
}

pub(super) async fn run(world: &mut World, verdict: &mut Verdict) -> Result<()> {
    for (name, player) in PLAYERS {
        for loss in [Loss::Killed, Loss::Silent] {
            let outcome = lose(world, player, "shipped", loss).await.and_then(|lost| {
                ensure!(lost.has_moved, "it still serves: {}", lost.told);
                ensure!(lost.stall_s == 0.0, "{}", lost.told);
                Ok(lost.told)
            });
            verdict.add(&format!("{name} {}", word(loss)), outcome);
        }
    }
    for (name, player) in PLAYERS {
        for (settings, words) in STOCK {
            let told = match lose(world, player, settings, Loss::Silent).await {
                Ok(lost) => lost.told,
                Err(err) => format!("{err:#}"),
            };
            say::line(&format!("     {name} silent, {words}  {told}"));
        }
    }
    Ok(())
}

fn word(loss: Loss) -> &'static str {
    match loss {
        Loss::Killed => "killed",
        Loss::Silent => "silent",
    }
}

struct Lost {
    told: String,
    /// Segments come from another host now.
    has_moved: bool,
    stall_s: f64,
}

async fn lose(world: &mut World, player: &str, settings: &str, loss: Loss) -> Result<Lost> {
    let mut browser = world.browser().await?;
    let outcome = play_and_lose(world, &mut browser, player, settings, loss).await;
    let closed = browser.quit().await;
    let lost = outcome?;
    closed?;
    Ok(lost)
}

async fn play_and_lose(
    world: &mut World,
    browser: &mut Browser,
    player: &str,
    settings: &str,
    loss: Loss,
) -> Result<Lost> {
    browser.open(&page(world, player, settings)?).await?;
    let patience = if settings == "shipped" { PLAY * 4 } else { STOCK_PATIENCE };
    let before = play(browser, PLAY, patience).await.context("before the loss")?;
    let host = before.serving_host.clone().context("no segment came from anywhere")?;
    let at = world.box_of_host(&host).with_context(|| format!("{host} is no appliance"))?;

    go_away(world, at, loss).await?;
    let after = play(browser, PLAY, patience).await;
    come_back(world, at, loss).await?;
    let after = after.with_context(|| format!("after {host} was {}", word(loss)))?;

    let next = after.serving_host.clone().context("no segment came from anywhere")?;
    let has_moved = next != host;
    let source = if has_moved { format!("{host} then {next}") } else { format!("{host} alone") };
    let told = format!(
        "{source}, {:.1} s played, {:.1} s ahead, stood still for {:.1} s",
        after.current_time, after.buffer_seconds, after.stall_seconds
    );
    Ok(Lost { told, has_moved, stall_s: after.stall_seconds })
}

/// The page that plays a title by itself.
pub(super) fn page(world: &World, player: &str, settings: &str) -> Result<String> {
    let title = format!("{}/{}", GROUPS[0].name, GROUPS[0].title);
    let query = format!("player={player}&settings={settings}&title={title}&autoplay=1");
    world.console(&format!("?{query}"))
}

/// Waits until the player has played for this long; standing still, it may take longer,
/// up to `patience`.
pub(super) async fn play(
    browser: &mut Browser,
    span: Duration,
    patience: Duration,
) -> Result<Playback> {
    let from = browser.playback().await?.current_time;
    let begun = Instant::now();
    loop {
        let now = browser.playback().await?;
        if now.current_time - from >= span.as_secs_f64() {
            return Ok(now);
        }
        ensure!(
            begun.elapsed() < patience,
            "played {:.1} of {} s, stood still for {:.1} s, errors {:?}",
            now.current_time - from,
            span.as_secs(),
            now.stall_seconds,
            now.errors
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn go_away(world: &mut World, at: usize, loss: Loss) -> Result<()> {
    match loss {
        Loss::Killed => world.kill_box(at).await,
        Loss::Silent => {
            // A box that has lost its power says nothing to anybody: not to viewers, not to
            // siblings, not to the fleet.
            let each = &world.plan.boxes[at];
            let ports = [each.player_port, each.peer_port];
            world.boxes[at]
                .as_ref()
                .context("it runs")?
                .signal(nix::sys::signal::Signal::SIGSTOP)?;
            network::silence(&ports).await?;
            is_silent(([127, 0, 0, 1], each.player_port).into()).await
        }
    }
}

/// Nobody answers, not even with a refusal.
async fn is_silent(address: std::net::SocketAddr) -> Result<()> {
    let connecting = tokio::net::TcpStream::connect(address);
    match tokio::time::timeout(Duration::from_millis(300), connecting).await {
        Err(_) => Ok(()),
        Ok(answer) => bail!("{address} should be silent, and answered: {answer:?}"),
    }
}

async fn come_back(world: &mut World, at: usize, loss: Loss) -> Result<()> {
    match loss {
        Loss::Killed => {
            let daemon = world.start_box(at).await?;
            world.boxes[at] = Some(daemon);
        }
        Loss::Silent => {
            network::unsilence().await?;
            world.boxes[at]
                .as_ref()
                .context("it runs")?
                .signal(nix::sys::signal::Signal::SIGCONT)?;
        }
    }
    wait_live(world).await
}

async fn wait_live(world: &World) -> Result<()> {
    let begun = Instant::now();
    while shares(&world.operator).await?.iter().any(|share| share.state != "live") {
        ensure!(begun.elapsed() < Duration::from_secs(30), "the appliance did not come back");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
