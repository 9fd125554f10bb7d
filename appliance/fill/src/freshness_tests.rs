//! RFC 9111 §4.2 by example, and what must hold of any answer.

use super::*;
use hyper::header::HeaderValue;
use proptest::prelude::*;

/// 1994-11-06T08:49:37Z.
const NOW: TimeUs = TimeUs(784_111_777 * S);
const NOW_TEXT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const HOUR_AGO: &str = "Sun, 06 Nov 1994 07:49:37 GMT";
const IN_A_MINUTE: &str = "Sun, 06 Nov 1994 08:50:37 GMT";

/// Names and values.
type Lines<'a> = &'a [(&'a str, &'a str)];

fn fields(lines: Lines<'_>) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        fields.append(name, HeaderValue::from_str(value).expect("a value"));
    }
    fields
}

fn of(lines: Lines<'_>) -> Freshness {
    Freshness::of(&fields(lines), Exchange { asked: NOW, answered: NOW })
}

/// Fresh, then stale while revalidating, then stale if in error: in seconds from now.
fn spans(lines: Lines<'_>) -> [i64; 3] {
    let terms = of(lines).terms;
    [terms.fresh_until, terms.while_revalidate_until, terms.if_error_until]
        .map(|until| (until.0 - NOW.0) / S)
}

#[test]
fn lifetimes() {
    let cases: [(Lines<'_>, [i64; 3]); 13] = [
        (&[("cache-control", "max-age=60")], [60; 3]),
        (&[("cache-control", "max-age=60, s-maxage=90")], [90; 3]),
        (&[("cache-control", "max-age=60"), ("expires", NOW_TEXT)], [60; 3]),
        (&[("date", NOW_TEXT), ("expires", IN_A_MINUTE)], [60; 3]),
        (&[("expires", "0")], [0; 3]),
        (&[("date", NOW_TEXT), ("last-modified", HOUR_AGO)], [360; 3]),
        (&[("last-modified", "Sun, 06 Nov 1904 07:49:37 GMT")], [0; 3]),
        (&[], [0; 3]),
        (&[("cache-control", "no-cache, max-age=60, stale-if-error=9")], [0; 3]),
        (
            &[("cache-control", "max-age=60, stale-while-revalidate=10, stale-if-error=100")],
            [60, 70, 160],
        ),
        (&[("cache-control", "max-age=60, stale-if-error=100, must-revalidate")], [60; 3]),
        (&[("cache-control", "max-age=60, stale-if-error=100, proxy-revalidate")], [60; 3]),
        (&[("cache-control", "s-maxage=60, stale-while-revalidate=100")], [60; 3]),
    ];
    for (lines, expected) in cases {
        assert_eq!(spans(lines), expected, "{lines:?}");
    }
}

#[test]
fn age_is_the_larger_of_what_clocks_and_caches_say() {
    let age = |lines: Lines<'_>, delay_s: i64| {
        let exchange = Exchange { asked: TimeUs(NOW.0 - delay_s * S), answered: NOW };
        (NOW.0 - Freshness::of(&fields(lines), exchange).terms.born.0) / S
    };
    assert_eq!(age(&[("date", NOW_TEXT)], 0), 0);
    assert_eq!(age(&[("date", NOW_TEXT), ("age", "30")], 2), 32);
    assert_eq!(age(&[("date", HOUR_AGO), ("age", "30")], 2), 3600);
    assert_eq!(age(&[("date", IN_A_MINUTE)], 2), 2, "a clock ahead of ours makes nothing younger");
    assert_eq!(age(&[("age", "-5")], 0), 0);
}

#[test]
fn what_many_may_not_have_is_not_stored() {
    let stored = |lines: Lines<'_>| of(lines).may_store;
    assert!(stored(&[]) && stored(&[("vary", "Accept-Encoding, origin")]));
    for lines in [
        ("cache-control", "no-store"),
        ("cache-control", "private, max-age=60"),
        ("vary", "*"),
        ("vary", "Accept-Encoding, Cookie"),
    ] {
        assert!(!stored(&[lines]), "{lines:?}");
    }
}

#[test]
fn what_is_said_to_caches_that_serve_many_is_not_said_to_players() {
    let spans_s = |text: &str| {
        let terms = of(&[("cache-control", text)]).terms;
        let players = terms.players_until.map(|until| (until.0 - NOW.0) / S);
        ((terms.fresh_until.0 - NOW.0) / S, players)
    };
    assert_eq!(spans_s("max-age=60"), (60, None));
    assert_eq!(spans_s("max-age=0, s-maxage=86400"), (86_400, Some(0)));
    assert_eq!(spans_s("max-age=600, s-maxage=5"), (5, Some(600)));
    assert_eq!(spans_s("s-maxage=5"), (5, None));
    assert_eq!(spans_s("no-cache, max-age=600, s-maxage=5"), (0, Some(0)));
}

#[test]
fn a_304_goes_on_with_what_was_said_or_says_it_anew() {
    let before = of(&[("cache-control", "max-age=60, stale-if-error=100")]).terms;
    let later = TimeUs(NOW.0 + 500 * S);
    let exchange = Exchange { asked: later, answered: later };
    let again = |lines: Lines<'_>| Freshness::again(before, &fields(lines), exchange);
    let none = again(&[]).expect("kept");
    assert_eq!((none.fresh_until.0 - later.0) / S, 60);
    assert_eq!((none.if_error_until.0 - later.0) / S, 160);
    assert_eq!(none.validated, later);
    let other = again(&[("cache-control", "max-age=5")]).expect("kept");
    assert_eq!((other.fresh_until.0 - later.0) / S, 5);
    assert_eq!(other.if_error_until, other.fresh_until);
    for lines in [("cache-control", "no-store"), ("cache-control", "private, max-age=60")] {
        assert_eq!(again(&[lines]), None, "{lines:?}");
    }
}

#[test]
fn what_is_not_there_is_asked_for_again_soon() {
    let absent_s = |lines: Lines<'_>| (of(lines).absent_until(NOW).0 - NOW.0) / S;
    assert_eq!(absent_s(&[]), 5);
    assert_eq!(absent_s(&[("cache-control", "max-age=2")]), 2);
    assert_eq!(absent_s(&[("cache-control", "max-age=86400")]), 300);
    assert_eq!(absent_s(&[("cache-control", "no-cache")]), 0);
    assert_eq!(absent_s(&[("cache-control", "no-store")]), 0);
    assert_eq!(absent_s(&[("cache-control", "private, max-age=300")]), 0);
    assert_eq!(absent_s(&[("vary", "cookie")]), 5);
}

proptest! {
    /// Nothing an origin says makes an answer younger than it can be, or turns the order of its
    /// ends around.
    #[test]
    fn terms_keep_their_order(
        values in prop::collection::vec(("(cache-control|expires|date|age|last-modified|vary)",
            "[ -~]{0,40}|max-age=[0-9]{1,25}|Sun, 06 Nov 19[0-9][0-9] 08:49:37 GMT"), 0..6),
        asked_us in any::<i64>(), delay_us in 0..i64::MAX,
    ) {
        let mut all = HeaderMap::new();
        for (name, value) in &values {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            all.append(name, HeaderValue::from_str(value).expect("printable"));
        }
        let answered = TimeUs(asked_us.saturating_add(delay_us));
        let exchange = Exchange { asked: TimeUs(asked_us), answered };
        let terms = Freshness::of(&all, exchange).terms;
        prop_assert!(terms.born <= answered && terms.born <= terms.fresh_until);
        prop_assert!(terms.fresh_until <= terms.while_revalidate_until);
        prop_assert!(terms.fresh_until <= terms.if_error_until);
        let until = Freshness::of(&all, exchange).absent_until(answered);
        prop_assert!(answered <= until);
    }
}
