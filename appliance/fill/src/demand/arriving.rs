//! Slices that are being brought: each by one at a time, and whoever waits for one hears of it
//! however that ends.

use super::Demand;
use cache::Object;
use cache::received::Validator;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A run of slices of one object, on their way.
pub(super) struct Arriving {
    demand: Arc<Demand>,
    object: Arc<Object>,
    /// What has not come yet.
    left: Range<u32>,
    /// It was asked for alone, and counts among those.
    is_alone: bool,
}

impl Arriving {
    /// All of these, of an object that nobody knows yet.
    pub(super) fn all(demand: &Arc<Demand>, object: &Arc<Object>, slices: Range<u32>) -> Self {
        let number = object.number();
        demand.coming().extend(slices.clone().map(|slice| (number, slice)));
        Self {
            demand: Arc::clone(demand),
            object: Arc::clone(object),
            left: slices,
            is_alone: false,
        }
    }

    /// One; `None` where it is on its way already.
    pub(super) fn one(demand: &Arc<Demand>, object: &Arc<Object>, slice: u32) -> Option<Self> {
        if !demand.coming().insert((object.number(), slice)) {
            return None;
        }
        demand.alone.fetch_add(1, Ordering::Relaxed);
        let (demand, object) = (Arc::clone(demand), Arc::clone(object));
        Some(Self { demand, object, left: slice..slice + 1, is_alone: true })
    }

    pub(super) fn object(&self) -> &Arc<Object> {
        &self.object
    }

    /// The slice that comes next.
    pub(super) fn next(&self) -> Option<u32> {
        (!self.left.is_empty()).then_some(self.left.start)
    }

    /// The next has come.
    pub(super) fn came(&mut self) {
        if let Some(slice) = self.left.next() {
            self.end(slice);
        }
    }

    fn end(&self, slice: u32) {
        self.demand.coming().remove(&(self.object.number(), slice));
        // Whoever came to wait after the slice was handed out, and before this.
        self.demand.cache.not_coming(&self.object, slice);
    }

    /// What was to come does not: the first of it is asked for again, as a part, if parts of this
    /// object can be. Whoever waits for it goes on waiting.
    pub(super) fn ask_again(mut self) {
        let facts = self.object.received().map(cache::Received::facts);
        let has_parts = facts.is_some_and(|facts| facts.validator != Validator::Nothing);
        if !has_parts {
            return;
        }
        let Some(slice) = self.left.next() else { return };
        self.demand.coming().remove(&(self.object.number(), slice));
        self.demand.bring_slice(&self.object, slice);
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        for slice in self.left.clone() {
            self.end(slice);
        }
        if self.is_alone {
            self.demand.alone.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
