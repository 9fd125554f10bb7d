//! The server of the tests in a process of its own, for what a process shares with nobody:
//! descriptors, memory, limits. `world ENGINE FOLDER` writes where it listens into FOLDER and
//! serves until it is ended.

use anyhow::{Context, Result};
use contract::config::{EngineChoice, Limits};
use contract::quantity::Seconds;
use std::path::Path;
use tests::http_harness::apart::Whereabouts;
use tests::http_harness::world::World;

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (engine, folder) = args.next().zip(args.next()).context("ENGINE FOLDER")?;
    let engine: EngineChoice = serde_json::from_value(engine.into())?;
    // Long enough for a test, so that nobody is let go by the clock.
    let limits = Limits {
        header_timeout_s: Seconds(60),
        handshake_timeout_s: Seconds(60),
        ..Limits::default()
    };
    let world = World::start(engine, limits, 16 << 20)?;
    let whereabouts = Whereabouts { players: world.players[0], ca_file: world.ca.file.clone() };
    whereabouts.write(Path::new(&folder))?;
    std::future::pending().await
}
