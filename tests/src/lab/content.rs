//! Titles without a film in them: what a CDN does with a segment does not depend on what it
//! shows. The same seed makes the same octets.

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::path::Path;

/// How large a title is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Its segments.
    pub segments: u32,
    /// The octets of each.
    pub segment_bytes: usize,
}

impl Size {
    /// Its files: the segments and two playlists.
    #[must_use]
    pub fn objects(self) -> u64 {
        u64::from(self.segments) + 2
    }
}

/// Boxes pace answers by it: no film has as much, and viewers in a lab have little time.
const BITRATE_BITS_PER_S: f64 = 400e6;

/// The digests of a title's files, by name.
pub type Digests = BTreeMap<String, blake3::Hash>;

/// Writes a title into a folder that is not there yet.
///
/// # Errors
/// When it cannot be written.
pub fn write_title(folder: &Path, seed: u64, size: Size) -> Result<Digests> {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut files, mut playlist) = (BTreeMap::new(), String::from(PLAYLIST_HEAD));
    for number in 0..size.segments {
        let mut segment = vec![0; size.segment_bytes];
        random.fill_bytes(&mut segment);
        let name = format!("segment-{number:03}.m4s");
        playlist += &format!("#EXTINF:{:.6},\n{name}\n", duration_s(size));
        files.insert(name, segment);
    }
    playlist += "#EXT-X-ENDLIST\n";
    files.insert("video.m3u8".to_owned(), playlist.into_bytes());
    files.insert("master.m3u8".to_owned(), MASTER.as_bytes().to_vec());
    std::fs::create_dir_all(folder)?;
    let mut digests = Digests::new();
    for (name, octets) in files {
        std::fs::write(folder.join(&name), &octets)?;
        digests.insert(name, blake3::hash(&octets));
    }
    Ok(digests)
}

fn duration_s(size: Size) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a segment has megabytes")]
    let bits = (8 * size.segment_bytes) as f64;
    bits / BITRATE_BITS_PER_S
}

const PLAYLIST_HEAD: &str = "#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:1
#EXT-X-PLAYLIST-TYPE:VOD
";

const MASTER: &str = "#EXTM3U
#EXT-X-VERSION:7
#EXT-X-STREAM-INF:BANDWIDTH=400000000,CODECS=\"avc1.640028\"
video.m3u8
";
