//! What is kept of the weeks so far: of each title its last row, of each show its peak, of
//! each category the size of its list.

use super::title::{Category, Title};
use super::week::Observed;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A new week's share in a category's level: the lists grow over years, while the hours of the
/// last place move by a fifth from one week to the next (a holiday, a hit that pushes all
/// others down). 0.3 looks back a month.
const LEVEL_GAIN: f64 = 0.3;

/// A title's last row.
#[derive(Debug, Clone)]
pub(super) struct LastRow {
    pub(super) week: u32,
    pub(super) hours: f64,
    /// Of the week before that row, if it was listed then.
    pub(super) hours_before: Option<f64>,
    pub(super) runtime_hours: Option<f64>,
    pub(super) weeks_listed: u32,
}

/// A show, in one category.
#[derive(Debug, Clone)]
pub(super) struct Show {
    /// The most that any row of it was above its category's level, in natural logarithms.
    pub(super) peak: f64,
    week: u32,
    seasons: u32,
    hours: f64,
}

/// The size of a category's list.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListSize {
    /// The least hours on it in its last week: what it takes to be listed at all.
    pub(super) least_hours: f64,
    /// The logarithm of those, smoothed.
    pub(super) level: f64,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    next_week: Option<u32>,
    titles: BTreeMap<Title, LastRow>,
    shows: BTreeMap<(Category, Arc<str>), Show>,
    lists: [Option<ListSize>; Category::COUNT],
}

/// The natural logarithm of hours. A title of less than one hour in a week counts as one:
/// that is nobody, and its logarithm would be without bound.
pub(super) fn ln_hours(hours: f64) -> f64 {
    hours.max(1.0).ln()
}

/// By how much hours are more than others, as the difference of their [`ln_hours`].
pub(super) fn ln_ratio(hours: f64, to: f64) -> f64 {
    ln_hours(hours) - ln_hours(to)
}

impl History {
    /// The week to come; `None` before the first.
    pub(super) const fn next_week(&self) -> Option<u32> {
        self.next_week
    }

    /// A title's last row.
    pub(super) fn title(&self, title: &Title) -> Option<&LastRow> {
        self.titles.get(title)
    }

    /// A category's list.
    pub(super) fn list(&self, category: Category) -> Option<ListSize> {
        self.lists[category.index()]
    }

    /// The show of a title.
    pub(super) fn show(&self, title: &Title) -> Option<&Show> {
        self.shows.get(&(title.category, title.show.clone()))
    }

    /// How many seasons of a title's show were listed last week.
    pub(super) fn seasons_listed(&self, title: &Title) -> u32 {
        self.listed_show(title).map_or(0, |show| show.seasons)
    }

    /// The hours of the show last week, if any season of it was listed.
    pub(super) fn show_hours(&self, title: &Title) -> Option<f64> {
        self.listed_show(title).map(|show| show.hours)
    }

    fn listed_show(&self, title: &Title) -> Option<&Show> {
        self.show(title).filter(|show| self.is_last_week(show.week))
    }

    /// Whether a week is the last one seen.
    pub(super) fn is_last_week(&self, week: u32) -> bool {
        self.next_week == Some(week + 1)
    }

    /// Takes a week in. A show's peak is measured against the level before it, so that a hit
    /// does not raise what it is measured by.
    pub(super) fn learn(&mut self, week: u32, rows: &[&Observed]) {
        let before = self.lists;
        self.learn_lists(rows);
        for row in rows {
            let at = row.title.category.index();
            let level = before[at].or(self.lists[at]).map_or(0.0, |list| list.level);
            self.learn_show(week, row, level);
            self.learn_title(week, row);
        }
        self.next_week = Some(week + 1);
    }

    fn learn_lists(&mut self, rows: &[&Observed]) {
        for category in Category::ALL {
            let hours = rows.iter().filter(|row| row.title.category == category).map(|r| r.hours);
            let Some(least_hours) = hours.reduce(f64::min) else { continue };
            let now = ln_hours(least_hours);
            let list = &mut self.lists[category.index()];
            let level = list.map_or(now, |list| (1.0 - LEVEL_GAIN) * list.level + LEVEL_GAIN * now);
            *list = Some(ListSize { least_hours, level });
        }
    }

    fn learn_show(&mut self, week: u32, row: &Observed, level: f64) {
        let key = (row.title.category, row.title.show.clone());
        let none = Show { peak: f64::NEG_INFINITY, week, seasons: 0, hours: 0.0 };
        let show = self.shows.entry(key).or_insert(none);
        if show.week != week {
            (show.week, show.seasons, show.hours) = (week, 0, 0.0);
        }
        show.peak = show.peak.max(ln_hours(row.hours) - level);
        show.seasons += 1;
        show.hours += row.hours;
    }

    fn learn_title(&mut self, week: u32, row: &Observed) {
        let last = self.titles.get(&row.title).filter(|last| last.week + 1 == week);
        let now = LastRow {
            week,
            hours: row.hours,
            hours_before: last.map(|last| last.hours),
            runtime_hours: row.runtime_hours,
            weeks_listed: row.weeks_listed,
        };
        self.titles.insert(row.title.clone(), now);
    }
}
