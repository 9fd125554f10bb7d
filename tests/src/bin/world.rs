//! The server of the tests in a process of its own, for what a process shares with nobody:
//! descriptors, memory, limits. `world ENGINE FOLDER` writes where it listens into FOLDER and
//! serves until it is ended. SIGUSR1 has it hand back to the kernel what it has freed, and say
//! how often it has asked for memory.

#![allow(unsafe_code)]

use anyhow::{Context, Result};
use contract::config::{EngineChoice, Limits};
use contract::quantity::Seconds;
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use tests::http_harness::apart::{GIVEN_BACK, Whereabouts};
use tests::http_harness::world::World;
use tokio::signal::unix::{SignalKind, signal};

/// The usual allocator, counted.
struct Counting;

static ASKED: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: everything is left to the usual allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as whoever called this has promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as whoever called this has promised.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as whoever called this has promised.
        unsafe { System.realloc(memory, layout, size) }
    }
}

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
        let asked = ASKED.load(Ordering::Relaxed).to_string();
        let draft = Path::new(&folder).join("allocations");
        std::fs::write(&draft, asked)?;
        std::fs::rename(draft, Path::new(&folder).join(GIVEN_BACK))?;
    }
    Ok(())
}

/// An allocator keeps what was freed, for each thread some: that is no leak, and would hide
/// one.
fn give_back() {
    // SAFETY: it may be called at any time from any thread (malloc_trim(3)).
    unsafe { nix::libc::malloc_trim(0) };
}
