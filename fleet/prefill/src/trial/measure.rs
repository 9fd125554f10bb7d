//! What the days of a pair say: how its sites differ, beside how they differed before.
//!
//! Of each day that both sites have, the difference of offload and of fill (tried less usual) is
//! taken, and of these the mean over the days of the trial less the mean over those before it. What
//! makes two sites differ for good falls out by the second, what befalls both by the first. One
//! number is left of a pair and a measure: days of a pair depend on each other, pairs do not.

use super::Pair;
use super::agreed::{BadTrial, LEAST_BASELINE_DAYS, Trial};
use super::estimate::mean;
use contract::names::SiteName;
use serde::{Deserialize, Serialize};

/// A day of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteDay {
    /// Which site.
    pub site: SiteName,
    /// Which day, in days since 1970-01-01 (UTC).
    pub day: i32,
    /// What its viewers wanted, whoever served it: who serves less must not seem to be asked for less.
    pub wanted_bytes: u64,
    /// What of that it served itself.
    pub served_bytes: u64,
    /// New bytes that came onto its disks, from wherever.
    pub filled_bytes: u64,
    /// Whether boxes of it were out, on the day or the one before: what it served then, and what
    /// moved, says more of boxes than of how they are planned.
    pub is_impaired: bool,
}

/// Days of pairs that are not compared, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Nothing is known of the site that is tried on; many of these are a sign of harm, not of rest.
    pub tried_missing: u32,
    /// Nothing is known of the other, but of this one.
    pub usual_missing: u32,
    /// Boxes were out where it is tried.
    pub tried_impaired: u32,
    /// Boxes were out at the other, but not there.
    pub usual_impaired: u32,
    /// Viewers of one of them wanted too little.
    pub too_little: u32,
    /// One of them is said to have served more than was wanted, by more than a thousandth.
    pub impossible: u32,
}

/// Clocks of counters differ: so much more may be served than wanted, and counts as all of it.
const ROUNDING: u64 = 1000;

/// Offload and fill, as parts of what was wanted: a point of the one weighs as much as a point of
/// the other, both being bytes that have to be fetched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    pub(super) offload: f64,
    pub(super) fill: f64,
}

/// A pair on a day.
#[derive(Debug, Clone, Copy)]
struct PairDay {
    day: i32,
    tried: Seen,
    usual: Seen,
    is_impaired: bool,
}

/// A pair, over all days so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfPair {
    /// Over the days compared; `None` while there are none.
    pub(super) tried: Option<Seen>,
    pub(super) usual: Option<Seen>,
    /// What is left when the days before are taken off.
    pub(super) difference: Option<Seen>,
    /// The same of the last day alone, compared or not, and impaired or not.
    pub(super) last: Option<Seen>,
}

/// All pairs.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) pairs: Vec<OfPair>,
    pub(super) left_out: LeftOut,
}

/// Days of sites that are in no pair are passed over, and so are those before or after.
pub(super) fn measured(trial: &Trial, days: &[SiteDay], last: i32) -> Result<Measured, BadTrial> {
    let table = Table::new(trial, days, last)?;
    let mut left_out = LeftOut::default();
    let of_pair = |pair: &Pair| {
        let both = table.of(&pair.tried).iter().zip(table.of(&pair.usual));
        let least = trial.rules.least_wanted_bytes;
        let all: Vec<PairDay> = (table.first..)
            .zip(both)
            .filter_map(|(day, (tried, usual))| {
                let (tried, usual) = left_out.both(*tried, *usual, least)?;
                let is_impaired = left_out.impaired(tried, usual);
                Some(PairDay { day, tried: tried.seen(), usual: usual.seen(), is_impaired })
            })
            .collect();
        compared(trial, &all, last)
    };
    let pairs = trial.pairs.iter().map(of_pair).collect();
    Ok(Measured { pairs, left_out })
}

/// Days by site, from the first that is compared with on.
struct Table<'a> {
    first: i32,
    /// How many days of each.
    days: usize,
    /// By name.
    sites: Vec<&'a SiteName>,
    /// Day by day, site after site.
    all: Vec<Option<&'a SiteDay>>,
}

impl<'a> Table<'a> {
    fn new(trial: &'a Trial, days: &'a [SiteDay], last: i32) -> Result<Self, BadTrial> {
        let first = trial.first_day.saturating_sub(trial.rules.baseline_days.into());
        let mut sites: Vec<&SiteName> =
            trial.pairs.iter().flat_map(|pair| [&pair.tried, &pair.usual]).collect();
        sites.sort();
        let count = usize::try_from(last.saturating_sub(first)).unwrap_or(0) + 1;
        let mut table = Self { first, days: count, all: vec![None; sites.len() * count], sites };
        for it in days.iter().filter(|it| (first..=last).contains(&it.day)) {
            let Some(place) = table.place(&it.site) else { continue };
            let day = usize::try_from(it.day - first).unwrap_or(0);
            if table.all[place * count + day].replace(it).is_some() {
                return Err(BadTrial::Twice { site: it.site.clone(), day: it.day });
            }
        }
        Ok(table)
    }

    fn place(&self, site: &SiteName) -> Option<usize> {
        self.sites.binary_search(&site).ok()
    }

    fn of(&self, site: &SiteName) -> &[Option<&'a SiteDay>] {
        let days = self.place(site).map(|place| place * self.days..(place + 1) * self.days);
        days.and_then(|days| self.all.get(days)).unwrap_or_default()
    }
}

impl LeftOut {
    /// Both days, where both say something.
    fn both<'a>(
        &mut self,
        tried: Option<&'a SiteDay>,
        usual: Option<&'a SiteDay>,
        least_bytes: u64,
    ) -> Option<(&'a SiteDay, &'a SiteDay)> {
        let (tried, usual) = match (tried, usual) {
            (Some(tried), Some(usual)) => (tried, usual),
            (None, _) => return Self::count(&mut self.tried_missing),
            (_, None) => return Self::count(&mut self.usual_missing),
        };
        let both = [tried, usual];
        if both.iter().any(|it| it.wanted_bytes < least_bytes.max(1)) {
            return Self::count(&mut self.too_little);
        }
        let is_over = |it: &&SiteDay| {
            it.served_bytes > it.wanted_bytes.saturating_add(it.wanted_bytes / ROUNDING)
        };
        if both.iter().any(is_over) {
            return Self::count(&mut self.impossible);
        }
        Some((tried, usual))
    }

    fn impaired(&mut self, tried: &SiteDay, usual: &SiteDay) -> bool {
        self.tried_impaired += u32::from(tried.is_impaired);
        self.usual_impaired += u32::from(usual.is_impaired && !tried.is_impaired);
        tried.is_impaired || usual.is_impaired
    }

    fn count<T>(what: &mut u32) -> Option<T> {
        *what += 1;
        None
    }
}

impl SiteDay {
    fn seen(&self) -> Seen {
        let wanted = self.wanted_bytes as f64;
        let offload = self.served_bytes.min(self.wanted_bytes) as f64 / wanted;
        Seen { offload, fill: self.filled_bytes as f64 / wanted }
    }
}

fn compared(trial: &Trial, all: &[PairDay], last: i32) -> OfPair {
    let whole = || all.iter().filter(|it| !it.is_impaired);
    let before: Vec<&PairDay> = whole().filter(|it| it.day < trial.first_day).collect();
    let since: Vec<&PairDay> = whole().filter(|it| it.day >= trial.first_compared()).collect();
    let (tried, usual) = (over(&since, |it| it.tried), over(&since, |it| it.usual));
    let enough = before.len() >= usize::from(LEAST_BASELINE_DAYS);
    let base = over(&before, PairDay::difference).filter(|_| enough);
    let less_base = |it: Seen| base.map(|base| it.less(base));
    OfPair {
        tried,
        usual,
        difference: over(&since, PairDay::difference).and_then(less_base),
        last: all.last().filter(|it| it.day == last).and_then(|it| less_base(it.difference())),
    }
}

fn over(days: &[&PairDay], of: impl Fn(&PairDay) -> Seen) -> Option<Seen> {
    let each: Vec<Seen> = days.iter().map(|day| of(day)).collect();
    Seen::mean(each.iter().copied())
}

impl PairDay {
    fn difference(&self) -> Seen {
        self.tried.less(self.usual)
    }
}

impl Seen {
    fn less(self, other: Self) -> Self {
        Self { offload: self.offload - other.offload, fill: self.fill - other.fill }
    }

    /// None of none.
    pub(super) fn mean(all: impl Iterator<Item = Self>) -> Option<Self> {
        let (offload, fill): (Vec<f64>, Vec<f64>) = all.map(|it| (it.offload, it.fill)).unzip();
        Some(Self { offload: mean(&offload)?, fill: mean(&fill)? })
    }
}
