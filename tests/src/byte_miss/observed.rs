//! Observed demand, where it is at hand: `HEADEND_DATA`, or the folder `shared/data` beside
//! this repository. Nothing of it stands in this repository.

use super::sequence::Sequence;
use super::sequences::akamai::{self, Classes};
use super::sequences::campus;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// The folder, if it exists.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = std::env::var_os("HEADEND_DATA").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// What a person is told where it is not.
pub const ABSENT: &str = "no observed demand: neither HEADEND_DATA nor ../shared/data is a folder";

/// The sequences made of it: a video CDN whose objects are of interest all the time, for two
/// days, and for an hour; and a campus.
///
/// # Errors
/// When a file is missing or is not what it is known as.
pub fn sequences(folder: &Path, seed: u64) -> Result<Vec<Sequence>> {
    let read = |name: &str| {
        let file = folder.join(name);
        std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))
    };
    let classes = Classes::parse(&read("akamai-video-v1-popularity-size.txt")?)?;
    let daily = akamai::daily(&read("akamai-video-v1-request-rate.txt")?)?;
    let campus = campus::sequence(&read("youtube-campus-requests-2007.tsv")?, &classes, seed)?;
    Ok(vec![
        classes.sequence((20_000, 1.0, 1.0), &daily, seed),
        classes.sequence((30_000, 10.0, 2.0), &daily, seed),
        classes.sequence((30_000, 10.0, 0.5), &daily, seed),
        classes.sequence((30_000, 5.0, 1.0 / 24.0), &daily, seed),
        campus,
    ])
}
