//! What is forecast: a film, or one season of a show, in one of four lists.

use std::fmt;
use std::sync::Arc;

/// The four lists of the published weekly figures. Each has its own size and its own habits,
/// which is why every model has one constant for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Films in English.
    FilmsEnglish,
    /// Films in any other language.
    FilmsOther,
    /// Seasons in English.
    TvEnglish,
    /// Seasons in any other language.
    TvOther,
}

impl Category {
    /// How many there are.
    pub const COUNT: usize = 4;

    /// All, in the order of [`Category::index`].
    pub const ALL: [Self; Self::COUNT] =
        [Self::FilmsEnglish, Self::FilmsOther, Self::TvEnglish, Self::TvOther];

    /// Its place in tables of one entry a category.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Seasons rather than films.
    #[must_use]
    pub const fn is_tv(self) -> bool {
        matches!(self, Self::TvEnglish | Self::TvOther)
    }

    /// In English.
    #[must_use]
    pub const fn is_english(self) -> bool {
        matches!(self, Self::FilmsEnglish | Self::TvEnglish)
    }

    /// The name that the published figures use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FilmsEnglish => "Films (English)",
            Self::FilmsOther => "Films (Non-English)",
            Self::TvEnglish => "TV (English)",
            Self::TvOther => "TV (Non-English)",
        }
    }

    /// The category of that published name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    /// One where it is this category, else nothing: four features of every model.
    pub(super) fn indicators(self) -> [f64; Self::COUNT] {
        Self::ALL.map(|other| indicator(other == self))
    }
}

/// One if so, nothing if not.
pub(super) const fn indicator(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

/// What is counted as one: the same show's next season is another title, and so is a title
/// that was renamed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Title {
    /// Its list.
    pub category: Category,
    /// The film or the show.
    pub show: Arc<str>,
    /// The season's name; films have none, and the published figures then say `N/A`.
    pub season: Arc<str>,
}

impl fmt::Display for Title {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} / {} ({})", self.show, self.season, self.category.name())
    }
}
