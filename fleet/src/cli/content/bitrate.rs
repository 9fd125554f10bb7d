//! What a viewer who plays a file receives a second, from the folder's own playlists.
//!
//! HLS says it of each segment: its bits over the seconds that a media playlist gives it.
//! What no media playlist names has the bitrate that the MPD declares for its representation.
//! A playlist that cannot be read costs bitrates, never the import.

mod dash;
mod hls;

use super::hash::Hashed;
use anyhow::ensure;
use contract::path::normalise;
use contract::quantity::BitRate;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::ops::RangeInclusive;
use std::time::Duration;
use url::Url;

/// A larger playlist is not read. One that names a segment for each second of two days is
/// half as long.
const MAX_PLAYLIST_BYTES: u64 = 16 << 20;

/// What is outside says more of its playlist than of the file.
const PLAUSIBLE: RangeInclusive<BitRate> = BitRate(1000)..=catalog::MAX_BITRATE;

/// Files by path, to what a playlist says of them.
type Bitrates<'a> = HashMap<&'a str, BitRate>;

/// Gives each file its bitrate, where a playlist among them says one. `mpd` is the path of
/// the MPD. What comes back are warnings, for a person.
pub(super) fn learn(files: &mut [Hashed], mpd: &str) -> Vec<String> {
    let folder = Folder::of(files);
    let mut warnings = Vec::new();
    let by_hls = folder.by_hls(&mut warnings);
    let by_dash = folder.by_dash(mpd, &mut warnings);
    let bitrate = |file: &Hashed| {
        let said = by_hls.get(file.path.as_str()).copied();
        said.or_else(|| by_dash.bitrate_of(&file.path).filter(is_plausible))
    };
    let bitrates: Vec<_> = files.iter().map(bitrate).collect();
    for (file, bitrate) in files.iter_mut().zip(bitrates) {
        file.bitrate = bitrate;
    }
    warnings
}

/// The files of a title, by path.
struct Folder<'a> {
    files: HashMap<&'a str, &'a Hashed>,
}

impl<'a> Folder<'a> {
    fn of(files: &'a [Hashed]) -> Self {
        Self { files: files.iter().map(|file| (file.path.as_str(), file)).collect() }
    }

    fn by_hls(&self, warnings: &mut Vec<String>) -> Bitrates<'a> {
        let mut bitrates = Bitrates::new();
        let mut playlists: Vec<_> =
            self.files.values().filter(|file| file.path.ends_with(".m3u8")).collect();
        playlists.sort_by_key(|file| &file.path);
        for playlist in playlists {
            let complain = |why: String| format!("{}: {why}", playlist.place.display());
            match read(playlist).and_then(|text| hls::read(&text)) {
                Ok(said) => {
                    let lines = said.unreadable_lines;
                    let message = || complain(format!("lines that cannot be read: {lines}"));
                    warnings.extend((lines > 0).then(message));
                    self.note(&playlist.path, &said, &mut bitrates);
                }
                Err(err) => warnings.push(complain(format!("gives no bitrates: {err:#}"))),
            }
        }
        bitrates
    }

    /// The highest counts: where a playlist names more of a file than it plays, or twice,
    /// the others are too low, and a viewer would stall.
    fn note(&self, playlist: &str, said: &hls::MediaPlaylist, bitrates: &mut Bitrates<'a>) {
        let Some(base) = address(playlist) else { return };
        for (uri, duration) in &said.durations {
            let Some(file) = self.find(&base, uri) else { continue };
            if let Some(rate) = rate(file.size_bytes, *duration).filter(is_plausible) {
                let highest = bitrates.entry(&file.path).or_insert(rate);
                *highest = rate.max(*highest);
            }
        }
    }

    fn by_dash(&self, mpd: &str, warnings: &mut Vec<String>) -> dash::Rules {
        let (Some(file), Some(base)) = (self.files.get(mpd), address(mpd)) else {
            return dash::Rules::default();
        };
        read(file).and_then(|text| dash::read(&text, &base)).unwrap_or_else(|err| {
            warnings.push(format!("{}: gives no bitrates: {err:#}", file.place.display()));
            dash::Rules::default()
        })
    }

    /// The file that a playlist at `base` means by `uri`; `None` where it lies elsewhere.
    fn find(&self, base: &Url, uri: &str) -> Option<&'a Hashed> {
        self.files.get(path_of(base, uri)?.as_str()).copied()
    }
}

/// Where a path would stand. Any host does: what a playlist names relatively is on it.
fn address(path: &str) -> Option<Url> {
    Url::parse("https://folder.invalid").ok()?.join(path).ok()
}

fn path_of(base: &Url, uri: &str) -> Option<String> {
    let joined = base.join(uri).ok().filter(|joined| joined.origin() == base.origin())?;
    normalise(joined.path()).ok().map(std::borrow::Cow::into_owned)
}

fn read(playlist: &Hashed) -> anyhow::Result<String> {
    let is_small = playlist.size_bytes <= MAX_PLAYLIST_BYTES;
    ensure!(is_small, "larger than {} MiB", MAX_PLAYLIST_BYTES >> 20);
    let mut text = String::new();
    // It may have grown since it was hashed.
    File::open(&playlist.place)?.take(MAX_PLAYLIST_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn rate(size_bytes: u64, duration: Duration) -> Option<BitRate> {
    let bits = u128::from(size_bytes) * 8;
    let rate = (bits * 1_000_000).checked_div(duration.as_micros())?;
    u64::try_from(rate).ok().map(BitRate)
}

fn is_plausible(rate: &BitRate) -> bool {
    PLAUSIBLE.contains(rate)
}

#[cfg(test)]
mod tests;
