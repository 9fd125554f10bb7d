//! The server of the tests in a process of its own, for what a process shares with nobody:
//! descriptors, memory, limits. `world ENGINE FOLDER` writes where it listens into FOLDER and
//! serves until it is ended. SIGUSR1 has it say what it has asked for of memory.

#![allow(unsafe_code)]

use anyhow::{Context, Result};
use contract::config::{EngineChoice, Limits};
use contract::quantity::Seconds;
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use tests::http_harness::apart::{Memory, Note, Whereabouts};
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
    whereabouts.leave(Path::new(&folder))?;
    while told.recv().await.is_some() {
        let asked = ASKED.load(Ordering::Relaxed);
        Memory { asked, in_use_bytes: in_use_bytes() }.leave(Path::new(&folder))?;
    }
    Ok(())
}

/// What was asked for and not given back, from Rust and from C. The process keeps more: a page
/// is the kernel's again when nothing stands in it, and who comes and goes beside what stays
/// leaves many a page with little in it.
fn in_use_bytes() -> u64 {
    // SAFETY: it may be called at any time from any thread (mallinfo2(3)).
    let of_all_arenas = unsafe { nix::libc::mallinfo2() };
    (of_all_arenas.uordblks + of_all_arenas.hblkhd) as u64
}
