//! What a country's slots must be, whatever was listed.

use super::coefficients::SHIPPED;
use super::*;
use proptest::prelude::*;

fn listed(country: &str, show: &str, rank: u32) -> Listed {
    Listed {
        country: country.into(),
        format: Format::Tv,
        show: show.into(),
        season: "1".into(),
        rank,
        weeks_listed: 1,
    }
}

fn learned(weeks: &[ListsWeek]) -> Lists {
    let mut lists = Lists::new(&SHIPPED);
    for week in weeks {
        lists.learn(week).expect("legal");
    }
    lists
}

fn names(forecast: &CountryForecast) -> Vec<&str> {
    forecast.titles.iter().map(|title| &*title.show).collect()
}

/// Two neighbours of one taste, two of another, and in the last week a title that is new in
/// one country of each pair.
fn pairs() -> Vec<ListsWeek> {
    let week = |number: u32| {
        let mut rows = Vec::new();
        for (country, taste) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("b2", "b")] {
            rows.extend((1..=3).map(|rank| listed(country, &format!("{taste}{rank}"), rank)));
            if number == 5 && country.ends_with('1') {
                rows.push(listed(country, &format!("{taste} new"), 4));
            }
        }
        ListsWeek { number, rows }
    };
    (0..6).map(week).collect()
}

#[test]
fn the_own_list_stays_and_a_neighbours_news_come_first() {
    let forecasts = learned(&pairs()).forecast(5);
    let a2 = forecasts.iter().find(|one| &*one.country == "a2").expect("a2");
    let b2 = forecasts.iter().find(|one| &*one.country == "b2").expect("b2");
    assert_eq!(names(a2)[..4], ["a1", "a2", "a3", "a new"]);
    assert_eq!(names(b2)[..4], ["b1", "b2", "b3", "b new"]);
}

#[test]
fn what_cannot_be_is_refused_and_not_learned() {
    let mut lists = learned(&pairs());
    let before = format!("{lists:?}");
    let bad = [
        ListsWeek { number: 6, rows: vec![] },
        ListsWeek { number: 5, rows: vec![listed("a1", "x", 1)] },
        ListsWeek { number: 6, rows: vec![listed("a1", "x", 0)] },
        ListsWeek { number: 6, rows: vec![listed("a1", "x", 1), listed("a1", "x", 2)] },
    ];
    let words = bad.map(|week| lists.learn(&week).expect_err("refused").to_string());
    insta::assert_snapshot!(words.join("\n"));
    assert_eq!(format!("{lists:?}"), before);
}

#[test]
fn nothing_learned_is_nothing_expected() {
    assert_eq!(Lists::new(&SHIPPED).forecast(30), []);
}

fn any_weeks() -> impl Strategy<Value = Vec<ListsWeek>> {
    let row = (0..5u8, 0..4u8, 0..3u8, any::<bool>(), 1..=RANK_MAX, 0..30u32);
    let rows = proptest::collection::vec(row, 1..40).prop_map(|rows| {
        let mut rows: Vec<Listed> = rows
            .into_iter()
            .map(|(country, show, season, is_film, rank, weeks_listed)| Listed {
                format: if is_film { Format::Films } else { Format::Tv },
                season: season.to_string().into(),
                weeks_listed,
                ..listed(&country.to_string(), &show.to_string(), rank)
            })
            .collect();
        let key =
            |row: &Listed| (row.country.clone(), row.format, row.show.clone(), row.season.clone());
        rows.sort_by_key(key);
        rows.dedup_by_key(|row| key(row));
        rows
    });
    proptest::collection::vec(rows, 1..6).prop_map(|weeks| {
        (3..).zip(weeks).map(|(number, rows)| ListsWeek { number, rows }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chances_are_chances_and_slots_are_kept(weeks in any_weeks(), slots in 0..20usize) {
        for country in learned(&weeks).forecast(slots) {
            prop_assert!(country.titles.len() <= slots);
            for title in &country.titles {
                prop_assert!((0.0..=1.0).contains(&title.chance), "{:?}", title);
            }
        }
    }

    #[test]
    fn the_order_of_rows_is_of_no_meaning(weeks in any_weeks()) {
        let mut reversed = weeks.clone();
        reversed.iter_mut().for_each(|week| week.rows.reverse());
        prop_assert_eq!(learned(&weeks).forecast(9), learned(&reversed).forecast(9));
    }
}
