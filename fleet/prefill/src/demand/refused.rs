//! What cannot be learned from, and which record it is.

use super::catalogue::{EPISODES_MAX, LADDERS, RENDITIONS};
use std::fmt::{Display, Formatter, Result};

/// What a count was of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Of a title, by its number.
    Title(u32),
    /// Of an episode, by its number among all episodes.
    Episode(u32),
    /// Of a rendition of a ladder.
    Rendition {
        /// Which ladder.
        ladder: u8,
        /// Which of its renditions.
        rendition: u8,
    },
    /// Of a meter, by its key.
    Meter(u64),
}

impl Display for Record {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        match self {
            Self::Title(title) => write!(to, "title {title}"),
            Self::Episode(episode) => write!(to, "episode {episode}"),
            Self::Rendition { ladder, rendition } => {
                write!(to, "rendition {rendition} of ladder {ladder}")
            }
            Self::Meter(key) => write!(to, "meter {key}"),
        }
    }
}

/// Why a catalogue or a day is not taken. Nothing of it has been learned then.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Refused {
    /// A file of a title that is not there.
    #[error("file {file} is of title {title}, and there are {titles}")]
    NoSuchTitle {
        /// Which file.
        file: usize,
        /// The title that it names.
        title: u32,
        /// How many there are.
        titles: usize,
    },
    /// A file without bytes.
    #[error("file {file} has no bytes: leave it out, or correct its size")]
    ZeroSize {
        /// Which.
        file: usize,
    },
    /// A rendition that no ladder has.
    #[error("file {file} is rendition {rendition}: 0 to {}", RENDITIONS - 1)]
    Rendition {
        /// Which file.
        file: usize,
        /// What it says.
        rendition: u8,
    },
    /// An episode beyond the last that a title may have.
    #[error("file {file} is episode {episode}: 0 to {}", EPISODES_MAX - 1)]
    Episode {
        /// Which file.
        file: usize,
        /// What it says.
        episode: u16,
    },
    /// A ladder beyond the last.
    #[error("title {title} has ladder {ladder}: 0 to {}", LADDERS - 1)]
    Ladder {
        /// Which title.
        title: usize,
        /// What it says.
        ladder: u8,
    },
    /// An announced share that is none.
    #[error("title {title} is announced with a share of {share}: above 0, below 1")]
    Announced {
        /// Which title.
        title: usize,
        /// What it says.
        share: f64,
    },
    /// A count that is none.
    #[error("{record}: {plays} plays; give a number from 0 to 1e15")]
    Count {
        /// What was counted.
        record: Record,
        /// How many there should have been.
        plays: f64,
    },
    /// A count of a rendition that no ladder has.
    #[error("{record}: there are {LADDERS} ladders of {RENDITIONS}")]
    NoSuchRendition {
        /// What was counted.
        record: Record,
    },
    /// A day that is not after those that were learned.
    #[error("day {day} comes after day {last}, which was learned already")]
    NotAfter {
        /// Which day.
        day: i32,
        /// The last one.
        last: i32,
    },
    /// A catalogue that has lost titles, or episodes of one.
    #[error(
        "the catalogue has lost {what}: their numbers stay theirs, also when nobody may see them"
    )]
    Shrunk {
        /// Titles, or episodes.
        what: &'static str,
    },
}
