//! When a certificate is to be followed by another.

use crate::credential::Leaf;
use contract::time::TimeUs;
use std::time::Duration;

/// What is wanted of a certificate, beside that it has not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Every one of these names.
    pub(super) names: Vec<String>,
    /// By whom.
    pub(super) issuer: WantedIssuer,
}

/// Who is to have issued it, as X.509 writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum WantedIssuer {
    /// Whoever it was.
    #[default]
    Anybody,
    /// This one: of those that the root names the newest.
    This(Vec<u8>),
    /// None of these.
    NoneOf(Vec<Vec<u8>>),
}

impl WantedIssuer {
    fn is(&self, issuer: &Vec<u8>) -> bool {
        match self {
            Self::Anybody => true,
            Self::This(wanted) => wanted == issuer,
            Self::NoneOf(unwanted) => !unwanted.contains(issuer),
        }
    }
}

/// When to ask for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Now: what is shown now is of no use to somebody.
    Now(&'static str),
    /// Soon, and not together with all others.
    Soon(&'static str),
    /// Then, by the clock on the wall.
    At(TimeUs),
}

/// Two thirds of its life, and up to a twelfth more: boxes that joined together do not ask
/// together, and a quarter of its life is left for whatever may go wrong.
pub(super) fn due(leaf: &Leaf, wanted: &Wanted) -> Due {
    if leaf.is_uncertified() {
        return Due::Now("it has no certificate yet");
    }
    if !wanted.names.iter().all(|name| leaf.names.contains(name)) {
        return Due::Now("it is asked for under names that its certificate lacks");
    }
    if !wanted.issuer.is(&leaf.issuer) {
        return Due::Soon("its issuer is being replaced");
    }
    let life_us = micros(leaf.life());
    let age_us = life_us / 3 * 2 + micros((leaf.life() / 12).mul_f64(leaf.spread));
    Due::At(TimeUs(leaf.not_before.0.saturating_add(age_us)))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY_US: i64 = 86_400_000_000;

    fn leaf(spread: f64) -> Leaf {
        Leaf {
            not_before: TimeUs(DAY_US),
            not_after: TimeUs(121 * DAY_US),
            names: vec!["a.example".to_owned(), "b.example".to_owned()],
            issuer: b"authority 1".to_vec(),
            subject: b"box".to_vec(),
            spread,
        }
    }

    proptest! {
        #[test]
        fn it_is_due_after_two_thirds_of_its_life_and_with_a_quarter_left(spread in 0.0..=1.0) {
            let Due::At(at) = due(&leaf(spread), &Wanted::default()) else { panic!("later") };
            prop_assert!((TimeUs(81 * DAY_US)..=TimeUs(91 * DAY_US)).contains(&at), "{:?}", at);
        }
    }

    #[test]
    fn what_is_of_no_use_is_replaced_at_once() {
        let wanted = |names: &[&str]| Wanted {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            issuer: WantedIssuer::This(b"authority 1".to_vec()),
        };
        assert!(matches!(due(&leaf(0.5), &wanted(&["b.example"])), Due::At(_)));
        assert!(matches!(due(&leaf(0.5), &wanted(&["b.example", "c.example"])), Due::Now(_)));
        let uncertified = Leaf { subject: b"authority 1".to_vec(), ..leaf(0.5) };
        assert!(matches!(due(&uncertified, &wanted(&[])), Due::Now(_)));
        let by = |issuer| Wanted { issuer, ..Wanted::default() };
        let newer = by(WantedIssuer::This(b"authority 2".to_vec()));
        assert!(matches!(due(&leaf(0.5), &newer), Due::Soon(_)));
        let other = by(WantedIssuer::NoneOf(vec![b"authority 1".to_vec(), b"2".to_vec()]));
        assert!(matches!(due(&leaf(0.5), &other), Due::Soon(_)));
        let other = by(WantedIssuer::NoneOf(vec![b"authority 2".to_vec()]));
        assert!(matches!(due(&leaf(0.5), &other), Due::At(_)));
    }
}
