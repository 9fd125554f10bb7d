//! What the players saw came through the uring engine.

use super::Verdict;
use crate::demo::world::World;
use anyhow::{Result, ensure};

/// Of all bytes of content; the rest may be a probe over HTTP/2.
const LEAST_SHARE: f64 = 0.99;

/// Three players, some 30 s of video each, more than once: less was not measured.
const LEAST_BYTES: u64 = 50 << 20;

pub(super) async fn run(world: &World, verdict: &mut Verdict) {
    verdict.add("engine", carried(world).await);
}

async fn carried(world: &World) -> Result<String> {
    let sent = world.sent_by_engine().await?;
    let total: u64 = sent.values().sum();
    let uring = sent.get("uring").copied().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = uring as f64 / total as f64;
    ensure!(total >= LEAST_BYTES, "the boxes have sent {total} bytes only: {sent:?}");
    ensure!(share >= LEAST_SHARE, "{:.2} % left through uring: {sent:?}", share * 100.0);
    Ok(format!("{uring} of {total} bytes to players left through uring"))
}
