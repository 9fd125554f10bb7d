//! How long each file of a media playlist plays (RFC 8216 §4.3.2).

use anyhow::ensure;
use quick_m3u8::config::{ParsingOptions, ParsingOptionsBuilder};
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::{Byterange, Tag};
use quick_m3u8::{HlsLine, Reader};
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A segment that is said to be shorter or longer is not believed. A whole film may be one.
const PLAUSIBLE: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(24 * 3600);

/// What a playlist says.
#[derive(Debug, Default)]
pub(super) struct MediaPlaylist {
    /// How long what an address names plays. The addresses are as they are written.
    pub(super) durations: HashMap<String, Duration>,
    /// Segments whose duration cannot be read, and lines that are no lines of a playlist.
    pub(super) unreadable_lines: usize,
}

/// What a playlist has said of one file.
#[derive(Debug, Default)]
struct Said {
    /// Of all of it. The same file named again, as advertisements are, plays as long again.
    whole: Option<Duration>,
    /// Of byte ranges, by where they begin.
    ranges: BTreeMap<u64, Duration>,
    /// Where a range begins that does not say it.
    next_range: u64,
}

impl Said {
    fn hear(&mut self, duration: Duration, range: Option<(u64, Option<u64>)>) {
        match range {
            Some((length, start)) => {
                let start = start.unwrap_or(self.next_range);
                self.next_range = start.saturating_add(length);
                self.ranges.insert(start, duration);
            }
            None => self.whole = Some(self.whole.map_or(duration, |said| said.min(duration))),
        }
    }

    fn duration(&self) -> Option<Duration> {
        let sum = || self.ranges.values().try_fold(Duration::ZERO, |sum, it| sum.checked_add(*it));
        self.whole.or_else(sum).filter(|duration| !duration.is_zero())
    }
}

/// Reads a playlist. A multivariant one names no segments, one of I-frames none whole: they
/// say nothing.
pub(super) fn read(text: &str) -> anyhow::Result<MediaPlaylist> {
    ensure!(text.starts_with("#EXTM3U"), "it does not begin with #EXTM3U");
    let mut reader = Reader::from_str(text, options());
    let mut said = HashMap::<String, Said>::new();
    let (mut duration, mut range, mut unreadable_lines) = (None, None, 0);
    loop {
        match reader.read_line() {
            Ok(None) => break,
            Ok(Some(HlsLine::KnownTag(KnownTag::Hls(tag)))) => match tag {
                Tag::Inf(inf) => duration = Some(inf.duration()),
                Tag::Byterange(it) => range = Some(part(&it)),
                Tag::IFramesOnly(_) => return Ok(MediaPlaylist::default()),
                _ => {}
            },
            Ok(Some(HlsLine::Uri(uri))) => {
                let (duration, range) = (duration.take(), range.take());
                if let Some(duration) = duration.and_then(plausible) {
                    said.entry(uri.into_owned()).or_default().hear(duration, range);
                }
            }
            Ok(Some(HlsLine::UnknownTag(tag))) if tag.validation_error().is_some() => {
                unreadable_lines += 1;
            }
            Ok(Some(_)) => {}
            Err(_) => unreadable_lines += 1,
        }
    }
    let durations = said.into_iter().filter_map(|(uri, said)| Some((uri, said.duration()?)));
    Ok(MediaPlaylist { durations: durations.collect(), unreadable_lines })
}

fn options() -> ParsingOptions {
    ParsingOptionsBuilder::new()
        .with_parsing_for_inf()
        .with_parsing_for_byterange()
        .with_parsing_for_i_frames_only()
        .build()
}

fn part(range: &Byterange<'_>) -> (u64, Option<u64>) {
    (range.length(), range.offset())
}

fn plausible(duration_s: f64) -> Option<Duration> {
    let duration = Duration::try_from_secs_f64(duration_s).ok()?;
    PLAUSIBLE.contains(&duration).then_some(duration)
}
