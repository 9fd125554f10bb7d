//! From what boxes count to plays of a day.
//!
//! A play is a whole file's worth: bytes sent of a file over its size do as well. Counters are of
//! titles, episodes and renditions, never of a viewer.

use super::catalogue::{Catalogue, LADDERS, RENDITIONS};
use super::refused::{Record, Refused};
use std::collections::BTreeMap;

/// More than all people could play in a day.
const PLAYS_MAX: f64 = 1e15;

/// A meter's reading: its key, and all that it has counted since it started.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Which meter. Keys are the caller's: box and title, say.
    pub key: u64,
    /// What it has counted.
    pub total: f64,
}

/// What meters have counted since they were read before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counted {
    /// By meter, rising by key.
    pub plays: Vec<(u64, f64)>,
    /// Meters that said less than before: they have started anew, and what they say now was
    /// counted from 0. What they counted between the last reading and their end is lost.
    pub restarted: Vec<u64>,
}

/// Meters that only rise until they restart.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    totals: BTreeMap<u64, f64>,
    is_read: bool,
}

impl Meter {
    /// What was counted since the reading before. The first says nothing: it is unknown since when
    /// these meters count. One that was not there at the reading before has counted from 0.
    ///
    /// # Errors
    /// [`Refused::Count`] for a total that is none; nothing was read then.
    pub fn read(&mut self, readings: &[Reading]) -> Result<Counted, Refused> {
        for reading in readings {
            check(Record::Meter(reading.key), reading.total)?;
        }
        let is_first = !std::mem::replace(&mut self.is_read, true);
        let mut counted = Counted::default();
        for Reading { key, total } in readings.iter().copied() {
            let before = self.totals.insert(key, total).unwrap_or(0.0);
            let plays = if total < before { total } else { total - before };
            if is_first {
                continue;
            }
            if total < before {
                counted.restarted.push(key);
            }
            counted.plays.push((key, plays));
        }
        counted.plays.sort_by_key(|plays| plays.0);
        counted.restarted.sort_unstable();
        Ok(counted)
    }
}

/// Plays of one rendition of one ladder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RenditionCount {
    /// Which ladder.
    pub ladder: u8,
    /// Which of its renditions.
    pub rendition: u8,
    /// How many.
    pub plays: f64,
}

/// What was learned of a day.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Taken {
    /// Plays of titles that the catalogue knows.
    pub plays: f64,
    /// Plays of others, which nothing was learned from.
    pub unknown_plays: f64,
}

/// Whether titles' counts can be taken, and how many they are.
pub(super) fn take_titles(counts: &[(u32, f64)], catalogue: &Catalogue) -> Result<Taken, Refused> {
    let mut taken = Taken::default();
    for (title, plays) in counts.iter().copied() {
        check(Record::Title(title), plays)?;
        let is_known = (title as usize) < catalogue.titles().len();
        *if is_known { &mut taken.plays } else { &mut taken.unknown_plays } += plays;
    }
    Ok(taken)
}

/// Whether episodes' counts can be taken. Those that the catalogue does not know belong to titles
/// that it does not know, which are counted there.
pub(super) fn check_episodes(counts: &[(u32, f64)]) -> Result<(), Refused> {
    counts.iter().try_for_each(|(episode, plays)| check(Record::Episode(*episode), *plays))
}

pub(super) fn check_renditions(counts: &[RenditionCount]) -> Result<(), Refused> {
    counts.iter().try_for_each(|RenditionCount { ladder, rendition, plays }| {
        let record = Record::Rendition { ladder: *ladder, rendition: *rendition };
        if usize::from(*ladder) >= LADDERS || usize::from(*rendition) >= RENDITIONS {
            return Err(Refused::NoSuchRendition { record });
        }
        check(record, *plays)
    })
}

fn check(record: Record, plays: f64) -> Result<(), Refused> {
    let is_count = (0.0..=PLAYS_MAX).contains(&plays);
    if is_count { Ok(()) } else { Err(Refused::Count { record, plays }) }
}
