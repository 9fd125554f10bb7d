//! What there is to place: titles of all cohorts, with what one takes up and when it comes. Pure.

use super::elsewhere::PlayBytes;
use super::expected::ByTitle;
use super::forecaster::{Key, KnownTitle};
use crate::planner::cohorts::Cohort;
use catalog::Snapshot;
use contract::demand::day_of;
use contract::time::TimeUs;
use prefill::footprint;
use prefill::question::TitleAsked;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Titles that are to be there within so many days are fetched for their first day.
pub(super) const AHEAD_DAYS: i32 = 3;

const DAY_S: i64 = 86_400;

/// What there is to place, anywhere.
#[derive(Debug, Default)]
pub(super) struct Offered {
    /// In the order of the catalogue: what was there first comes first.
    pub(super) titles: Vec<OfferedTitle>,
    /// By cohort: the titles that it has.
    pub(super) cohorts: Vec<HashSet<Key>>,
    /// The largest object of each title, as it stands on a disk; rising.
    pub(super) largest_bytes: Vec<u64>,
}

/// A title that some cohort has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OfferedTitle {
    pub(super) key: Key,
    /// What all of it takes on disks; the most of any cohort.
    pub(super) size_bytes: u64,
    play_bytes: f64,
    added_at: TimeUs,
    serve_from: Option<TimeUs>,
}

impl Offered {
    pub(super) fn of(cohorts: &[Cohort<'_>]) -> Self {
        let mut offered = Self::default();
        let mut places: HashMap<Key, usize> = HashMap::new();
        for cohort in cohorts {
            let catalog = cohort.catalog();
            let (titles, largest_bytes) = of_catalog(&catalog);
            offered.largest_bytes.extend(largest_bytes);
            offered.cohorts.push(titles.iter().map(|title| title.key.clone()).collect());
            for title in titles {
                match places.get(&title.key) {
                    Some(at) => {
                        let known = &mut offered.titles[*at];
                        known.size_bytes = known.size_bytes.max(title.size_bytes);
                    }
                    None => {
                        places.insert(title.key.clone(), offered.titles.len());
                        offered.titles.push(title);
                    }
                }
            }
        }
        offered.largest_bytes.sort_unstable();
        offered.largest_bytes.dedup();
        offered
    }

    /// As the forecast knows them, by what is expected of some.
    pub(super) fn known(&self, expected: &ByTitle) -> impl Iterator<Item = KnownTitle> {
        self.titles.iter().map(|title| KnownTitle {
            key: title.key.clone(),
            play_bytes: title.play_bytes,
            released_day: day_of(title.serve_from.unwrap_or(title.added_at)),
            expected: expected.get(&title.key).copied().unwrap_or_default(),
        })
    }

    /// What one play of each comes to.
    pub(super) fn play_bytes(&self) -> PlayBytes {
        self.titles.iter().map(|title| (title.key.clone(), title.play_bytes)).collect()
    }

    /// As they are placed on a day: what is to be there by then, or on one of the next days, is due.
    pub(super) fn asked(&self, day: i32) -> impl Iterator<Item = TitleAsked> + '_ {
        let days = move |count: i32| TimeUs(0).plus_s((i64::from(day) + i64::from(count)) * DAY_S);
        let (from, until) = (days(0), days(AHEAD_DAYS + 1));
        self.titles.iter().map(move |title| TitleAsked {
            group: title.key.0.clone(),
            title: title.key.1.clone(),
            size_bytes: title.size_bytes,
            due_us: title.serve_from.filter(|at| (from..until).contains(at)),
        })
    }
}

/// The titles of a catalogue that have objects, and the largest object of each.
fn of_catalog(catalog: &Snapshot) -> (Vec<OfferedTitle>, Vec<u64>) {
    #[derive(Default)]
    struct Sums {
        size_bytes: u64,
        bytes: u64,
        largest_bytes: u64,
        rates: BTreeSet<u64>,
    }
    let mut sums: HashMap<(&_, &_), Sums> = HashMap::new();
    for object in &catalog.objects {
        let takes_bytes = footprint(object.file.size_bytes);
        let sums = sums.entry((&object.group, &object.title)).or_default();
        sums.size_bytes += takes_bytes;
        sums.largest_bytes = sums.largest_bytes.max(takes_bytes);
        sums.bytes += object.file.size_bytes;
        sums.rates.extend(object.file.bitrate_bits_per_s.map(|rate| rate.0));
    }
    let offered = |title: &catalog::Title| {
        let sums = sums.get(&(&title.spec.group, &title.spec.title))?;
        Some(OfferedTitle {
            key: (title.spec.group.clone(), title.spec.title.clone()),
            size_bytes: sums.size_bytes,
            play_bytes: (sums.bytes as f64 / sums.rates.len().max(1) as f64).max(1.0),
            added_at: title.added_at,
            serve_from: title.window.serve_from,
        })
    };
    let largest_bytes = sums.values().map(|sums| sums.largest_bytes).collect();
    (catalog.titles.iter().filter_map(offered).collect(), largest_bytes)
}
