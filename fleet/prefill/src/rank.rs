//! Which objects come first when not all fit, and in which order a box fills.
//!
//! Title by title. Within a title first what playback cannot begin without (playlists, then
//! initialisation segments), then rendition by rendition, the smallest first: a box that is
//! half filled can then play every title it has begun, if not at its best.

use crate::Item;
use std::cmp::Ordering;
use std::collections::HashMap;

/// What an object is to a player; the order is the order of need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Need {
    Playlist,
    Initialisation,
    Media,
}

fn need(path: &str) -> Need {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (stem, suffix) = file.rsplit_once('.').unwrap_or((file, ""));
    match suffix {
        "m3u8" | "m3u" | "mpd" => Need::Playlist,
        "m4i" => Need::Initialisation,
        "mp4" | "m4v" | "m4a" if stem.starts_with("init") => Need::Initialisation,
        _ => Need::Media,
    }
}

/// What the segments of one rendition have in common: the path up to the number it ends in.
fn rendition(path: &str) -> &str {
    let stem = path.rfind('.').map_or(path, |dot| &path[..dot]);
    stem.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// The objects, best first.
#[must_use]
pub fn rank(objects: &[Item]) -> Vec<&Item> {
    let mut rendition_bytes: HashMap<(u32, &str), u64> = HashMap::new();
    for item in objects.iter().filter(|item| need(&item.path) == Need::Media) {
        *rendition_bytes.entry((item.title_rank, rendition(&item.path))).or_default() +=
            item.size_bytes;
    }
    let mut keyed: Vec<_> = objects
        .iter()
        .map(|item| {
            let family = rendition(&item.path);
            let bytes = rendition_bytes.get(&(item.title_rank, family)).copied().unwrap_or(0);
            ((item.title_rank, need(&item.path), bytes, family), item)
        })
        .collect();
    keyed.sort_by(|(a, item_a), (b, item_b)| {
        a.cmp(b).then_with(|| by_number(&item_a.path, &item_b.path))
    });
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// Segment 9 before segment 10, however many digits they are written with.
fn by_number(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}
