//! What is taken of the files, and what the figures are where they are known.

use super::*;
use crate::forecast::{Category, Observed, Title, Week};

const HOURS: &str = "week\tcategory\tweekly_rank\tshow_title\tseason_title\tweekly_hours_viewed\t\
    runtime\tweekly_views\tcumulative_weeks_in_top_10\n";
const LISTS: &str = "country_name\tcountry_iso2\tweek\tcategory\tweekly_rank\tshow_title\t\
    season_title\tcumulative_weeks_in_top_10\n";

fn hours(lines: &str) -> Result<Vec<Week>, String> {
    global::parse(format!("{HOURS}{lines}").as_bytes()).map_err(|bad| bad.to_string())
}

#[test]
fn weeks_are_numbered_by_date_wherever_they_stand() {
    let weeks = hours(
        "2021-07-11\tTV (English)\t1\ts\ts: 1\t500\t7.5\t\t2\n\n\
         2021-07-04\tFilms (English)\t1\tf\tN/A\t900\t\t\t1\n",
    );
    let weeks = weeks.expect("two weeks");
    let runtimes: Vec<_> = weeks.iter().map(|week| week.rows[0].runtime_hours).collect();
    assert_eq!(runtimes, [None, Some(7.5)]);
    assert_eq!([weeks[0].number, weeks[1].number], [0, 1]);
}

#[test]
fn a_bad_line_is_named() {
    let good = "2021-07-04\tFilms (English)\t1\tf\tN/A\t900\t\t\t1\n";
    let bad = [
        "2021-07-04\tFilms (English)\t1\tf\tN/A\t900\t\t\t3\n".to_owned(),
        good.replace("(English)", "(Latin)"),
        good.replace("900", "-5"),
        good.replace("900", "NaN"),
        good.replace("900", "many"),
        good.replace("2021-07-04", "4.7.2021"),
        "2021-07-04\tFilms (English)\n".to_owned(),
        "x".repeat(5000),
    ];
    let words = bad.map(|line| hours(&format!("{good}{line}")).expect_err("bad"));
    insta::assert_snapshot!(words.join("\n"));
}

#[test]
fn another_file_is_not_taken() {
    let other = global::parse("t_s\tclient\n1\t2\n".as_bytes()).expect_err("other").to_string();
    assert_eq!(other, "line 1: names no column week");
    let binary = countries::parse(&[0xff, 0xfe, b'\n'][..]).expect_err("binary").to_string();
    assert_eq!(binary, "line 1: is no UTF-8");
}

#[test]
fn too_few_weeks_say_how_many_are_needed() {
    let words = hours::rows(&[]).expect_err("none").to_string();
    assert_eq!(words, "0 weeks of hours; 54 are needed before one can be scored");
    assert!(lists::rows(&[]).is_err());
}

/// Each week a film debuts and last week's halves: the naive forecast of the carried is twice
/// what comes, that of the debuts is right.
#[test]
fn baselines_are_what_they_say() {
    let row = |number: u32, hours, weeks_listed| Observed {
        title: Title {
            category: Category::FilmsOther,
            show: format!("film {number}").into(),
            season: "N/A".into(),
        },
        hours,
        runtime_hours: None,
        weeks_listed,
    };
    let weeks: Vec<Week> = (1..=60)
        .map(|number| (number, vec![row(number, 8e6, 1), row(number - 1, 4e6, 2)]))
        .map(|(number, rows)| Week { number, rows })
        .collect();
    let rows = hours::rows(&weeks).expect("enough");
    let close = |value: f64, expected: f64| (value - expected).abs() < 1e-9;
    assert!(close(rows[0].baseline, 1.0) && close(rows[2].baseline, 0.0), "{rows:?}");
    assert!(close(rows[3].baseline, 1.0 / 3.0), "{rows:?}");
    assert!(rows[0].value < 0.1 && rows[0].rows_scored == 7, "{rows:?}");
}

#[test]
fn a_list_that_never_changes_is_captured() {
    let line = |date: &str, rank: u32| format!("Chad\tTD\t{date}\tTV\t{rank}\tshow {rank}\ts\t1\n");
    let week = |date: &str| (1..=3).map(|rank| line(date, rank)).collect::<String>();
    let text = format!("{LISTS}{}{}", week("2021-07-04"), week("2021-07-11"));
    let rows = lists::rows(&countries::parse(text.as_bytes()).expect("lists")).expect("scored");
    assert_eq!(rows.len(), 1, "no later weeks: {rows:?}");
    assert_eq!((rows[0].value, rows[0].baseline, rows[0].rows_scored), (1.0, 1.0, 3));
    assert!(rows[0].is_reached());
}
