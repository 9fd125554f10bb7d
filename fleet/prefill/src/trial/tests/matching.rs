//! Pairs.

use super::site;
use crate::trial::candidate::points;
use crate::trial::{Candidate, Features, Limits, Matched, Pair, Why, matched};
use contract::names::SiteName;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn candidate(name: &str, wanted_bytes_per_s: f64) -> Candidate {
    let features =
        Features { wanted_bytes_per_s, room_bytes: 1e12, offload: 0.9, filled_bytes_a_day: 1e10 };
    Candidate {
        site: site(name),
        region: Some("north".to_owned()),
        parent: None,
        is_open: true,
        features: Some(features),
    }
}

const ALL: Limits = Limits { seed: 1, most_pairs: 1000, most_demand_percent: 100, calliper: 0.5 };

fn names(matched: &Matched) -> Vec<(&str, &str)> {
    let both = matched.pairs.iter().map(|pair| (pair.tried.as_str(), pair.usual.as_str()));
    both.map(|(a, b)| if a < b { (a, b) } else { (b, a) }).collect()
}

fn why(matched: &Matched) -> BTreeMap<&str, Why> {
    matched.left.iter().map(|left| (left.site.as_str(), left.why)).collect()
}

#[test]
fn those_that_are_alike_are_pairs_and_others_say_why_not() {
    let mut all: Vec<Candidate> = [("a", 100.0), ("b", 400.0), ("c", 101.0), ("d", 404.0)]
        .into_iter()
        .chain([("far", 9e9), ("south", 100.0), ("closed", 100.0), ("new", 100.0)])
        .chain([("top", 100.0), ("below", 100.0)])
        .map(|(name, wanted)| candidate(name, wanted))
        .collect();
    all[5].region = Some("south".to_owned());
    all[6].is_open = false;
    all[7].features = None;
    all[9].parent = Some(site("top"));
    let found = matched(&all, &ALL).expect("sound");
    let mut pairs = names(&found);
    pairs.sort_unstable();
    assert_eq!(pairs, [("a", "c"), ("b", "d")]);
    let expected = [
        ("below", Why::NoLike),
        ("closed", Why::NotOpen),
        ("far", Why::NoLike),
        ("new", Why::NotKnown),
        ("south", Why::NoLike),
        ("top", Why::IsParent),
    ];
    assert_eq!(why(&found), expected.into_iter().collect());
}

#[test]
fn a_seed_draws_who_is_tried_on_and_who_is_enough() {
    let all: Vec<Candidate> =
        (0..80).map(|at| candidate(&format!("s{at:02}"), 1.1_f64.powi(at / 2))).collect();
    let of = |seed, most_demand_percent| {
        let limits = Limits { seed, most_demand_percent, most_pairs: 30, ..ALL };
        matched(&all, &limits).expect("sound")
    };
    // Forty pairs by themselves, of which thirty may be.
    let thirty = of(1, 100);
    assert_eq!((thirty.pairs.len(), thirty.left.len()), (30, 20));
    assert_ne!(thirty.pairs, of(2, 100).pairs);
    let first_tried: usize = (0..50)
        .map(|seed| of(seed, 100).pairs.iter().filter(|it| it.tried < it.usual).count())
        .sum();
    assert!((650..850).contains(&first_tried), "{first_tried} of 1500");
    let some = of(1, 5);
    assert!(some.demand <= 0.05 && some.pairs.len() >= 3, "{some:?}");
    assert!(some.left.iter().all(|left| left.why == Why::Enough));
    assert!(some.pairs.iter().all(|pair| thirty.pairs.contains(pair)), "a part of the same draw");
}

#[test]
fn what_is_no_number_is_refused() {
    let refused = |change: fn(&mut Features)| {
        let mut all = vec![candidate("a", 1.0)];
        change(all[0].features.as_mut().expect("features"));
        matched(&all, &ALL).expect_err("bad").to_string()
    };
    assert_eq!(
        refused(|it| it.offload = f64::NAN),
        "site a: offload is NaN; give a part from 0 to 1"
    );
    assert_eq!(
        refused(|it| it.wanted_bytes_per_s = 0.0),
        "site a: wanted_bytes_per_s is 0; give a number above 0"
    );
    assert!(refused(|it| it.filled_bytes_a_day = -1.0).contains("is -1"));
    assert!(refused(|it| it.room_bytes = f64::INFINITY).contains("is inf"));
    let twice = matched(&[candidate("a", 1.0), candidate("a", 2.0)], &ALL).expect_err("twice");
    assert_eq!(twice.to_string(), "site a is given twice");
}

fn any_site() -> impl Strategy<Value = Candidate> {
    let features = (1.0..1e6_f64, 1.0..1e6_f64, 0.0..=1.0_f64, 0.0..10.0_f64).prop_map(
        |(wanted_bytes_per_s, room_bytes, offload, filled_bytes_a_day)| Features {
            wanted_bytes_per_s,
            room_bytes,
            offload,
            filled_bytes_a_day,
        },
    );
    let parent = proptest::option::weighted(0.3, 0usize..6);
    (0usize..3, parent, any::<bool>(), proptest::option::weighted(0.9, features)).prop_map(
        |(region, parent, is_open, features)| Candidate {
            site: site("x"),
            region: (region > 0).then(|| format!("r{region}")),
            parent: parent.map(|at| site(&format!("s{at:02}"))),
            is_open,
            features,
        },
    )
}

fn named(mut all: Vec<Candidate>) -> Vec<Candidate> {
    all.iter_mut().zip(0..).for_each(|(it, at): (_, usize)| it.site = site(&format!("s{at:02}")));
    all
}

/// Whether taking the shortest distance of all, again and again, would have come to these pairs: of
/// two sites that are no pair and could be one, one has a partner that is as near.
fn is_greedy(sites: &[Candidate], found: &Matched, calliper: f64) -> bool {
    let closed = |it: &Candidate| {
        let why = why(found).get(it.site.as_str()).copied();
        matches!(why, Some(Why::NotOpen | Why::IsParent | Why::NotKnown))
    };
    let free: Vec<&Candidate> = sites.iter().filter(|it| !closed(it)).collect();
    let features: Vec<Features> = free.iter().filter_map(|it| it.features).collect();
    let points = points(&features);
    let partner = |at: usize| {
        let of = |pair: &Pair| match &free[at].site {
            site if *site == pair.tried => Some(pair.usual.clone()),
            site if *site == pair.usual => Some(pair.tried.clone()),
            _ => None,
        };
        let site = found.pairs.iter().find_map(of)?;
        free.iter().position(|it| it.site == site)
    };
    let has_nearer = |at: usize, distance: f64| {
        partner(at).is_some_and(|other| points[at].distance(&points[other]) <= distance)
    };
    let two = (0..free.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let like = two.filter(|(a, b)| {
        free[*a].region == free[*b].region && free[*a].parent.is_some() == free[*b].parent.is_some()
    });
    like.map(|(a, b)| (a, b, points[a].distance(&points[b])))
        .filter(|(_, _, distance)| *distance <= calliper)
        .all(|(a, b, distance)| has_nearer(a, distance) || has_nearer(b, distance))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pairs_are_disjoint_alike_and_of_leaves(
        sites in vec(any_site(), 0..40).prop_map(named),
        seed in any::<u64>(),
        most_demand_percent in 0u8..=100,
    ) {
        let limits = Limits { seed, most_demand_percent, calliper: 1.0, most_pairs: 8 };
        let found = matched(&sites, &limits).expect("sound");
        let mut all: Vec<&SiteName> =
            found.pairs.iter().flat_map(|pair| [&pair.tried, &pair.usual]).collect();
        prop_assert!(found.pairs.len() <= 8);
        prop_assert!(found.demand <= f64::from(most_demand_percent) / 100.0);
        let all_pairs = matched(&sites, &Limits { calliper: 1.0, ..ALL }).expect("sound");
        prop_assert!(is_greedy(&sites, &all_pairs, 1.0));
        let by_name: BTreeMap<&SiteName, &Candidate> =
            sites.iter().map(|it| (&it.site, it)).collect();
        for pair in &found.pairs {
            let (tried, usual) = (by_name[&pair.tried], by_name[&pair.usual]);
            prop_assert_eq!(&tried.region, &usual.region);
            prop_assert_eq!(tried.parent.is_some(), usual.parent.is_some());
            prop_assert!(tried.is_open && usual.is_open);
            for it in &sites {
                let parent = it.parent.as_ref();
                prop_assert!(parent != Some(&pair.tried) && parent != Some(&pair.usual));
            }
        }
        all.extend(found.left.iter().map(|left| &left.site));
        all.sort();
        prop_assert_eq!(all, sites.iter().map(|it| &it.site).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_of_sites_is_of_no_meaning(
        sites in vec(any_site(), 1..40).prop_map(named),
        turn in 0usize..40,
    ) {
        let mut turned = sites.clone();
        turned.rotate_left(turn % sites.len());
        turned.reverse();
        // Sums of squares are added up in another order, unless sites are sorted first.
        prop_assert_eq!(matched(&sites, &ALL), matched(&turned, &ALL));
    }
}
