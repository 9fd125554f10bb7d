//! Reports that nobody could be told, on disk: bounded, oldest first, and sent later.
//!
//! ```text
//! spool/0000000000000001.spool   records 1 and up, a line each (`line`)
//! spool/00000000000001c3.spool   the next file begins with record 451
//! spool/delivered                the last record that the fleet has
//! ```
//!
//! Files are appended to and removed from the front. Each line is synchronised before it counts
//! as kept; what a crash tears is one line, and a process never appends to the file of another.
//! Where room is short, the oldest detail goes first: of the oldest file one report in ten
//! minutes stays, then the file goes. Whatever is missing is a gap in the numbers, and is told
//! with the report behind it.
//!
//! Not here: what is kept when (`pace`), who is told (`catching_up`).

mod line;
pub(crate) mod pace;
mod segment;
mod shared;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use line::Record;
pub(crate) use shared::SharedSpool;

use crate::keep;
use anyhow::{Context, Result, ensure};
use contract::late::LateReport;
use contract::report::SpoolReport;
use contract::time::TimeUs;
use segment::Segment;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// How much may be kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// By all files together.
    pub(crate) bytes: u64,
    /// By one: what goes at once when room is short.
    pub(crate) segment_bytes: u64,
    /// By one record.
    pub(crate) line_bytes: u64,
}

/// A month cut off takes about 12 MB for a box with a few disks and content groups; one with
/// forty of each keeps a month with thinner detail. On a system disk nobody misses it.
pub(crate) const LIMITS: Limits =
    Limits { bytes: 32 << 20, segment_bytes: 256 << 10, line_bytes: 256 << 10 };

impl Limits {
    /// The longest file, with one line that did not fit any more.
    fn file_bytes(self) -> u64 {
        self.segment_bytes + self.line_bytes
    }
}

/// The spool.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    limits: Limits,
    segments: VecDeque<Segment>,
    /// Of the last segment, if this process has begun it and no write to it has failed.
    writer: Option<File>,
    /// The number of the last record, whatever has become of it.
    last: u64,
    delivered: u64,
    dropped: u64,
    has_swept: bool,
}

impl Spool {
    /// Reads what there is, and changes nothing: another process may still have it.
    pub(crate) fn open(folder: PathBuf, limits: Limits) -> Result<Self> {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            files.extend(path.extension().is_some_and(|it| it == segment::SUFFIX).then_some(path));
        }
        files.sort();
        let mut segments = VecDeque::new();
        for file in files {
            match Segment::open(file, limits.file_bytes()) {
                Ok(found) => segments.extend(found),
                Err(err) => tracing::warn!("late reports are lost: {err:#}"),
            }
        }
        let first = segments.front().and_then(|it: &Segment| it.numbers.first()).copied();
        let last = segments.back().map_or(0, |it: &Segment| it.last);
        // Without it nothing is known to be missing.
        let delivered = fs::read_to_string(delivered_file(&folder)).ok();
        let delivered = delivered.and_then(|text| text.trim().parse().ok());
        let delivered = delivered.unwrap_or_else(|| first.map_or(0, |first| first - 1));
        let last = last.max(delivered);
        let (writer, dropped) = (None, 0);
        Ok(Self { folder, limits, segments, writer, last, delivered, dropped, has_swept: false })
    }

    /// Keeps a report: on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be kept; it counts as dropped then.
    pub(crate) fn append(&mut self, report: LateReport) -> Result<()> {
        let appended = self.try_append(report);
        if appended.is_err() {
            self.dropped += 1;
            // What is torn stays behind: nobody appends to it.
            self.writer = None;
            self.forget_empty();
        }
        appended
    }

    fn try_append(&mut self, report: LateReport) -> Result<()> {
        self.last += 1;
        let (number, made_at) = (self.last, report.made_at_us);
        let line = line::encode(&Record { number, report })?;
        let length = line.len() as u64;
        ensure!(length <= self.limits.line_bytes, "a report of {length} bytes is not kept");
        self.make_room(length)?;
        let is_full = |it: &Segment| it.bytes + length > self.limits.segment_bytes;
        if self.writer.is_none() || self.segments.back().is_none_or(is_full) {
            self.begin_segment(number, made_at)?;
        }
        let (Some(writer), Some(segment)) = (&mut self.writer, self.segments.back_mut()) else {
            anyhow::bail!("there is no file to append to");
        };
        let written = writer.write_all(&line).and_then(|()| writer.sync_data());
        if let Err(err) = written {
            // Half a line would take the next one with it. If this fails too, it is left alone.
            writer.set_len(segment.bytes).ok();
            return Err(err).with_context(|| format!("cannot write {}", segment.file.display()));
        }
        segment.bytes += length;
        segment.last = number;
        segment.newest_us = made_at;
        segment.numbers.push(number);
        Ok(())
    }

    fn begin_segment(&mut self, first: u64, at: TimeUs) -> Result<()> {
        self.sweep();
        let segment = Segment::new(&self.folder, first, at);
        let made = File::create(&segment.file).and_then(|file| {
            File::open(&self.folder)?.sync_all()?;
            Ok(file)
        });
        let made = made.with_context(|| format!("cannot make {}", segment.file.display()))?;
        self.segments.push_back(segment);
        self.writer = Some(made);
        Ok(())
    }

    /// A file that was begun and has nothing in it: on a full disk that may be all that works.
    fn forget_empty(&mut self) {
        for empty in self.segments.iter().filter(|it| it.numbers.is_empty()) {
            fs::remove_file(&empty.file).ok();
        }
        self.segments.retain(|it| !it.numbers.is_empty());
    }

    /// What a process left that was killed in the middle of something, once.
    fn sweep(&mut self) {
        if std::mem::replace(&mut self.has_swept, true) {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for path in entries.flatten().map(|entry| entry.path()) {
            let is_ours = path.extension().is_some_and(|it| it == "new" || it == segment::SUFFIX);
            let is_in_use = self.segments.iter().any(|it| it.file == path);
            if is_ours
                && !is_in_use
                && let Err(err) = fs::remove_file(&path)
            {
                tracing::warn!("cannot remove {}: {err}", path.display());
            }
        }
    }

    /// Until there is room for so many bytes more. Detail goes before history, the oldest of
    /// it first; history goes when it takes half of the room.
    fn make_room(&mut self, length: u64) -> Result<()> {
        while self.bytes() + length > self.limits.bytes && !self.segments.is_empty() {
            let thin = self.segments.iter().filter(|it| it.is_thin);
            let thin_bytes: u64 = thin.map(Segment::takes_bytes).sum();
            let raw = self.segments.iter().position(|it| !it.is_thin);
            match raw.filter(|_| thin_bytes <= self.limits.bytes / 2) {
                Some(at) => self.thin(at),
                None => self.remove_oldest()?,
            }
        }
        Ok(())
    }

    fn thin(&mut self, at: usize) {
        if at + 1 == self.segments.len() {
            // Whatever is appended next goes elsewhere.
            self.writer = None;
        }
        let segment = &mut self.segments[at];
        let before = segment.count_after(self.delivered);
        if let Err(err) = segment.thin(self.limits.file_bytes()) {
            tracing::warn!("late reports cannot be thinned: {err:#}");
        }
        self.dropped += before - segment.count_after(self.delivered);
    }

    fn remove_oldest(&mut self) -> Result<()> {
        if self.segments.len() == 1 {
            self.writer = None;
        }
        let Some(oldest) = self.segments.front() else { return Ok(()) };
        fs::remove_file(&oldest.file)
            .with_context(|| format!("cannot remove {}", oldest.file.display()))?;
        self.dropped += oldest.count_after(self.delivered);
        self.segments.pop_front();
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(Segment::takes_bytes).sum()
    }

    /// The oldest reports that the fleet does not have, each with the number of those before it
    /// that are missing. One at least, if there is one.
    pub(crate) fn batch(&mut self, most: usize, most_bytes: usize) -> Result<Vec<Record>> {
        let batch = self.read_batch(most, most_bytes)?;
        let waiting = self.report().reports;
        if batch.is_empty() && waiting > 0 {
            // Not a line of what waits can be read any more.
            self.dropped += waiting;
            self.delivered(self.last)?;
        }
        Ok(batch)
    }

    fn read_batch(&self, most: usize, most_bytes: usize) -> Result<Vec<Record>> {
        let mut batch: Vec<Record> = Vec::new();
        let (mut before, mut bytes) = (self.delivered, 0);
        for segment in self.segments.iter().filter(|it| it.last > self.delivered) {
            for mut record in segment.records(self.limits.file_bytes())? {
                if record.number <= self.delivered {
                    continue;
                }
                bytes += line::encode(&record)?.len();
                if batch.len() == most || !batch.is_empty() && bytes > most_bytes {
                    return Ok(batch);
                }
                record.report.dropped_before = record.number - before - 1;
                before = record.number;
                batch.push(record);
            }
        }
        Ok(batch)
    }

    /// The fleet has everything up to a record.
    pub(crate) fn delivered(&mut self, up_to: u64) -> Result<()> {
        self.delivered = self.delivered.max(up_to);
        // First of all, or what goes now would count as missing after a crash; and on a full
        // disk once more, when there is room.
        let noted = self.note_delivered();
        while self.segments.front().is_some_and(|it| it.last <= self.delivered) {
            self.remove_oldest()?;
        }
        noted.or_else(|_| self.note_delivered())
    }

    fn note_delivered(&self) -> Result<()> {
        keep::write(&delivered_file(&self.folder), self.delivered.to_string().as_bytes())
    }

    /// A report that can never be delivered.
    pub(crate) fn give_up(&mut self, number: u64) -> Result<()> {
        self.dropped += 1;
        self.delivered(number)
    }

    /// When the oldest and the newest were made that the fleet does not have.
    pub(crate) fn made(&self) -> Option<(TimeUs, TimeUs)> {
        let mut waiting = self.segments.iter().filter(|it| it.last > self.delivered);
        let oldest = waiting.next()?;
        Some((oldest.oldest_us, waiting.next_back().unwrap_or(oldest).newest_us))
    }

    pub(crate) fn report(&self) -> SpoolReport {
        SpoolReport {
            reports: self.segments.iter().map(|it| it.count_after(self.delivered)).sum(),
            bytes: self.segments.iter().map(|it| it.bytes).sum(),
            oldest_us: self.made().map(|(oldest, _)| oldest),
            dropped: self.dropped,
        }
    }
}

fn delivered_file(folder: &Path) -> PathBuf {
    folder.join("delivered")
}
