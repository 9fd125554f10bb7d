//! Values that stand in many documents at once, such as the title of a million objects: each is
//! in memory once, for as long as somebody has it.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// So many values are kept without a look at who still has them: they are a few kilobytes.
const FEW: usize = 256;

/// The values that are in use, and at most as many again that were.
pub(crate) struct Pool<T> {
    known: Mutex<Known<T>>,
}

struct Known<T> {
    values: HashSet<Arc<T>>,
    /// At so many values those are given back that nobody has.
    sweep_at: usize,
}

impl<T: Eq + Hash> Pool<T> {
    pub(crate) fn new() -> Self {
        Self { known: Mutex::new(Known { values: HashSet::new(), sweep_at: FEW }) }
    }

    /// The value, shared with everybody who has the same.
    pub(crate) fn share(&self, value: T) -> Arc<T> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = known.values.get(&value) {
            return Arc::clone(there);
        }
        if known.values.len() >= known.sweep_at {
            known.sweep();
        }
        let value = Arc::new(value);
        known.values.insert(Arc::clone(&value));
        value
    }
}

impl<T: Eq + Hash> Known<T> {
    /// What nobody else has cannot be had by anybody either: whoever asks for it waits.
    fn sweep(&mut self) {
        self.values.retain(|value| Arc::strong_count(value) > 1);
        self.sweep_at = FEW.max(2 * self.values.len());
        self.values.shrink_to(self.sweep_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_in_memory_once() {
        let pool = Pool::new();
        let (one, same, other) = (pool.share("a"), pool.share("a"), pool.share("b"));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
    }

    #[test]
    fn what_nobody_has_any_more_is_given_back() {
        let pool = Pool::new();
        let kept: Vec<_> = (0..1000).map(|value| pool.share(value)).collect();
        for value in 1000..100_000 {
            drop(pool.share(value));
            assert!(pool.known.lock().expect("lock").values.len() <= 2 * kept.len());
        }
        assert!(Arc::ptr_eq(&kept[7], &pool.share(7)));
    }
}
