//! Segments of series, and the sessions that walk through them.
//!
//! A segment is asked for by who walks towards it, and by who begins anew. Those who walk are
//! seen coming: it is known where each session stands, how fast sessions walk and how often one
//! goes on. A beginning is a return of the whole series: [`returns`](super::returns) learns when
//! those come as it does for keys, and [`reach`] how many of them get as far as a segment. So a
//! title tells of each of its segments what the segment's own past cannot, and [`trust`] says
//! whether it does.

mod reach;
mod sessions;
mod trust;

use super::habits::Habit;
use super::returns::Returns;
use reach::Reach;
use sessions::{Sessions, Walk};
use std::collections::HashMap;
use trust::Gain;

/// Which segment of which series a key is. A series is a number, as a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// That of the series.
    pub series: u64,
    /// That of the segment in it.
    pub index: u64,
}

/// A series by its number here, and a segment of it.
pub(super) type Place = (u32, u64);

/// What the return of a series teaches.
const WEIGHT: f64 = 1.0;

#[derive(Debug)]
struct Series {
    name: u64,
    /// So many of its keys are known.
    keys: u32,
    sessions: Sessions,
    /// How often sessions begin, and when the last one did; `None` before the first.
    habit: Habit,
    began_at: Option<u64>,
    /// Until when the waiting for the next stands in the books.
    booked_until: u64,
    /// So many segments it has at least.
    len: u64,
    gain: Gain,
    /// Whether that is enough. Each victim is looked for among many, and asks.
    is_trusted: bool,
}

/// Every series of which a key is known.
#[derive(Debug)]
pub(super) struct AllSeries {
    all: Vec<Series>,
    free: Vec<u32>,
    numbers: HashMap<u64, u32>,
    /// When sessions begin.
    beginnings: Returns,
    walk: Walk,
    reach: Reach,
    gain: Gain,
    booked: usize,
}

impl AllSeries {
    pub(super) fn new() -> Self {
        Self {
            all: Vec::new(),
            free: Vec::new(),
            numbers: HashMap::new(),
            beginnings: Returns::new(),
            walk: Walk::new(),
            reach: Reach::new(),
            gain: Gain::default(),
            booked: 0,
        }
    }

    /// A key of this series is known from now on; gives the number of the series here.
    pub(super) fn join(&mut self, name: u64, now: u64) -> u32 {
        if let Some(number) = self.numbers.get(&name) {
            self.all[*number as usize].keys += 1;
            return *number;
        }
        let new = Series {
            name,
            keys: 1,
            sessions: Sessions::default(),
            habit: Habit::new(),
            began_at: None,
            booked_until: now,
            len: 0,
            gain: Gain::default(),
            is_trusted: Gain::default().is_trusted(&self.gain),
        };
        let number = self.free.pop().unwrap_or_else(|| {
            // There are no more of them than keys, which are numbered likewise.
            u32::try_from(self.all.len()).unwrap_or(u32::MAX)
        });
        match self.all.get_mut(number as usize) {
            Some(freed) => *freed = new,
            None => self.all.push(new),
        }
        self.numbers.insert(name, number);
        number
    }

    /// A key of it is known no longer.
    pub(super) fn leave(&mut self, number: u32, now: u64) {
        let series = &mut self.all[number as usize];
        series.keys -= 1;
        if series.keys == 0 {
            self.book(number as usize, now);
            let series = &mut self.all[number as usize];
            series.sessions = Sessions::default();
            self.numbers.remove(&series.name);
            self.free.push(number);
        }
    }

    /// Somebody asks for a segment: who was at the one before it, or who begins.
    pub(super) fn ask(&mut self, (number, index): Place, now: u64, capacity_bytes: u64) {
        let series = &mut self.all[number as usize];
        let len = series.len;
        series.len = len.max(index.saturating_add(1));
        series.sessions.end_silent(now, &mut self.walk);
        let offered = match series.sessions.take_behind(index) {
            Some(session) => {
                self.walk.went_on(now - session.at);
                session.offered
            }
            None => {
                self.begin(number as usize, len, now, capacity_bytes);
                len
            }
        };
        if index < offered {
            self.reach.ask(index);
        }
        self.all[number as usize].sessions.put(index, now, offered);
    }

    fn begin(&mut self, number: usize, len: u64, now: u64, capacity_bytes: u64) {
        self.book(number, now);
        self.reach.offer(len);
        let series = &mut self.all[number];
        if let Some(began_at) = series.began_at {
            let age_bytes = now - began_at;
            self.beginnings.returned(&series.habit, age_bytes, WEIGHT);
            series.habit.used(age_bytes, capacity_bytes);
        }
        (series.began_at, series.booked_until) = (Some(now), now);
    }

    /// Writes down that the next session of a series was waited for until now.
    fn book(&mut self, number: usize, now: u64) {
        let series = &mut self.all[number];
        let Some(began_at) = series.began_at else { return };
        let (from, to) = (series.booked_until - began_at, now - began_at);
        series.booked_until = now;
        self.beginnings.waited(&series.habit, from, to, WEIGHT);
    }

    /// Looks after one series, each in turn: of those that nobody begins nothing would be learnt.
    pub(super) fn look_after_next(&mut self, now: u64) {
        self.booked = if self.booked + 1 < self.all.len() { self.booked + 1 } else { 0 };
        if let Some(series) = self.all.get_mut(self.booked).filter(|series| series.keys > 0) {
            series.sessions.end_silent(now, &mut self.walk);
            self.book(self.booked, now);
        }
    }

    pub(super) fn learn(&mut self) {
        if self.all.is_empty() {
            return;
        }
        self.beginnings.learn();
        self.walk.learn();
        self.reach.learn();
    }

    pub(super) fn fade(&mut self) {
        self.beginnings.fade();
        self.walk.fade();
        self.reach.fade();
        self.all.iter_mut().map(|series| &mut series.gain).for_each(Gain::fade);
        self.gain.fade();
    }

    /// A segment is waited for, whose own past lets this hazard be expected. To be called for
    /// each as often, at moments that nothing about it has chosen.
    pub(super) fn looked_at(&mut self, place: Place, own: f64, now: u64) {
        let with = self.hazard(place, own, now);
        self.weigh(place, |gain| gain.looked_at(own, with));
    }

    /// It was asked for.
    pub(super) fn returned(&mut self, place: Place, own: f64, now: u64) {
        let with = self.hazard(place, own, now);
        self.weigh(place, |gain| gain.returned(own, with));
    }

    fn weigh(&mut self, (number, _): Place, weigh: impl Fn(&mut Gain)) {
        let series = &mut self.all[number as usize];
        [&mut self.gain, &mut series.gain].into_iter().for_each(weigh);
        series.is_trusted = series.gain.is_trusted(&self.gain);
    }

    fn hazard(&self, (number, index): Place, own: f64, now: u64) -> f64 {
        let series = &self.all[number as usize];
        let begins = self.beginnings.hazard(&series.habit, series.age_bytes(now));
        let begins = begins * f64::from(self.reach.share(index));
        f64::midpoint(own, begins) + series.sessions.hazard(index, now, &self.walk)
    }

    /// What the place of a segment is worth, which by its own past alone is worth `own`.
    pub(super) fn rank(&self, (number, index): Place, own: f32, now: u64) -> f32 {
        let series = &self.all[number as usize];
        if !series.is_trusted {
            return own;
        }
        let begins = self.beginnings.rank(&series.habit, series.age_bytes(now));
        let begins = begins * self.reach.share(index);
        f32::midpoint(own, begins) + series.sessions.rank(index, now, &self.walk)
    }
}

impl Series {
    /// Since a session began.
    fn age_bytes(&self, now: u64) -> u64 {
        now - self.began_at.unwrap_or(now)
    }
}

#[cfg(test)]
impl AllSeries {
    /// What one of them takes, beside its place in a table and its sessions.
    pub(super) const BYTES: usize = size_of::<Series>();

    /// How many of them have keys.
    pub(super) fn len(&self) -> usize {
        let in_use = self.all.iter().filter(|series| series.keys > 0).count();
        assert_eq!((self.numbers.len(), self.all.len()), (in_use, in_use + self.free.len()));
        in_use
    }

    /// How many sessions are remembered.
    pub(super) fn sessions(&self) -> usize {
        self.all.iter().map(|series| series.sessions.len()).sum()
    }
}
