//! Which sources do not answer, since when, and when they are asked again.
//!
//! A source that failed rests, longer with every failure, so that one that is dead costs a
//! connection now and then and not one for each object. What it does not have is no failure.

use crate::back_off::BackOff;
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The longest rest: within this time it is noticed that a source is back.
const LONGEST_REST: Duration = Duration::from_secs(15);

const RESTS: BackOff =
    BackOff { first: Duration::from_millis(400), growth: 2, longest: LONGEST_REST };

/// What is wanted of a source is asked for again within this time, the pause after a round over
/// sources that all stall included: if nobody has asked for longer, nothing was wanted of it.
pub(crate) const UNASKED: Duration = Duration::from_secs(120);

/// Sources are as many as there are siblings and origins: some hundred at the most. Beyond that
/// the oldest are forgotten.
const MOST_SOURCES: usize = 4096;

/// Whether a source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    /// It is.
    Ask,
    /// It rests, and has not answered for so long.
    Rest(Duration),
}

/// The sources that do not answer.
#[derive(Debug)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug)]
struct State {
    random: StdRng,
    ailing: HashMap<SocketAddr, Ailing>,
}

#[derive(Debug, Clone, Copy)]
struct Ailing {
    since: Instant,
    failures: u32,
    not_before: Instant,
    /// It is being asked, and nobody had asked for so long since its rest was over: whether it
    /// was silent all the time is not known before it answers, or fails.
    unheard: Duration,
}

impl Ailing {
    fn well(now: Instant) -> Self {
        Self { since: now, failures: 0, not_before: now, unheard: Duration::ZERO }
    }
}

impl Health {
    /// All are well. `random` spreads rests, so that boxes do not come back together.
    pub(crate) fn new(random: StdRng) -> Self {
        Self(Mutex::new(State { random, ailing: HashMap::new() }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to ask a source now. Of all who want to ask one whose rest is over, the first
    /// does; the others see what comes of it.
    pub(crate) fn advise(&self, source: SocketAddr, now: Instant) -> Advice {
        match self.state().ailing.get_mut(&source) {
            Some(ailing) if now < ailing.not_before => {
                Advice::Rest((now - ailing.since).saturating_sub(ailing.unheard))
            }
            Some(ailing) => {
                // As while a window is closed: its silence before that proves nothing.
                if now - ailing.not_before > UNASKED {
                    *ailing = Ailing::well(now);
                }
                ailing.unheard = now - ailing.not_before;
                ailing.not_before = now + LONGEST_REST;
                Advice::Ask
            }
            None => Advice::Ask,
        }
    }

    /// It answered, be it that it does not have something.
    pub(crate) fn answered(&self, source: SocketAddr) {
        self.state().ailing.remove(&source);
    }

    /// It was to be asked at `began`, and was not after all: the next may. Its silence before
    /// that proves nothing any more: it may be back for long, and nobody has asked.
    pub(crate) fn spared(&self, source: SocketAddr, began: Instant) {
        if let Some(ailing) = self.state().ailing.get_mut(&source) {
            ailing.not_before = ailing.not_before.min(began);
            ailing.since = ailing.since.max(began);
            ailing.unheard = Duration::ZERO;
        }
    }

    /// Whether it did not answer when it was last asked.
    pub(crate) fn is_ailing(&self, source: SocketAddr) -> bool {
        self.state().ailing.contains_key(&source)
    }

    /// For how long it has not answered.
    pub(crate) fn silent_for(&self, source: SocketAddr, now: Instant) -> Duration {
        self.state().ailing.get(&source).map_or(Duration::ZERO, |ailing| now - ailing.since)
    }

    /// It failed when it was asked at `began`: it has been silent since then.
    pub(crate) fn failed(&self, source: SocketAddr, began: Instant, now: Instant) {
        let state = &mut *self.state();
        if state.ailing.len() >= MOST_SOURCES {
            let oldest = state.ailing.iter().min_by_key(|(_, ailing)| ailing.not_before);
            let oldest = oldest.map(|(source, _)| *source);
            oldest.and_then(|oldest| state.ailing.remove(&oldest));
        }
        let ailing = state.ailing.entry(source).or_insert(Ailing::well(began));
        ailing.unheard = Duration::ZERO;
        ailing.failures = ailing.failures.saturating_add(1);
        let spread = state.random.random_range(0.0..=1.0);
        ailing.not_before = now + RESTS.after(ailing.failures, spread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;

    const SOURCE: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

    proptest! {
        /// A source that is dead is asked less and less, and one that is back is found soon.
        #[test]
        fn a_dead_source_is_asked_seldom_and_never_forgotten(seed: u64) {
            let health = Health::new(StdRng::seed_from_u64(seed));
            let (began, step) = (Instant::now(), Duration::from_millis(50));
            let (mut asked, mut asked_last) = (0, began);
            for at in 0..6000 {
                let now = began + step * at;
                match health.advise(SOURCE, now) {
                    Advice::Rest(silent_for) => prop_assert_eq!(silent_for, now - began),
                    Advice::Ask => {
                        prop_assert!(now - asked_last <= LONGEST_REST + step);
                        (asked, asked_last) = (asked + 1, now);
                        health.failed(SOURCE, now, now);
                    }
                }
            }
            prop_assert!((20..60).contains(&asked), "asked {} times in 5 minutes", asked);
            health.answered(SOURCE);
            prop_assert_eq!(health.advise(SOURCE, asked_last), Advice::Ask);
        }
    }

    #[test]
    fn one_asks_after_a_rest_and_the_others_wait_for_what_comes_of_it() {
        let health = Health::new(StdRng::seed_from_u64(1));
        let began = Instant::now();
        health.failed(SOURCE, began, began);
        let later = began + Duration::from_secs(1);
        assert_eq!(health.advise(SOURCE, later), Advice::Ask);
        let meanwhile = later + Duration::from_secs(2);
        let Advice::Rest(silent_for) = health.advise(SOURCE, meanwhile) else { panic!("it rests") };
        // Its rest of less than a second, and the time for which it is being asked.
        assert!((2200..2500).contains(&silent_for.as_millis()), "{silent_for:?}");
        health.failed(SOURCE, later, meanwhile);
        assert_eq!(health.advise(SOURCE, meanwhile), Advice::Rest(meanwhile - began));
    }

    #[test]
    fn a_silence_before_a_closed_window_is_none() {
        let health = Health::new(StdRng::seed_from_u64(1));
        let began = Instant::now();
        health.failed(SOURCE, began, began);
        // Asked now and then, and in vain, it is silent all the time.
        let soon = began + UNASKED;
        assert_eq!(health.advise(SOURCE, soon), Advice::Ask);
        health.failed(SOURCE, soon, soon);
        assert_eq!(health.advise(SOURCE, soon), Advice::Rest(UNASKED));
        let later = soon + LONGEST_REST + UNASKED + Duration::from_secs(1);
        assert_eq!(health.advise(SOURCE, later), Advice::Ask);
        assert_eq!(health.advise(SOURCE, later), Advice::Rest(Duration::ZERO), "the others");
    }

    #[test]
    fn a_silence_that_nobody_has_listened_to_is_none() {
        let health = Health::new(StdRng::seed_from_u64(1));
        let began = Instant::now();
        health.failed(SOURCE, began, began);
        let later = began + Duration::from_secs(60);
        assert_eq!(health.advise(SOURCE, later), Advice::Ask);
        health.spared(SOURCE, later);
        let again = later + Duration::from_secs(1);
        assert_eq!(health.advise(SOURCE, again), Advice::Ask);
        assert_eq!(health.advise(SOURCE, again), Advice::Rest(Duration::ZERO));
    }
}
