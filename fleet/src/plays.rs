//! What viewers began to watch, by site and title: where they were sent home, and where elsewhere because their own
//! site does not hold it.
//!
//! Boxes count what they are asked for. What a site does not hold nobody asks its boxes for: that it is wanted there
//! is known only to whoever sends viewers elsewhere.

use contract::names::{GroupName, SiteName, TitleName};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More titles and sites than that are not told apart on one day.
const MOST: usize = 1 << 20;

/// A group and a title of it.
type Key = (GroupName, TitleName);

/// Plays of a title at a site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Sent to a box of the site.
    pub(crate) home: u64,
    /// Sent to another site.
    pub(crate) away: u64,
}

/// By site and title.
pub(crate) type Counts = HashMap<SiteName, HashMap<Key, Count>>;

/// The plays of a day, and of the one before until it has been told.
#[derive(Debug, Default)]
pub(crate) struct Plays(Mutex<Days>);

#[derive(Debug, Default)]
struct Days {
    day: i32,
    counts: Counts,
    titles: usize,
    /// What changed since it was told last.
    is_told: bool,
    over: Option<(i32, Counts)>,
}

impl Plays {
    /// Counts a play; `is_away` where no box of the viewer's own site was the first choice.
    pub(crate) fn count(&self, day: i32, site: &SiteName, title: Key, is_away: bool) {
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        days.begin(day);
        let is_full = days.titles >= MOST;
        let of_site = match days.counts.get_mut(site) {
            Some(of_site) => of_site,
            None => days.counts.entry(site.clone()).or_default(),
        };
        if is_full && !of_site.contains_key(&title) {
            return;
        }
        let before = of_site.len();
        let count = of_site.entry(title).or_default();
        *(if is_away { &mut count.away } else { &mut count.home }) += 1;
        let new = of_site.len() - before;
        days.titles += new;
        days.is_told = false;
    }

    /// What is to be told: a day that is over, and the day as far as it has come, if that is another than was told.
    pub(crate) fn untold(&self, day: i32) -> Vec<(i32, Counts)> {
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        days.begin(day);
        let mut untold = Vec::from_iter(days.over.clone());
        if !days.is_told && !days.counts.is_empty() {
            untold.push((days.day, days.counts.clone()));
        }
        untold
    }

    /// That it was told, as it was.
    pub(crate) fn told(&self, day: i32, counts: &Counts) {
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if days.over.as_ref().is_some_and(|over| over.0 == day) {
            days.over = None;
        } else if days.day == day && days.counts == *counts {
            days.is_told = true;
        }
    }
}

impl Days {
    /// Another day. A clock that goes back counts for the day that has begun.
    fn begin(&mut self, day: i32) {
        if day <= self.day {
            return;
        }
        let counts = std::mem::take(&mut self.counts);
        let over = (self.day, counts);
        if !over.1.is_empty() && !self.is_told {
            self.over = Some(over);
        }
        (self.day, self.titles, self.is_told) = (day, 0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(title: &str) -> Key {
        (GroupName::new("g").expect("name"), TitleName::new(title).expect("name"))
    }

    #[test]
    fn a_day_is_told_when_it_has_changed_and_once_more_when_it_is_over() {
        let plays = Plays::default();
        let site = SiteName::new("oslo-1").expect("name");
        assert_eq!(plays.untold(7), []);
        plays.count(7, &site, key("a"), true);
        plays.count(7, &site, key("a"), false);
        plays.count(7, &site, key("b"), true);
        let untold = plays.untold(7);
        assert_eq!(untold.len(), 1);
        let (day, counts) = &untold[0];
        assert_eq!((*day, counts[&site][&key("a")]), (7, Count { home: 1, away: 1 }));
        plays.count(7, &site, key("b"), true);
        // What came meanwhile has not been told.
        plays.told(7, counts);
        let untold = plays.untold(7);
        assert_eq!(untold[0].1[&site][&key("b")].away, 2);
        plays.told(7, &untold[0].1);
        assert_eq!(plays.untold(7), []);
        plays.count(7, &site, key("b"), true);
        plays.count(8, &site, key("c"), true);
        // The clock goes back a little: it is the same day.
        plays.count(7, &site, key("c"), true);
        let untold = plays.untold(8);
        assert_eq!(untold.iter().map(|it| it.0).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(untold[0].1[&site][&key("b")].away, 3);
        assert_eq!(untold[1].1[&site][&key("c")].away, 2);
        untold.iter().for_each(|(day, counts)| plays.told(*day, counts));
        assert_eq!(plays.untold(8), []);
    }
}
