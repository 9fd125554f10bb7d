//! What a forecast must be, whatever was observed.

use super::robust::FIRST_FIT_WEEKS;
use super::week::HOURS_MAX;
use super::*;
use proptest::prelude::*;

fn title(category: Category, show: &str, season: &str) -> Title {
    Title { category, show: show.into(), season: season.into() }
}

fn row(title: Title, hours: f64, weeks_listed: u32) -> Observed {
    Observed { title, hours, runtime_hours: Some(8.0), weeks_listed }
}

fn film(show: &str, hours: f64, weeks_listed: u32) -> Observed {
    row(title(Category::FilmsEnglish, show, "N/A"), hours, weeks_listed)
}

fn calendar(rows: &[Observed]) -> Vec<Announced> {
    rows.iter().map(Observed::announced).collect()
}

/// Every week one film starts at sixteen million hours and the last one keeps a quarter.
fn quartering(weeks: u32) -> Vec<Week> {
    let rows = |number: u32| {
        let earlier = number.checked_sub(1).map(|last| film(&format!("film {last}"), 4e6, 2));
        [film(&format!("film {number}"), 16e6, 1)].into_iter().chain(earlier).collect()
    };
    (0..weeks).map(|number| Week { number, rows: rows(number) }).collect()
}

fn learned(weeks: &[Week]) -> Weekly {
    let mut weekly = Weekly::new(RuntimeKnown::FromCalendar);
    for week in weeks {
        weekly.learn(week).expect("legal");
    }
    weekly
}

#[test]
fn what_always_happens_is_expected_and_the_interval_narrows() {
    let weekly = learned(&quartering(80));
    let next = [film("film 79", 0.0, 2), film("film 80", 0.0, 1)];
    let forecasts = weekly.forecast(&calendar(&next)).expect("legal");
    let [carried, debut] = forecasts.as_slice() else { panic!("two: {forecasts:?}") };
    assert_eq!((carried.kind, debut.kind), (Kind::Carried { weeks_listed: 1 }, Kind::Debut));
    assert!((carried.hours / 4e6 - 1.0).abs() < 0.15, "{carried:?}");
    assert!((debut.hours / 16e6 - 1.0).abs() < 0.15, "{debut:?}");
    let early = learned(&quartering(2)).forecast(&calendar(&next)).expect("legal");
    let width = |forecast: &Forecast| forecast.hours_high / forecast.hours_low;
    assert!(width(debut) < width(&early[1]), "{debut:?} {early:?}");
}

#[test]
fn before_there_is_enough_to_fit_titles_age_as_shipped() {
    let weekly = learned(&quartering(FIRST_FIT_WEEKS - 1));
    let known = format!("film {}", FIRST_FIT_WEEKS - 2);
    let forecasts = weekly.forecast(&calendar(&[film(&known, 0.0, 2)])).expect("legal");
    let aged = 16e6 * (0.093_f64 - 0.168).exp();
    assert!((forecasts[0].hours / aged - 1.0).abs() < 1e-9, "{forecasts:?}");
}

#[test]
fn a_title_that_was_away_returns_near_the_last_place() {
    let weekly = learned(&quartering(60));
    let forecasts = weekly.forecast(&calendar(&[film("film 3", 0.0, 3)])).expect("legal");
    assert_eq!(forecasts[0].kind, Kind::Returned);
    assert!((2e6..8e6).contains(&forecasts[0].hours), "{forecasts:?}");
}

#[test]
fn a_title_renamed_is_another_title() {
    let weekly = learned(&quartering(3));
    let forecasts = weekly.forecast(&calendar(&[film("Film 2", 0.0, 1)])).expect("legal");
    assert_eq!(forecasts[0].kind, Kind::Debut);
}

#[test]
fn a_season_after_a_hit_is_expected_to_be_larger() {
    let tv =
        |show: &str, season: &str, hours| row(title(Category::TvEnglish, show, season), hours, 1);
    let rows = vec![tv("hit", "hit: 1", 300e6), tv("flop", "flop: 1", 1e6)];
    let weekly = learned(&[Week { number: 7, rows }]);
    let next = [tv("flop", "flop: 2", 0.0), tv("hit", "hit: 2", 0.0)];
    let forecasts = weekly.forecast(&calendar(&next)).expect("legal");
    assert!(forecasts[1].hours > 3.0 * forecasts[0].hours, "{forecasts:?}");
}

#[test]
fn what_cannot_be_is_refused_and_not_learned() {
    let mut weekly = learned(&quartering(30));
    let before = format!("{weekly:?}");
    let mut refused = Vec::new();
    for hours in [-1.0, f64::NAN, f64::INFINITY, 2.0 * HOURS_MAX] {
        refused.push(weekly.learn(&Week { number: 30, rows: vec![film("a", hours, 1)] }));
    }
    for hours in [-0.1, f64::NAN, 1e9] {
        let rows = vec![Observed { runtime_hours: Some(hours), ..film("a", 1.0, 1) }];
        refused.push(weekly.learn(&Week { number: 30, rows }));
    }
    refused.push(weekly.learn(&Week { number: 30, rows: vec![] }));
    refused.push(weekly.learn(&Week { number: 30, rows: vec![film("a", 1.0, 1); 2] }));
    for number in [29, 31, u32::MAX] {
        refused.push(weekly.learn(&Week { number, rows: vec![film("a", 1.0, 1)] }));
    }
    let words: Vec<String> =
        refused.into_iter().map(|result| result.expect_err("refused").to_string()).collect();
    insta::assert_snapshot!(words.join("\n"));
    assert_eq!(format!("{weekly:?}"), before);
    assert!(matches!(weekly.forecast(&[]), Err(Refused::Empty { .. })));
}

/// Hours of every size, none and the most among them.
fn hours() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(HOURS_MAX), (0.0..30.0f64).prop_map(|ln| ln.exp().min(HOURS_MAX))]
}

fn runtime_hours() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![Just(None), Just(Some(0.0)), Just(Some(1e-300)), (0.1..60.0f64).prop_map(Some)]
}

prop_compose! {
    fn any_row()(
        category in 0..Category::COUNT,
        show in 0..4u8,
        season in 0..3u8,
        hours in hours(),
        runtime_hours in runtime_hours(),
        weeks_listed in 0..40u32,
    ) -> Observed {
        let season = if season == 2 { "Limited Series".into() } else { format!("{season}") };
        let title = title(Category::ALL[category], &format!("show {show}"), &season);
        Observed { title, hours, runtime_hours, weeks_listed }
    }
}

fn any_weeks() -> impl Strategy<Value = Vec<Week>> {
    let rows = proptest::collection::vec(any_row(), 1..12).prop_map(|mut rows| {
        rows.sort_by(|a, b| a.title.cmp(&b.title));
        rows.dedup_by(|a, b| a.title == b.title);
        rows
    });
    proptest::collection::vec(rows, 1..34)
        .prop_map(|weeks| (5..).zip(weeks).map(|(number, rows)| Week { number, rows }).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_forecast_is_finite_and_not_negative(weeks in any_weeks(), strict in any::<bool>()) {
        let known =
            if strict { RuntimeKnown::FromLastWeek } else { RuntimeKnown::FromCalendar };
        let mut weekly = Weekly::new(known);
        for week in &weeks {
            for forecast in weekly.forecast(&calendar(&week.rows)).expect("legal") {
                let Forecast { hours, hours_low, hours_high, .. } = forecast;
                prop_assert!([hours, hours_low, hours_high].iter().all(|h| h.is_finite()));
                prop_assert!(hours >= 0.0 && 0.0 <= hours_low && hours_low <= hours_high);
            }
            weekly.learn(week).expect("legal");
        }
    }

    #[test]
    fn the_order_of_rows_is_of_no_meaning(weeks in any_weeks(), turn in 0..12usize) {
        let (last, earlier) = weeks.split_last().expect("some");
        let turned: Vec<Week> = earlier
            .iter()
            .map(|week| {
                let mut week = week.clone();
                let by = turn % week.rows.len();
                week.rows.rotate_left(by);
                week.rows.swap(0, by);
                week
            })
            .collect();
        let mut announced = calendar(&last.rows);
        let expected = learned(earlier).forecast(&announced).expect("legal");
        announced.reverse();
        prop_assert_eq!(learned(&turned).forecast(&announced).expect("legal"), expected);
    }
}
