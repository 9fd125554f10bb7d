//! What the policy for demand-filled content misses, in bytes, against LRU and S3-FIFO, on
//! sequences from observed demand and on generated ones. Nothing is served.

use super::Found;
use crate::bench::sheet::{Limit, Row};
use crate::byte_miss::replay::{self, AtSize, Replayed};
use crate::byte_miss::rules::{ABOVE, CLOSED, GAP};
use crate::byte_miss::sequence::Sequence;
use crate::byte_miss::{observed, sequences, table};
use anyhow::Result;

const SEED: u64 = 1;

pub(super) fn run() -> Result<Found> {
    let mut notes = vec![format!("byte-miss: seed {SEED}")];
    let mut all: Vec<Sequence> = match observed::folder() {
        Some(folder) => observed::sequences(&folder, SEED)?,
        None => {
            notes.push(format!("byte-miss: {}", observed::ABSENT));
            Vec::new()
        }
    };
    all.extend(sequences::GENERATED.iter().map(|(name, generate)| generate(name, SEED)));
    let replayed: Vec<Replayed> = all.iter().map(|sequence| replay::all(sequence, true)).collect();
    notes.push(table::text(&replayed));
    let rows = replayed.iter().flat_map(rows).collect();
    Ok(Found { runs: 1, rows, notes })
}

fn rows(replayed: &Replayed) -> Vec<Row> {
    replayed.sizes.iter().flat_map(|at| [above(replayed, at), closed(replayed, at)]).collect()
}

fn above(replayed: &Replayed, at: &AtSize) -> Row {
    let better = if at.lru.bytes <= at.s3_fifo.bytes {
        ("LRU", at.lru.bytes)
    } else {
        ("S3-FIFO", at.s3_fifo.bytes)
    };
    let name = format!("{} {} %: bytes missed", replayed.sequence, at.size_percent);
    Row::new(name, "share", at.ours.bytes, better, Some(Limit::AtMost(1.0 + ABOVE)))
}

/// Of what LRU misses more than Belady's rule, how much ours does not.
fn closed(replayed: &Replayed, at: &AtSize) -> Row {
    let limit = (at.gap() >= GAP).then_some(Limit::AtLeast(CLOSED));
    let name = format!("{} {} %: of the gap from LRU", replayed.sequence, at.size_percent);
    Row::new(name, "share", at.lru.bytes - at.ours.bytes, ("Belady", at.gap()), limit)
}
