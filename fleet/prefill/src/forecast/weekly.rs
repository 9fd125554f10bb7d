//! The walk: what is known so far answers for the week to come, then that week is learned.
//!
//! A title is *carried* if it was listed last week, *returned* if it was listed before that,
//! else a *debut*. All models speak of logarithms against an anchor:
//! `hours = anchor · exp(X b)`, with last week's hours, the list's last place, or one hour.

use super::history::{History, LastRow, ln_hours, ln_ratio};
use super::interval::Intervals;
use super::robust::{FIRST_FIT_WEEKS, Model};
use super::title::{Category, Title};
use super::week::{Announced, HOURS_MAX, Refused, Week, checked, checked_calendar};
use super::{carried, debut, returned};

/// What is known of the running time of carried titles. Of debuts it is that announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeKnown {
    /// That of the week to come: a catalogue knows which episodes it will release.
    FromCalendar,
    /// That of last week: nothing is known but what was observed.
    FromLastWeek,
}

/// How a title comes to be in a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was listed the week before.
    Carried {
        /// For how many weeks it had been listed by then.
        weeks_listed: u32,
    },
    /// It never was listed before.
    Debut,
    /// It was listed before, but not the week before.
    Returned,
}

/// What is expected of one title.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Which title.
    pub title: Title,
    /// How it comes to be there.
    pub kind: Kind,
    /// Hours viewed in the week: the value that is as likely too high as too low.
    pub hours: f64,
    /// In one of ten cases it is less than this.
    pub hours_low: f64,
    /// In one of ten cases it is more than this.
    pub hours_high: f64,
}

/// One row ready for its model.
struct Case {
    kind: Kind,
    anchor_hours: f64,
    features: Features,
}

enum Features {
    Young([f64; 8]),
    Older([f64; 13]),
    Debut([f64; 12]),
    Returned([f64; 7]),
}

/// What was learned so far.
#[derive(Debug, Clone)]
pub struct Weekly {
    runtime_known: RuntimeKnown,
    past: History,
    weeks_learned: u32,
    young: Model<8>,
    older: Model<13>,
    debut: Model<12>,
    returned: Model<7>,
    intervals: Intervals,
}

impl Weekly {
    /// Nothing learned yet: the coefficients are those shipped, fitted with running times from
    /// the calendar.
    #[must_use]
    pub fn new(runtime_known: RuntimeKnown) -> Self {
        Self {
            runtime_known,
            past: History::default(),
            weeks_learned: 0,
            young: Model::new(&carried::YOUNG_RECIPE),
            older: Model::new(&carried::OLDER_RECIPE),
            debut: Model::new(&debut::RECIPE),
            returned: Model::new(&returned::RECIPE),
            intervals: Intervals::default(),
        }
    }

    /// What is expected of the week after the last one learned, in the order of titles.
    ///
    /// # Errors
    /// [`Refused`], if the calendar is empty, names a title twice, or has an odd running time.
    pub fn forecast(&self, calendar: &[Announced]) -> Result<Vec<Forecast>, Refused> {
        let week = self.past.next_week().unwrap_or(0);
        let rows = checked_calendar(week, calendar)?;
        Ok(rows.into_iter().map(|row| self.expect(row, week)).collect())
    }

    fn expect(&self, row: &Announced, week: u32) -> Forecast {
        let case = self.case(&row.title, row.runtime_hours, week);
        let hours = self.hours(&case);
        let (low, high) = self.intervals.factors(row.title.category, case.kind);
        Forecast {
            title: row.title.clone(),
            kind: case.kind,
            hours,
            hours_low: (hours * low).min(HOURS_MAX),
            hours_high: (hours * high).min(HOURS_MAX),
        }
    }

    /// Takes in what a week turned out to be, and fits for the one after.
    ///
    /// # Errors
    /// [`Refused`]; nothing of the week was learned then.
    pub fn learn(&mut self, week: &Week) -> Result<(), Refused> {
        let rows = checked(week, self.past.next_week())?;
        if self.weeks_learned > 0 {
            let cases: Vec<Case> = rows
                .iter()
                .map(|row| self.case(&row.title, row.runtime_hours, week.number))
                .collect();
            for (row, case) in rows.iter().zip(&cases) {
                self.score(row.title.category, case, row.hours);
                self.keep(case, week.number, row.hours);
            }
        }
        self.past.learn(week.number, &rows);
        self.weeks_learned += 1;
        if self.is_fitted() {
            self.fit(week.number + 1);
        }
        Ok(())
    }

    const fn is_fitted(&self) -> bool {
        self.weeks_learned >= FIRST_FIT_WEEKS
    }

    fn fit(&mut self, week: u32) {
        self.young.fit(week);
        self.older.fit(week);
        self.debut.fit(week);
        self.returned.fit(week);
    }

    /// How far off the forecast was. Errors of shipped coefficients say nothing of fitted ones.
    fn score(&mut self, category: Category, case: &Case, hours: f64) {
        if self.is_fitted() {
            let residual = ln_ratio(hours, self.hours(case));
            self.intervals.learn(category, case.kind, residual);
        }
    }

    fn keep(&mut self, case: &Case, week: u32, hours: f64) {
        let target = ln_ratio(hours, case.anchor_hours);
        let weight = carried::weight(case.anchor_hours);
        match &case.features {
            Features::Young(features) => self.young.add(week, *features, target, weight),
            Features::Older(features) => self.older.add(week, *features, target, weight),
            Features::Debut(features) => self.debut.add(week, *features, target, 1.0),
            Features::Returned(features) => self.returned.add(week, *features, target, 1.0),
        }
    }

    fn hours(&self, case: &Case) -> f64 {
        let change = match &case.features {
            Features::Young(features) => self.young.fitted(features),
            Features::Older(features) => self.older.fitted(features),
            Features::Debut(features) => self.debut.fitted(features),
            Features::Returned(features) => self.returned.fitted(features),
        };
        (ln_hours(case.anchor_hours) + change).exp().min(HOURS_MAX)
    }

    fn case(&self, title: &Title, announced_hours: Option<f64>, week: u32) -> Case {
        match (self.past.title(title), self.past.list(title.category)) {
            (Some(last), _) if self.past.is_last_week(last.week) => {
                self.carried(title, last, announced_hours)
            }
            (Some(last), Some(list)) => Case {
                kind: Kind::Returned,
                anchor_hours: list.least_hours,
                features: Features::Returned(returned::features(title, last, list, week)),
            },
            _ => Case {
                kind: Kind::Debut,
                anchor_hours: 1.0,
                features: Features::Debut(debut::features(&self.past, title, announced_hours)),
            },
        }
    }

    fn carried(&self, title: &Title, last: &LastRow, announced_hours: Option<f64>) -> Case {
        let runtime_hours = match self.runtime_known {
            RuntimeKnown::FromCalendar => announced_hours,
            RuntimeKnown::FromLastWeek => last.runtime_hours,
        };
        let features = match last.weeks_listed {
            0 | 1 => Features::Young(carried::young(&self.past, title, last, runtime_hours)),
            _ => Features::Older(carried::older(&self.past, title, last, runtime_hours)),
        };
        let kind = Kind::Carried { weeks_listed: last.weeks_listed };
        Case { kind, anchor_hours: last.hours, features }
    }
}
