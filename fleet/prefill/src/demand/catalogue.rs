//! What can be played: titles, their episodes, and a file for each rendition of these.
//!
//! Numbers stay: what is new comes at the end of the titles, and at the end of a title's episodes.

use super::refused::Refused;

/// Ladders of renditions that titles can have: with and without the highest, for phones, …
pub const LADDERS: usize = 8;

/// Renditions of one ladder. Published ladders have six to twelve.
pub const RENDITIONS: usize = 16;

/// Episodes of one title: daily soaps have some hundred a season.
pub const EPISODES_MAX: u16 = 4096;

/// What a title is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Watched once.
    Film,
    /// Watched episode by episode.
    Series,
}

/// What a viewer chooses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Title {
    /// What it is.
    pub kind: Kind,
    /// The day on which it could first be watched, on any scale that counts days. `None`: long
    /// before, and its demand no longer depends on its age.
    pub released_day: Option<i32>,
    /// Its ladder, below [`LADDERS`]: titles of one have the same renditions.
    pub ladder: u8,
    /// What part of the world's plays it is expected to be at an age factor of 1, by a forecast
    /// from the calendar, until it has been watched. `None`: what was new before is taken.
    pub announced_share: Option<f64>,
}

/// What is placed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its title.
    pub title: u32,
    /// Which episode, from 0; of a film 0.
    pub episode: u16,
    /// Which rendition of the title's ladder, from 0, below [`RENDITIONS`].
    pub rendition: u8,
    /// What it takes on a disk.
    pub size_bytes: u64,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Catalogue {
    titles: Vec<Title>,
    files: Vec<File>,
    /// By title: the number of its first episode among all; one more at the end.
    episodes_from: Vec<u32>,
}

impl Catalogue {
    /// Numbers the episodes.
    ///
    /// # Errors
    /// A file or title that cannot be, with its number.
    pub fn new(titles: Vec<Title>, files: Vec<File>) -> Result<Self, Refused> {
        for (at, title) in titles.iter().enumerate() {
            check_title(at, title)?;
        }
        let mut counts = vec![0_u32; titles.len()];
        for (at, file) in files.iter().enumerate() {
            check_file(at, file, titles.len())?;
            let count = &mut counts[file.title as usize];
            *count = (*count).max(u32::from(file.episode) + 1);
        }
        let mut episodes_from = vec![0];
        episodes_from.extend(counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }));
        Ok(Self { titles, files, episodes_from })
    }

    /// By number.
    #[must_use]
    pub fn titles(&self) -> &[Title] {
        &self.titles
    }

    /// By ordinal.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// How many episodes all titles have; a film has one.
    #[must_use]
    pub fn episodes(&self) -> usize {
        self.episodes_from.last().map_or(0, |end| *end as usize)
    }

    /// The numbers of a title's episodes.
    #[must_use]
    pub fn episodes_of(&self, title: usize) -> std::ops::Range<usize> {
        self.episodes_from[title] as usize..self.episodes_from[title + 1] as usize
    }

    /// The number of the episode that a file is of.
    #[must_use]
    pub fn episode_of(&self, file: &File) -> usize {
        self.episodes_from[file.title as usize] as usize + usize::from(file.episode)
    }

    pub(super) fn episodes_from(&self) -> &[u32] {
        &self.episodes_from
    }
}

fn check_title(at: usize, title: &Title) -> Result<(), Refused> {
    if usize::from(title.ladder) >= LADDERS {
        return Err(Refused::Ladder { title: at, ladder: title.ladder });
    }
    match title.announced_share {
        Some(share) if !(share > 0.0 && share < 1.0) => {
            Err(Refused::Announced { title: at, share })
        }
        _ => Ok(()),
    }
}

fn check_file(at: usize, file: &File, titles: usize) -> Result<(), Refused> {
    if file.title as usize >= titles {
        return Err(Refused::NoSuchTitle { file: at, title: file.title, titles });
    }
    if usize::from(file.rendition) >= RENDITIONS {
        return Err(Refused::Rendition { file: at, rendition: file.rendition });
    }
    if file.episode >= EPISODES_MAX {
        return Err(Refused::Episode { file: at, episode: file.episode });
    }
    if file.size_bytes == 0 {
        return Err(Refused::ZeroSize { file: at });
    }
    Ok(())
}
