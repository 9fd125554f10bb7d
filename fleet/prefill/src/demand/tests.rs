//! What is learned of a small world, and what is refused.

use super::*;
use proptest::prelude::*;

const TITLES: usize = 6;

/// Films of two renditions; the last is new on day 10, the one before it has three episodes.
fn catalogue(titles: usize) -> Catalogue {
    let title = |at: usize| Title {
        kind: if at == 4 { Kind::Series } else { Kind::Film },
        released_day: (at == 5).then_some(10),
        ladder: 0,
        announced_share: (at == 5).then_some(0.2),
    };
    let episodes = |at: usize| 0..if at == 4 { 3 } else { 1 };
    let file = |title: u32, episode, rendition| File { title, episode, rendition, size_bytes: 100 };
    let files = (0..).zip(0..titles).flat_map(|(number, at)| {
        episodes(at).flat_map(move |episode| [0, 1].map(|v| file(number, episode, v)))
    });
    Catalogue::new((0..titles).map(title).collect(), files.collect()).expect("good")
}

/// All three, fed with the same day after day.
#[derive(Default)]
struct Three {
    world: World,
    region: Region,
    site: Site,
}

impl Three {
    fn region_forecast(&self, day: i32) -> RegionForecast {
        let catalogue = catalogue(TITLES);
        let ages = Ages::of(&catalogue, day);
        self.region.forecast(&catalogue, &ages, &self.world.forecast(&catalogue))
    }

    fn learn(&mut self, day: i32, of_region: &[(u32, f64)], of_site: &[(u32, f64)]) {
        let catalogue = catalogue(TITLES);
        let ages = Ages::of(&catalogue, day);
        let count = |rendition, plays| RenditionCount { ladder: 0, rendition, plays };
        let by_rendition = [count(0, 30.0), count(1, 10.0)];
        let weekdays = *self.region.weekdays();
        let day = SiteDay { by_title: of_site, by_rendition: &by_rendition, unseen: &[] };
        self.site.learn(&catalogue, &ages, &weekdays, &day).expect("learned");
        let by_episode = [(4, 20.0), (5, 10.0), (6, 10.0)];
        let day =
            RegionDay { by_title: of_region, by_episode: &by_episode, by_rendition: &by_rendition };
        self.region.learn(&catalogue, &ages, &day).expect("learned");
        self.world.learn(&catalogue, &ages, of_region).expect("learned");
    }

    fn demand(&self, day: i32) -> Vec<f32> {
        let catalogue = catalogue(TITLES);
        let region = self.region_forecast(day);
        let site = self.site.forecast(&Ages::of(&catalogue, day), &region);
        let mut demand = Vec::new();
        site.demand_into(&catalogue, &region, &mut demand);
        demand
    }
}

#[test]
fn what_goes_on_as_ever_is_forecast_as_it_was() {
    let mut three = Three::default();
    for day in 0..60 {
        three.learn(day, &[(0, 900.0), (1, 60.0), (4, 40.0)], &[(0, 30.0), (1, 60.0), (4, 10.0)]);
    }
    let demand = three.demand(60);
    let of_title = |from: usize, to: usize| demand[from..to].iter().sum::<f32>();
    // The new title of day 10 never came; it takes a little.
    assert!((of_title(0, 2) - 30.0).abs() < 2.0, "{demand:?}");
    assert!((of_title(2, 4) - 60.0).abs() < 4.0, "{demand:?}");
    assert!((demand[0] / of_title(0, 2) - 0.75).abs() < 0.01, "{demand:?}");
    assert!((of_title(8, 10) / of_title(8, 14) - 0.5).abs() < 0.05, "{demand:?}");
    let region = three.region_forecast(60);
    assert!((region.plays - 1000.0).abs() < 1.0 && region.title(0).holds(900.0));
}

#[test]
fn a_new_title_is_what_was_announced_and_then_what_is_watched() {
    let mut three = Three::default();
    for day in 0..10 {
        three.learn(day, &[(0, 1000.0)], &[(0, 100.0)]);
    }
    let announced = three.region_forecast(11).title(5).plays;
    assert!((100.0..200.0).contains(&announced), "{announced}");
    assert!(three.region_forecast(9).title(5).plays <= 0.0);
    three.learn(10, &[(0, 400.0), (5, 600.0)], &[(0, 100.0)]);
    assert!(three.region_forecast(11).title(5).plays > 400.0);
}

#[test]
fn a_day_of_which_nothing_is_known_changes_little() {
    let mut with = Three::default();
    for day in 0..30 {
        with.learn(day, &[(0, 500.0), (1, 500.0)], &[(0, 90.0), (1, 10.0)]);
    }
    let before = with.demand(30);
    let after = with.demand(34);
    for (before, after) in before.iter().zip(&after) {
        assert!((before - after).abs() < 0.2 * before + 2.0, "{before} {after}");
    }
    with.learn(33, &[(0, 500.0), (1, 500.0)], &[(0, 90.0), (1, 10.0)]);
}

#[test]
fn meters_that_restart_are_said() {
    let reading = |key, total| Reading { key, total };
    let mut meter = Meter::default();
    assert_eq!(meter.read(&[reading(1, 50.0)]), Ok(Counted::default()));
    let counted = meter.read(&[reading(2, 5.0), reading(1, 7.0)]).expect("read");
    assert_eq!(counted, Counted { plays: vec![(1, 7.0), (2, 5.0)], restarted: vec![1] });
    let bad = meter.read(&[reading(1, 100.0), reading(9, f64::NAN)]).expect_err("no count");
    assert_eq!(bad.to_string(), "meter 9: NaN plays; give a number from 0 to 1e15");
    let counted = meter.read(&[reading(1, 9.0)]).expect("read");
    assert_eq!(counted.plays, [(1, 2.0)], "what was refused was not read");
}

#[test]
fn bad_records_are_named_and_nothing_is_learned() {
    let (catalogue, mut region) = (catalogue(TITLES), Region::default());
    let ages = Ages::of(&catalogue, 3);
    let mut learn = |by_title: &[(u32, f64)], by_episode: &[(u32, f64)], rendition| {
        let by_rendition = [RenditionCount { ladder: 1, rendition, plays: 1.0 }];
        let day = RegionDay { by_title, by_episode, by_rendition: &by_rendition };
        region.learn(&catalogue, &ages, &day).map_err(|refused| refused.to_string())
    };
    let words = [
        learn(&[(2, -1.0)], &[], 0).expect_err("negative"),
        learn(&[(2, f64::INFINITY)], &[], 0).expect_err("infinite"),
        learn(&[], &[(1, f64::NAN)], 0).expect_err("no number"),
        learn(&[], &[], 16).expect_err("no such rendition"),
    ];
    let unknown = learn(&[(2, 1.0), (77, 4.0)], &[(900, 4.0)], 0).expect("taken");
    assert_eq!(unknown, Taken { plays: 1.0, unknown_plays: 4.0 });
    let twice = learn(&[], &[], 0).expect_err("the same day twice");
    insta::assert_snapshot!(format!("{}\n{twice}", words.join("\n")), @r"
    title 2: -1 plays; give a number from 0 to 1e15
    title 2: inf plays; give a number from 0 to 1e15
    episode 1: NaN plays; give a number from 0 to 1e15
    rendition 16 of ladder 1: there are 8 ladders of 16
    day 3 comes after day 3, which was learned already
    ");
}

#[test]
fn a_catalogue_that_cannot_be_is_refused() {
    let title = Title { kind: Kind::Film, released_day: None, ladder: 0, announced_share: None };
    let file = File { title: 0, episode: 0, rendition: 0, size_bytes: 1 };
    let refused =
        |title, file| Catalogue::new(vec![title], vec![file]).expect_err("bad").to_string();
    let words = [
        refused(title, File { title: 1, ..file }),
        refused(title, File { size_bytes: 0, ..file }),
        refused(title, File { rendition: 16, ..file }),
        refused(title, File { episode: 4096, ..file }),
        refused(Title { ladder: 8, ..title }, file),
        refused(Title { announced_share: Some(f64::NAN), ..title }, file),
    ];
    insta::assert_snapshot!(words.join("\n"), @r"
    file 0 is of title 1, and there are 1
    file 0 has no bytes: leave it out, or correct its size
    file 0 is rendition 16: 0 to 15
    file 0 is episode 4096: 0 to 4095
    title 0 has ladder 8: 0 to 7
    title 0 is announced with a share of NaN: above 0, below 1
    ");
}

#[test]
fn a_catalogue_grows_and_does_not_shrink() {
    let (small, large) = (catalogue(4), catalogue(6));
    let mut region = Region::default();
    let day = RegionDay { by_title: &[(3, 9.0)], ..RegionDay::default() };
    region.learn(&small, &Ages::of(&small, 0), &day).expect("learned");
    region.learn(&large, &Ages::of(&large, 1), &day).expect("learned");
    let shrunk = region.learn(&small, &Ages::of(&small, 2), &day).expect_err("shrunk");
    assert_eq!(shrunk, Refused::Shrunk { what: "titles" });
}

#[test]
fn intervals_hold_what_they_mean_to() {
    // Poisson counts of a mean of 20: nine in ten are at least 14 and at most 26.
    let Expected { plays_low, plays_high, .. } = Expected::of(20.0, 1e9);
    assert_eq!([plays_low, plays_high], [14.0, 26.0]);
    let wide = Expected::of(20.0, 2.0);
    assert!(wide.plays_low < 8.0 && wide.plays_high > 35.0, "{wide:?}");
    let large = Expected::of(1e6, 100.0);
    assert!((large.plays_low - 0.874e6).abs() < 5e3 && (large.plays_high - 1.130e6).abs() < 5e3);
    assert_eq!(Expected::of(0.0, 1.0).plays_high.total_cmp(&0.0), std::cmp::Ordering::Equal);
}

#[test]
fn a_score_is_of_all_that_was_forecast_or_played() {
    let mut score = Score::default();
    assert_eq!((score.wape(), score.coverage()), (None, None));
    for (mean, plays) in [(20.0, 22.0), (20.0, 2.0), (0.5, 0.0), (0.0, 1.5), (0.0, 0.0)] {
        score.add(&Expected::of(mean, 1e9), plays);
    }
    assert_eq!((score.rows, score.intervals, score.held), (4, 2, 1));
    assert_eq!(score.wape(), Some(22.0 / 25.5));
    assert_eq!(score.coverage(), Some(0.5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn demand_is_finite_and_sums_to_the_site(
        days in proptest::collection::vec(
            (1..4_i32, proptest::collection::vec((0..8_u32, 0.0..1e6_f64), 0..9)), 1..12)
    ) {
        let mut three = Three::default();
        let mut day = -20;
        for (later, counts) in &days {
            day += later;
            three.learn(day, counts, counts);
        }
        let demand = three.demand(day + 1);
        prop_assert!(demand.iter().all(|plays| plays.is_finite() && *plays >= 0.0), "{demand:?}");
        let region = three.region_forecast(day + 1);
        let site = three.site.forecast(&Ages::of(&catalogue(TITLES), day + 1), &region);
        let all: f64 = demand.iter().map(|plays| f64::from(*plays)).sum();
        prop_assert!((all - site.plays).abs() <= 1e-3 * site.plays.max(1.0), "{all} {}", site.plays);
        for title in 0..TITLES {
            let Expected { plays, plays_low, plays_high } = site.title(title);
            prop_assert!(plays.is_finite() && plays_low <= plays_high, "{plays_low} {plays_high}");
        }
    }
}
