//! A file of the spool: records whose numbers follow one another, named by the first.

use super::line::{self, Record};
use crate::keep;
use anyhow::{Context, Result};
use contract::late::LateReport;
use contract::report::{Event, MAX_EVENTS};
use contract::time::TimeUs;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

pub(super) const SUFFIX: &str = "spool";

/// A file takes a block of the file system at least.
const LEAST_BYTES: u64 = 4096;

/// Of old detail that has to go, one report in so long stays.
const THIN_S: i64 = 600;

/// A file of the spool.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) file: PathBuf,
    pub(super) last: u64,
    pub(super) bytes: u64,
    pub(super) oldest_us: TimeUs,
    pub(super) newest_us: TimeUs,
    /// Of what is in it: not all of them follow one another.
    pub(super) numbers: Vec<u64>,
    /// Its detail has gone, or cannot go.
    pub(super) is_thin: bool,
}

impl Segment {
    /// What is in a file; `None` if that is nothing.
    pub(super) fn open(file: PathBuf, most_bytes: u64) -> Result<Option<Self>> {
        let (records, bytes) = read(&file, most_bytes)?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(None) };
        Ok(Some(Self {
            last: last.number,
            bytes,
            oldest_us: first.report.made_at_us,
            newest_us: last.report.made_at_us,
            numbers: records.iter().map(|record| record.number).collect(),
            file,
            is_thin: false,
        }))
    }

    /// A file with nothing in it yet.
    pub(super) fn new(folder: &Path, first: u64, at: TimeUs) -> Self {
        let file = folder.join(format!("{first:016x}.{SUFFIX}"));
        let (last, bytes, numbers, is_thin) = (0, 0, Vec::new(), false);
        Self { file, last, bytes, oldest_us: at, newest_us: at, numbers, is_thin }
    }

    pub(super) fn records(&self, most_bytes: u64) -> Result<Vec<Record>> {
        Ok(read(&self.file, most_bytes)?.0)
    }

    /// What it takes of the disk.
    pub(super) fn takes_bytes(&self) -> u64 {
        self.bytes.max(LEAST_BYTES)
    }

    /// How many of its records come after one.
    pub(super) fn count_after(&self, number: u64) -> u64 {
        self.numbers.iter().filter(|it| **it > number).count() as u64
    }

    /// Keeps of each ten minutes the last report, with what happened in them. Counters count
    /// from the start of a process, so that no sum is lost. Nothing changes where little would
    /// be gained, or on an error; nor is it tried again.
    pub(super) fn thin(&mut self, most_bytes: u64) -> Result<()> {
        self.is_thin = true;
        let kept = thinned(self.records(most_bytes)?);
        let lines: Vec<Vec<u8>> = kept.iter().map(line::encode).collect::<Result<_, _>>()?;
        let bytes = lines.concat();
        if bytes.len() as u64 > self.bytes / 2 {
            return Ok(());
        }
        keep::write(&self.file, &bytes)?;
        self.bytes = bytes.len() as u64;
        self.numbers = kept.iter().map(|record| record.number).collect();
        if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
            (self.oldest_us, self.newest_us) = (first.report.made_at_us, last.report.made_at_us);
            self.last = last.number;
        }
        Ok(())
    }
}

/// Whole lines of a file, and its length.
fn read(file: &Path, most_bytes: u64) -> Result<(Vec<Record>, u64)> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(most_bytes).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", file.display()))?;
    let length = fs::metadata(file).map_or(0, |metadata| metadata.len());
    Ok((line::decode_all(&bytes), length))
}

fn thinned(records: Vec<Record>) -> Vec<Record> {
    let mut kept: Vec<Record> = Vec::new();
    let period = |report: &LateReport| report.made_at_us.unix_s().div_euclid(THIN_S);
    for mut record in records {
        let is_same = |it: &&Record| {
            it.report.boot_id == record.report.boot_id
                && period(&it.report) == period(&record.report)
        };
        if let Some(before) = kept.last().filter(is_same) {
            let events = before.report.events.iter().chain(&record.report.events).cloned();
            record.report.events = worst(events.collect());
            kept.pop();
        }
        kept.push(record);
    }
    kept
}

/// As many events as a report carries: those that somebody must look at first.
fn worst(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by_key(|event| std::cmp::Reverse((event.severity, event.sequence)));
    events.truncate(MAX_EVENTS);
    events.sort_by_key(|event| event.sequence);
    events
}
