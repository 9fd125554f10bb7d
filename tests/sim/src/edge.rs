//! What crosses the edge of a provider, and whether it had to.

use crate::appliance::SimBox;
use crate::network::Party;
use crate::world::World;
use contract::catalogue::CatalogueEntry;
use contract::object::ObjectId;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// An object crosses once: this much more is allowed, in percent.
const ALLOWED_PERCENT: u64 = 5;

/// A box that is back, tells the truth again, or has a disk that is read again, is noticed within
/// this time: what was asked before has to fail, and who has failed rests for a while.
const NOTICED_IN: Duration = Duration::from_secs(30);

/// What sites draw from origins, and have drawn.
#[derive(Debug, Default, Clone)]
pub struct Edge(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Bytes that a box asked for although another box of its site had them, or was getting them.
    avoidable_bytes: BTreeMap<(usize, ObjectId), u64>,
    /// How many answers are on their way, by object and box.
    under_way: BTreeMap<(ObjectId, usize), usize>,
}

/// An answer of an origin on its way; until this is dropped.
#[derive(Debug)]
pub struct Crossing {
    edge: Edge,
    key: (ObjectId, usize),
}

impl Drop for Crossing {
    fn drop(&mut self) {
        if let Some(count) = self.edge.state().under_way.get_mut(&self.key) {
            *count -= 1;
        }
    }
}

impl Edge {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An origin hears the question of a box, which was put when `holders` were those who had it:
    /// what came to another while the question was on its way, nobody could have known.
    pub fn asks(
        &self,
        world: &World,
        me: usize,
        (entry, range): (&CatalogueEntry, &Range<u64>),
        holders: &[usize],
    ) -> Crossing {
        let asker = &world.boxes[me];
        let name = &asker.name;
        world.findings.note(format_args!("{name}: asks the origin for {}: {range:?}", entry.path));
        let other = self.who_has(world, asker, entry, holders);
        if let Some(other) = other.filter(|_| !world.limits.slow()) {
            let key = (asker.site, entry.id());
            let mut state = self.state();
            let avoidable = state.avoidable_bytes.entry(key).or_default();
            *avoidable += range.end - range.start;
            if *avoidable * 100 > entry.size_bytes * ALLOWED_PERCENT {
                let (path, other) = (&entry.path, &other.name);
                world.findings.violation(format_args!(
                    "{path} crosses the edge for {name}, though {other} has it, or is getting it"
                ));
            }
        }
        let key = (entry.id(), me);
        *self.state().under_way.entry(key).or_default() += 1;
        Crossing { edge: self.clone(), key }
    }

    /// The boxes that have an object now.
    #[must_use]
    pub fn holders(world: &World, entry: &CatalogueEntry) -> Vec<usize> {
        let holders = world.boxes.iter().filter(|it| it.holds(entry));
        holders.map(|it| it.number).collect()
    }

    /// Another box of the site, within reach, that could give it.
    fn who_has<'w>(
        &self,
        world: &'w World,
        asker: &SimBox,
        entry: &CatalogueEntry,
        holders: &[usize],
    ) -> Option<&'w SimBox> {
        let me = asker.number;
        world.boxes.iter().find(|other| {
            let is_mate = other.site == asker.site && other.number != me;
            let (here, there) = (Party::Box(me), Party::Box(other.number));
            // Both ways: for whom the others do not believe, they do not wait.
            let is_known = world.network.is_steady(here, there, NOTICED_IN)
                && world.network.is_steady(there, here, NOTICED_IN)
                && other.runs_for() >= NOTICED_IN
                && other.is_steady(NOTICED_IN);
            let has_it = holders.contains(&other.number) && other.holds(entry);
            is_mate && is_known && (has_it || self.is_under_way(entry, other))
        })
    }

    fn is_under_way(&self, entry: &CatalogueEntry, to: &SimBox) -> bool {
        let count = self.state().under_way.get(&(entry.id(), to.number)).copied();
        to.running().is_some() && count.unwrap_or(0) > 0
    }
}
