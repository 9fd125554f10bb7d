//! What goes in: the lists of all countries in one week; and what is refused.

use crate::forecast::week::{Refused, check_place, sorted};
use std::sync::Arc;

/// The published lists end at 10. A thousand lets longer ones in, and a rank beyond it is
/// more likely another column.
pub const RANK_MAX: u32 = 1000;

/// Which of a country's two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Films.
    Films,
    /// Seasons of shows.
    Tv,
}

impl Format {
    /// How many there are.
    pub(super) const COUNT: usize = 2;
}

/// One place on one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Whose list.
    pub country: Arc<str>,
    /// Which of its lists.
    pub format: Format,
    /// The film or show.
    pub show: Arc<str>,
    /// The season.
    pub season: Arc<str>,
    /// Its place, from 1.
    pub rank: u32,
    /// How many weeks it has been on this list, this one included.
    pub weeks_listed: u32,
}

/// All lists of one week. The order of rows is of no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListsWeek {
    /// Its number: the first is any below 2³¹, each later one is the next.
    pub number: u32,
    /// Its rows.
    pub rows: Vec<Listed>,
}

type Key<'a> = (&'a str, Format, &'a str, &'a str);

impl Listed {
    fn key(&self) -> Key<'_> {
        (&self.country, self.format, &self.show, &self.season)
    }

    fn name(&self) -> String {
        format!("{}: {} / {}", self.country, self.show, self.season)
    }

    /// Whether its rank can be.
    ///
    /// # Errors
    /// [`Refused::Rank`].
    pub fn check(&self) -> Result<(), Refused> {
        match self.rank {
            1..=RANK_MAX => Ok(()),
            rank => Err(Refused::Rank { row: self.name(), rank }),
        }
    }
}

/// The rows by country and title, which makes results independent of their order.
pub(super) fn checked(week: &ListsWeek, next: Option<u32>) -> Result<Vec<&Listed>, Refused> {
    check_place(week.number, week.rows.len(), next)?;
    week.rows.iter().try_for_each(Listed::check)?;
    sorted(week.number, &week.rows, Listed::key, Listed::name)
}
