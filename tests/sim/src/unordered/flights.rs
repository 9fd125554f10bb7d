//! What is being asked of the origin at a time: each slice by one question of a box, however many
//! players wait for it.
//!
//! An object that has left and comes again is another one, though the origin cannot tell: while
//! somebody reads the one that has left, slices may come twice, once for each. So what a box asks
//! for under a path is not judged for a while once something has come anew there.

use cache::received::Validator;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Which process asks, and under which path.
pub type Asker = (u64, usize);

/// Nobody reads for so long.
const READ_IN: Duration = Duration::from_secs(60);

/// All that is under way.
#[derive(Debug, Default, Clone)]
pub struct Flights(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    under_way: BTreeMap<u64, UnderWay>,
    /// Slices that have come whole, since their object has begun.
    came: BTreeSet<(Asker, String, u32)>,
    /// Where an object has begun.
    begun: BTreeSet<Asker>,
    /// Where one has begun though there was one, and was not asked about.
    began_anew: BTreeMap<Asker, Instant>,
}

#[derive(Debug)]
struct UnderWay {
    asker: Asker,
    /// `None`: what there is.
    slices: Option<(Validator, Range<u32>)>,
}

/// A question, and then its answer; until this is dropped.
#[derive(Debug)]
pub struct Flight {
    flights: Flights,
    number: u64,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.state().under_way.remove(&self.number);
    }
}

/// Why something should not have been asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needless {
    /// What there is under this path, is being asked.
    Question,
    /// This slice is being brought.
    UnderWay(u32),
    /// This slice has come, and nothing has happened to it.
    Came(u32),
}

impl Flights {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, asker: Asker, slices: Option<(Validator, Range<u32>)>) -> Flight {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.under_way.insert(number, UnderWay { asker, slices });
        Flight { flights: self.clone(), number }
    }

    /// Somebody asks what there is.
    pub fn ask(&self, asker: Asker) -> (Flight, Option<Needless>) {
        let is_asked = self
            .state()
            .under_way
            .values()
            .any(|other| other.asker == asker && other.slices.is_none());
        (self.begin(asker, None), is_asked.then_some(Needless::Question))
    }

    /// Somebody has something, whether it stood on a disk when the process began or has come from
    /// elsewhere: what begins from here on, does anew.
    pub fn has(&self, asker: Asker) {
        self.state().begun.insert(asker);
    }

    /// An object begins that comes from elsewhere, as with [`Flight::object_begins`].
    pub fn begins_elsewhere(&self, asker: Asker, is_change: bool) {
        self.state().begins(asker, is_change);
    }

    /// Somebody asks for a slice of what he has.
    pub fn ask_for(
        &self,
        asker: Asker,
        validator: &Validator,
        slice: u32,
    ) -> (Flight, Option<Needless>) {
        let is_it = |other: &UnderWay| {
            let has_it =
                |(of, slices): &(Validator, Range<u32>)| of == validator && slices.contains(&slice);
            other.asker == asker && other.slices.as_ref().is_some_and(has_it)
        };
        let needless = {
            let state = self.state();
            let anew = state.began_anew.get(&asker);
            let is_judged = anew.is_none_or(|at| at.elapsed() > READ_IN);
            let is_under_way = is_judged && state.under_way.values().any(is_it);
            let key = (asker, format!("{validator:?}"), slice);
            let has_come = anew.is_none() && state.came.contains(&key);
            let came = has_come.then_some(Needless::Came(slice));
            if is_under_way { Some(Needless::UnderWay(slice)) } else { came }
        };
        (self.begin(asker, Some((validator.clone(), slice..slice + 1))), needless)
    }
}

impl State {
    fn begins(&mut self, asker: Asker, is_change: bool) {
        self.came.retain(|(other, ..)| *other != asker);
        if !self.begun.insert(asker) && !is_change {
            self.began_anew.insert(asker, Instant::now());
        }
    }
}

impl Flight {
    /// The answer to what there is: an object begins with these slices. `is_change`: it was asked
    /// whether there is another than the one that was there.
    pub fn object_begins(&self, validator: Validator, slices: Range<u32>, is_change: bool) {
        let state = &mut *self.flights.state();
        let Some(under_way) = state.under_way.get_mut(&self.number) else { return };
        let asker = under_way.asker;
        under_way.slices = Some((validator, slices));
        state.begins(asker, is_change);
    }

    /// It is known what there is; nothing comes.
    pub fn ends(&self) {
        self.flights.state().under_way.remove(&self.number);
    }

    /// All of this slice has come to the box.
    pub fn came(&self, slice: u32) {
        let state = &mut *self.flights.state();
        let Some(under_way) = state.under_way.get_mut(&self.number) else { return };
        if let Some((validator, slices)) = &mut under_way.slices {
            slices.start = slices.start.max(slice + 1);
            state.came.insert((under_way.asker, format!("{validator:?}"), slice));
        }
    }
}
