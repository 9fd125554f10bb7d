//! The server of the tests in a process of its own, for what a process shares with nobody:
//! descriptors, memory, limits. `world ENGINE FOLDER` writes where it listens into FOLDER and
//! serves until it is ended. SIGUSR1 has it hand back to the kernel what it has freed.

use anyhow::{Context, Result};
use contract::config::{EngineChoice, Limits};
use contract::quantity::Seconds;
use std::path::Path;
use tests::http_harness::apart::{GIVEN_BACK, Whereabouts};
use tests::http_harness::world::World;
use tokio::signal::unix::{SignalKind, signal};

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
    let mut told = signal(SignalKind::user_defined1())?;
    whereabouts.write(Path::new(&folder))?;
    while told.recv().await.is_some() {
        give_back();
        std::fs::write(Path::new(&folder).join(GIVEN_BACK), [])?;
    }
    Ok(())
}

/// An allocator keeps what was freed, for each thread some: that is no leak, and would hide
/// one.
#[expect(unsafe_code, reason = "malloc_trim is a foreign function without arguments of ours")]
fn give_back() {
    // SAFETY: it may be called at any time from any thread (malloc_trim(3)).
    unsafe { nix::libc::malloc_trim(0) };
}
