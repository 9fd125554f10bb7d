//! Sources that lie, now and then or always, over hours that pass in no time.

use super::*;
use contract::object::Digest;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SOURCE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);
const STEP: Duration = Duration::from_millis(500);

fn lie(object: &ObjectId, now: Instant, spread: f64) -> Lie<'_> {
    Lie { source: SOURCE, is_near: false, object, began: now, now, spread }
}

fn object(number: u64) -> ObjectId {
    ObjectId(Digest::of(&number.to_le_bytes()))
}

/// One transfer after the other for so many hours; says which were begun, and when.
fn walk(
    seed: u64,
    is_near: bool,
    hours: u64,
    mut lies: impl FnMut(u64) -> bool,
) -> Vec<(u64, Duration)> {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut trust, began) = (Trust::default(), Instant::now());
    let (mut now, mut asked, mut next) = (began, Vec::new(), 0);
    while now < began + Duration::from_secs(hours * 3600) {
        let number = next;
        match trust.may_ask(SOURCE, &object(number), now) {
            Ok(()) => {
                asked.push((number, now - began));
                let ended = now + STEP / 2;
                if lies(number) {
                    let spread = random.random_range(0.0..1.0);
                    let object = object(number);
                    trust.lied(Lie { is_near, now: ended, ..lie(&object, now, spread) });
                } else {
                    trust.proved(SOURCE, &object(number), ended);
                }
                next += 1;
            }
            Err(distrusted) => assert!(distrusted.until() > now, "never to be looked at again"),
        }
        now += STEP;
    }
    asked
}

impl Distrusted {
    fn until(self) -> Instant {
        match self {
            Self::Rests { until } | Self::Tried { until } => until,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn who_always_lies_is_asked_seldom_and_never_given_up(seed: u64) {
        let asked = walk(seed, false, 12, |_| true);
        // Five seconds, twenty, eighty, and so on, and then an hour each; all of them may be
        // half as long.
        prop_assert!((12..35).contains(&asked.len()), "asked {} times in 12 hours", asked.len());
        for pair in asked.windows(2) {
            prop_assert!(pair[1].1 - pair[0].1 <= LONGEST_REST + TRIAL + STEP);
            prop_assert!(pair[1].1 - pair[0].1 >= FIRST_REST / 2);
        }
    }

    /// Or what it holds would cross the provider's edge again for long.
    #[test]
    fn a_sibling_that_tells_the_truth_again_is_found_within_seconds(seed: u64, lies in 1..40_u64) {
        let asked = walk(seed, true, 1, |number| number < lies);
        for pair in asked.windows(2) {
            prop_assert!(pair[1].1 - pair[0].1 <= LONGEST_REST_NEAR + STEP);
        }
        let while_lying = asked.iter().filter(|(number, _)| *number < lies);
        let bound = usize::try_from(lies).expect("few");
        prop_assert_eq!(while_lying.count(), bound);
        prop_assert!(asked[bound].1 >= FIRST_REST / 2 * u32::try_from(lies).expect("few"));
    }

    #[test]
    fn who_was_repaired_is_trusted_again(seed: u64, lies in 1..20_u64) {
        let asked = walk(seed, false, 16, |number| number < lies);
        let repaired = asked[usize::try_from(lies).expect("few")].1;
        let after = asked.iter().filter(|(_, at)| *at > repaired).count();
        prop_assert!(after > 1000, "only {after} after it was repaired");
    }

    #[test]
    fn one_bad_file_costs_everybody_else_ten_seconds(seed: u64) {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut trust, mut now) = (Trust::default(), Instant::now());
        let (bad, mut waited) = (object(0), Duration::ZERO);
        for number in 1..40_000 {
            now += STEP;
            if trust.may_ask(SOURCE, &bad, now).is_ok() {
                trust.lied(lie(&bad, now, random.random_range(0.0..1.0)));
            }
            match trust.may_ask(SOURCE, &object(number), now) {
                Ok(()) => trust.proved(SOURCE, &object(number), now),
                Err(_) => waited += STEP,
            }
        }
        // The second time it is known to be the file, and not the source.
        prop_assert!(waited <= 2 * (FIRST_REST + STEP), "{waited:?} in five hours");
        prop_assert!(trust.may_ask(object_address(), &bad, now).is_ok(), "others may have it");
    }

    #[test]
    fn whatever_happens_one_tries_at_a_time_and_memory_is_bounded(
        seed: u64,
        steps in prop::collection::vec((0..6_u8, 0..200_u64, 0..90_000_u64), 1..400),
    ) {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut trust, mut now) = (Trust::default(), Instant::now());
        let mut tried: Option<Instant> = None;
        for (step, number, wait_ms) in steps {
            let spread = random.random_range(0.0..1.0);
            match step {
                0 => trust.lied(lie(&object(number), now, spread)),
                1 => trust.proved(SOURCE, &object(number), now),
                2 => now += Duration::from_millis(wait_ms),
                _ => {
                    let is_suspect = trust.0.get(&SOURCE).is_some_and(|liar| liar.lies > 0);
                    let answer = trust.may_ask(SOURCE, &object(number), now);
                    if answer.is_ok() && is_suspect {
                        let is_first = tried.is_none_or(|before| now - before >= TRIAL);
                        prop_assert!(is_first, "two at once");
                        tried = Some(now);
                    }
                    let latest = now + LONGEST_REST.max(OBJECT_REST);
                    prop_assert!(answer.err().is_none_or(|why| why.until() <= latest));
                }
            }
            if step < 2 {
                tried = None;
            }
            let liar = trust.0.get(&SOURCE);
            prop_assert!(liar.is_none_or(|liar| liar.objects.len() <= MOST_OBJECTS));
        }
    }
}

fn object_address() -> SocketAddr {
    ([127, 0, 0, 1], 2).into()
}

#[test]
fn lies_of_transfers_that_were_under_way_together_are_one() {
    let (mut trust, now) = (Trust::default(), Instant::now());
    let later = now + Duration::from_millis(10);
    for number in 0..4 {
        trust.lied(Lie { now: later, ..lie(&object(number), now, 0.0) });
    }
    assert_eq!(trust.0[&SOURCE].lies, 1);
    let until = later + FIRST_REST;
    assert_eq!(trust.may_ask(SOURCE, &object(9), later), Err(Distrusted::Rests { until }));
    assert_eq!(trust.may_ask(SOURCE, &object(9), until), Ok(()));
    let next = until + TRIAL;
    assert_eq!(trust.may_ask(SOURCE, &object(9), until), Err(Distrusted::Tried { until: next }));
    trust.proved(SOURCE, &object(9), until);
    assert_eq!(trust.may_ask(SOURCE, &object(9), until), Ok(()));
    for port in 2..3000 {
        let source = ([127, 0, 0, 1], port).into();
        trust.lied(Lie { source, ..lie(&object(1), now, 0.5) });
    }
    assert!(trust.0.len() <= MOST_SOURCES);
}

#[test]
fn lies_from_before_a_closed_window_do_not_count_for_as_long() {
    let (mut trust, began) = (Trust::default(), Instant::now());
    let known = object(1);
    trust.lied(Lie { is_near: true, ..lie(&known, began, 0.0) });
    let soon = began + LONGEST_REST_NEAR;
    assert_eq!(trust.lies_for(SOURCE, &object(9), soon), LONGEST_REST_NEAR);
    // Nobody asks for half a day; then one tries it, and the others wait for what comes of it.
    let later = began + Duration::from_secs(12 * 3600);
    assert_eq!(trust.may_ask(SOURCE, &object(2), later), Ok(()));
    assert!(trust.may_ask(SOURCE, &object(3), later).is_err());
    assert_eq!(trust.lies_for(SOURCE, &object(9), later), Duration::ZERO);
}

#[test]
fn a_trial_of_which_nothing_comes_makes_nobody_wait_and_proves_nothing() {
    let (mut trust, began) = (Trust::default(), Instant::now());
    trust.lied(Lie { is_near: true, ..lie(&object(1), began, 0.0) });
    // Nobody asks for a while.
    let tried = began + FIRST_REST + Duration::from_secs(30);
    assert_eq!(trust.may_ask(SOURCE, &object(2), tried), Ok(()));
    assert_eq!(trust.lies_for(SOURCE, &object(9), tried), FIRST_REST);
    let ended = tried + Duration::from_secs(2);
    trust.untried(SOURCE, began, ended);
    assert!(trust.may_ask(SOURCE, &object(3), ended).is_err(), "that was another transfer");
    trust.untried(SOURCE, tried, ended);
    assert_eq!(trust.lies_for(SOURCE, &object(9), ended), FIRST_REST);
    assert_eq!(trust.may_ask(SOURCE, &object(3), ended), Ok(()));
    assert_eq!(trust.lies_for(SOURCE, &object(9), ended), FIRST_REST);
    // It lies still, as it has for all of this time.
    trust.lied(Lie { is_near: true, ..lie(&object(3), ended, 0.0) });
    assert_eq!(trust.lies_for(SOURCE, &object(9), ended), FIRST_REST);
}

#[test]
fn who_lies_about_one_object_alone_is_known_for_as_long_as_it_does() {
    let (mut trust, began) = (Trust::default(), Instant::now());
    let (bad, second) = (object(1), Duration::from_secs(1));
    let mut known = Duration::ZERO;
    for at in (0..60).map(|at| began + second * at) {
        if trust.may_ask(SOURCE, &bad, at).is_ok() {
            trust.lied(Lie { is_near: true, ..lie(&bad, at, 0.0) });
        }
        // All else that comes from it is right.
        let good = object(u64::MAX);
        if trust.may_ask(SOURCE, &good, at).is_ok() {
            trust.proved(SOURCE, &good, at);
        }
        let lies = trust.lies_about(SOURCE, &bad, at);
        assert!(lies >= known && lies <= at - began);
        known = lies;
    }
    assert!(known > second * 50, "{known:?}");
    assert!(trust.lies_for(SOURCE, &bad, began + second * 60) >= known);
    // Nobody asks for an hour: that proves nothing.
    let later = began + second * 3600;
    assert!(trust.lies_about(SOURCE, &bad, later) < second * 90);
}
