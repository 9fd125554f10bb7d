//! Whom stores have denied access a moment ago. A store tells that of each object anew; one
//! request now and then finds out whether somebody has mended it.

use contract::names::GroupName;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Whoever mends credentials waits for no longer.
const REST: Duration = Duration::from_secs(10);

/// A group, and the store that denies it access.
pub(super) type Place<'a> = (&'a GroupName, SocketAddr);

/// Until when nobody asks. A box has some groups, each with an origin.
#[derive(Debug, Default)]
pub(super) struct Denials(Mutex<HashMap<(GroupName, SocketAddr), Instant>>);

impl Denials {
    fn until(&self) -> MutexGuard<'_, HashMap<(GroupName, SocketAddr), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it would be denied again. The first who asks after a while is told no, and the
    /// others wait for what comes of it.
    pub(super) fn stands(&self, (group, store): Place<'_>, now: Instant) -> bool {
        match self.until().get_mut(&(group.clone(), store)) {
            Some(until) if now < *until => true,
            Some(until) => {
                *until = now + REST;
                false
            }
            None => false,
        }
    }

    pub(super) fn denied(&self, (group, store): Place<'_>, now: Instant) {
        let mut until = self.until();
        // Stores move: what is over is forgotten.
        until.retain(|_, until| now < *until);
        until.insert((group.clone(), store), now + REST);
    }

    pub(super) fn over(&self, (group, store): Place<'_>) {
        self.until().remove(&(group.clone(), store));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_asks_again_after_a_rest_and_only_for_its_group() {
        let denials = Denials::default();
        let [a, b] = ["a", "b"].map(|name| GroupName::new(name).expect("name"));
        let store = SocketAddr::from(([192, 0, 2, 1], 443));
        let now = Instant::now();
        denials.denied((&a, store), now);
        assert!(denials.stands((&a, store), now) && !denials.stands((&b, store), now));
        let later = now + REST;
        assert!(!denials.stands((&a, store), later), "one asks");
        assert!(denials.stands((&a, store), later), "and no other");
        denials.over((&a, store));
        assert!(!denials.stands((&a, store), later));
    }
}
