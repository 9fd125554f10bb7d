//! Who reaches whom, and how long it takes.

use rand::Rng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A party: a box by its number, or the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A box.
    Box(usize),
    /// The owner's server.
    Origin,
    /// The fleet manager.
    Fleet,
    /// The server of what nobody orders. It stands beside the owner's, behind the same cables.
    Publisher,
}

impl Party {
    /// Whose cables lead there.
    fn behind(self) -> Self {
        if self == Self::Publisher { Self::Origin } else { self }
    }
}

/// What is wrong with a source that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lies {
    /// How many of a thousand pieces have a wrong byte.
    pub wrong_bytes: u32,
    /// How many of a thousand answers end early.
    pub ends_early: u32,
    /// How many of a thousand answers go on beyond their end.
    pub goes_on: u32,
    /// How many of a thousand answers stop coming.
    pub stalls: u32,
}

/// Cables between parties.
#[derive(Debug)]
pub struct Network(Mutex<State>);

#[derive(Debug)]
struct State {
    random: StdRng,
    /// Until when a cable is cut.
    cut: BTreeMap<(Party, Party), Instant>,
    lies: BTreeMap<Party, Lies>,
    /// Until when a party may have lied.
    lied: BTreeMap<Party, Instant>,
}

impl Network {
    /// All cables are whole.
    #[must_use]
    pub fn new(random: StdRng) -> Self {
        let (cut, lies, lied) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self(Mutex::new(State { random, cut, lies, lied }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts a cable for a while.
    pub fn cut(&self, one: Party, other: Party, time: Duration) {
        self.state().cut.insert(cable(one, other), Instant::now() + time);
    }

    /// Whether two parties reach each other.
    #[must_use]
    pub fn reaches(&self, one: Party, other: Party) -> bool {
        let state = self.state();
        state.cut.get(&cable(one, other)).is_none_or(|until| *until <= Instant::now())
    }

    /// Whether two parties have reached each other for so long, and the other has not lied.
    #[must_use]
    pub fn is_steady(&self, one: Party, other: Party, time: Duration) -> bool {
        let state = self.state();
        let was_well = |until: &Instant| *until + time <= Instant::now();
        let is_honest = state.lies.get(&other).is_none_or(|lies| *lies == Lies::default());
        let was_honest = state.lied.get(&other).is_none_or(was_well);
        state.cut.get(&cable(one, other)).is_none_or(was_well) && is_honest && was_honest
    }

    /// From now on a party lies like this.
    pub fn set_lies(&self, party: Party, lies: Lies) {
        let mut state = self.state();
        state.lied.insert(party, Instant::now());
        state.lies.insert(party, lies);
    }

    /// How a party lies.
    #[must_use]
    pub fn lies(&self, party: Party) -> Lies {
        self.state().lies.get(&party.behind()).copied().unwrap_or_default()
    }

    /// All cables are whole, and nobody lies.
    pub fn mend(&self) {
        let (mut state, now) = (self.state(), Instant::now());
        state.cut.values_mut().for_each(|until| *until = now.min(*until));
        let liars: Vec<_> = std::mem::take(&mut state.lies).into_keys().collect();
        state.lied.extend(liars.into_iter().map(|liar| (liar, now)));
    }

    /// How long a question takes to get there and back.
    #[must_use]
    pub fn round_trip(&self, to: Party) -> Duration {
        let most_ms = if matches!(to, Party::Box(_)) { 3 } else { 80 };
        Duration::from_millis(self.state().random.random_range(0..=most_ms))
    }

    /// How long so many bytes take.
    #[must_use]
    pub fn transit(&self, bytes: usize) -> Duration {
        let bytes_per_ms = self.state().random.random_range(2_000..200_000);
        Duration::from_millis(bytes as u64 / bytes_per_ms)
    }

    /// Draws: whether something happens that happens so often in a thousand times.
    #[must_use]
    pub fn happens(&self, of_a_thousand: u32) -> bool {
        of_a_thousand > 0 && self.state().random.random_range(0..1000) < of_a_thousand
    }

    /// Draws a number below a bound that is not 0.
    #[must_use]
    pub fn below(&self, bound: usize) -> usize {
        self.state().random.random_range(0..bound)
    }
}

fn cable(one: Party, other: Party) -> (Party, Party) {
    let (one, other) = (one.behind(), other.behind());
    if one < other { (one, other) } else { (other, one) }
}
