//! What may be told of what viewers asked for, and when. Pure: the clock is an argument.
//!
//! A title is named on a day once twenty sessions asked for it on that day. Until then what is
//! counted of it is kept back, for days if need be; then it goes to where nobody is named, if that is of
//! several titles and of twenty sessions, and is forgotten if not. Nothing
//! that was told is ever taken back, so that figures only rise.

use super::day::{Day, Figures, Told};
use contract::catalogue::Common;
use contract::demand::{DemandReport, FEWEST_SESSIONS};
use contract::names::{GroupName, TitleName};
use contract::time::TimeUs;
use std::collections::{BTreeMap, HashMap};

/// What is kept back for longer is told without a name: twice the week in which a title that
/// somebody watches each day finds its twenty.
const KEPT_BACK_DAYS: i32 = 14;

/// Titles that something is known of: 400 octets each. What is asked for of others meanwhile is told
/// nobody.
const MOST_TITLES: usize = 65_536;

/// Today, and those that the fleet has not heard all of: an older one it would not take.
const KEPT_DAYS: usize = 3;

/// See above.
#[derive(Debug)]
pub(super) struct Ledger {
    today: i32,
    titles: HashMap<(GroupName, TitleName), Title>,
    days: BTreeMap<i32, Day>,
    told: Option<Told>,
    /// Of days that the fleet did not hear of in time, and of what too few had asked for.
    forgotten_bytes: u64,
}

/// What of a group is told without a name.
#[derive(Debug, Default)]
struct Unnamed {
    figures: Figures,
    titles: usize,
    sessions: usize,
}

impl Unnamed {
    fn add(&mut self, title: &mut Title) {
        self.figures.add(std::mem::take(&mut title.kept_back));
        self.titles += 1;
        self.sessions += std::mem::take(&mut title.sessions_before);
    }

    /// One title without a name has one all the same.
    fn can_be_told(&self) -> bool {
        self.titles > 1 && self.sessions >= FEWEST_SESSIONS
    }
}

#[derive(Debug)]
struct Title {
    /// Enough sessions have asked for it today.
    is_named: bool,
    /// Who has, until they are enough; as today's hashes.
    sessions: Vec<u64>,
    kept_back: Figures,
    /// Since when.
    since: i32,
    /// Sessions of the days before today whose figures are kept back.
    sessions_before: usize,
}

impl Ledger {
    pub(super) fn new(today: i32) -> Self {
        let days = BTreeMap::from([(today, Day::default())]);
        Self { today, titles: HashMap::new(), days, told: None, forgotten_bytes: 0 }
    }

    /// Another day begins, or one goes on that a clock had left.
    pub(super) fn turn_to(&mut self, day: i32) {
        if day == self.today {
            return;
        }
        self.today = day;
        self.days.entry(day).or_default();
        self.forget_days();
        let mut unnamed: HashMap<GroupName, Unnamed> = HashMap::new();
        self.titles.retain(|(group, _), title| {
            title.begin(day);
            if title.since.saturating_add(KEPT_BACK_DAYS) <= day {
                unnamed.entry(group.clone()).or_default().add(title);
            }
            title.kept_back != Figures::default()
        });
        for (group, unnamed) in unnamed {
            match unnamed.can_be_told() {
                true => self.tell(group, None, unnamed.figures),
                false => self.forget(unnamed.figures),
            }
        }
    }

    fn forget(&mut self, figures: Figures) {
        self.forgotten_bytes = self.forgotten_bytes.saturating_add(figures.bytes());
    }

    /// Those that are furthest from today.
    fn forget_days(&mut self) {
        while self.days.len() > KEPT_DAYS {
            let away = |day: &i32| (i64::from(*day) - i64::from(self.today)).abs();
            let Some(day) = self.days.keys().copied().max_by_key(away) else { return };
            let Some(gone) = self.days.remove(&day) else { return };
            self.forgotten_bytes = self.forgotten_bytes.saturating_add(gone.untold_bytes());
        }
    }

    /// Counts what these sessions asked for today, and others that cannot be told apart.
    pub(super) fn count(&mut self, common: &Common, sessions: &[u64], figures: Figures) {
        let key = (common.group.clone(), common.title.clone());
        let is_full = self.titles.len() >= MOST_TITLES;
        let today = self.today;
        let title = match self.titles.get_mut(&key) {
            Some(title) => title,
            None if is_full => return self.forget(figures),
            None => self.titles.entry(key.clone()).or_insert_with(|| Title::new(today)),
        };
        title.see(sessions);
        title.keep_back(figures, today);
        if title.is_named {
            title.sessions_before = 0;
            let figures = std::mem::take(&mut title.kept_back);
            self.tell(key.0, Some(key.1), figures);
        }
    }

    fn tell(&mut self, group: GroupName, title: Option<TitleName>, figures: Figures) {
        if figures != Figures::default() {
            self.days.entry(self.today).or_default().add((group, title), figures);
        }
    }

    /// What a report says now, if anything: of the oldest day of which not all was told.
    pub(super) fn next(&mut self, now: TimeUs) -> Option<DemandReport> {
        self.told = None;
        for (day, rows) in &mut self.days {
            let next = rows.next(*day < self.today, now);
            if !next.is_empty() {
                return Some(self.told.insert(Told::new(*day, next)).report());
            }
        }
        None
    }

    /// What [`Ledger::next`] gave last was answered for.
    pub(super) fn answered(&mut self) {
        let Some(told) = self.told.take() else { return };
        if let Some(day) = self.days.get_mut(&told.day) {
            day.answered(told.into_rows());
        }
    }

    /// What is kept back now, of all titles.
    #[cfg(test)]
    pub(super) fn kept_back(&self) -> Figures {
        let mut all = Figures::default();
        self.titles.values().for_each(|title| all.add(title.kept_back));
        all
    }

    /// What was counted on days that the fleet did not hear of in time, and what too few had asked for.
    pub(super) fn forgotten_bytes(&self) -> u64 {
        self.forgotten_bytes
    }
}

impl Title {
    fn new(since: i32) -> Self {
        let kept_back = Figures::default();
        Self { is_named: false, sessions: Vec::new(), kept_back, since, sessions_before: 0 }
    }

    /// On another day everybody is somebody else.
    fn begin(&mut self, day: i32) {
        self.sessions_before += self.sessions.len();
        (self.is_named, self.sessions) = (false, Vec::new());
        // A clock that goes back keeps nothing back for longer.
        self.since = self.since.min(day);
    }

    fn see(&mut self, sessions: &[u64]) {
        for session in sessions {
            if !self.is_named && !self.sessions.contains(session) {
                self.sessions.push(*session);
                self.is_named = self.sessions.len() >= FEWEST_SESSIONS;
            }
        }
        if self.is_named {
            self.sessions = Vec::new();
        }
    }

    fn keep_back(&mut self, figures: Figures, today: i32) {
        if self.kept_back == Figures::default() {
            self.since = today;
        }
        self.kept_back.add(figures);
    }
}
