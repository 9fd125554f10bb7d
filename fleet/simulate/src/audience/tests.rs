//! A small world, and the same one again.

use super::*;

fn shape(seed: u64) -> Shape {
    Shape { seed, plays_a_day: 500.0, sites_a_region: 4, detailed: vec![2, 0], days: 10 }
}

fn first_day(seed: u64) -> (usize, Plays, Plays) {
    let mut audience = Audience::new(&synthetic::hours(200, 1), shape(seed)).expect("a world");
    audience.next_day();
    let mut wanted = Vec::new();
    audience.wanted_into(1, &mut wanted);
    let all: f32 = wanted.iter().sum();
    // 45000 is a Wednesday.
    assert!((all - 500.0 * 0.93).abs() < 0.1, "{all}");
    (audience.catalogue().files().len(), audience.play(1, &wanted), audience.play_others(1))
}

#[test]
fn a_seed_decides() {
    assert_eq!(first_day(7), first_day(7));
    assert_ne!(first_day(7).1, first_day(8).1);
}

#[test]
fn what_is_counted_is_what_was_played() {
    let (files, plays, others) = first_day(1);
    let by_file: u32 = plays.by_file.iter().map(|plays| plays.1).sum();
    assert!((350..600).contains(&by_file), "{by_file} of {files} files");
    let by_file = f64::from(by_file);
    let sum = |counts: &[(u32, f64)]| counts.iter().map(|plays| plays.1).sum::<f64>();
    let by_rendition: f64 = plays.by_rendition.iter().map(|count| count.plays).sum();
    for other in [sum(&plays.by_title), sum(&plays.by_episode), by_rendition] {
        assert!((other - by_file).abs() < 1e-9, "{other} {by_file}");
    }
    // Four sites, by title alone.
    assert!((1500.0..2200.0).contains(&sum(&others.by_title)) && others.by_episode.is_empty());
}

#[test]
fn days_end_with_the_half_year() {
    assert_eq!(shape(1).first_day(), 45_000);
    assert_eq!(Shape { days: 365, ..shape(1) }.first_day(), 45_108 - 365);
}

#[test]
fn hours_are_read_and_what_is_wrong_is_named() {
    let read =
        |lines: &str| hours::parse(format!("Title,Release Date,Hours Viewed\n{lines}").as_bytes());
    let rows =
        read("\"Boys, Girls: Season 1\",45008,\"1,500,000\"\nA Film,,100000\n").expect("rows");
    let series = Viewed { is_series: true, released_day: Some(45_008), hours: 1.5e6 };
    assert_eq!(rows, [series, Viewed { is_series: false, released_day: None, hours: 1e5 }]);
    let words = ["a,b,1\n", "a,,many\n", "a,,-1\n", "a,,NaN\n", "a,1\n", ""]
        .map(|lines| read(lines).expect_err("bad").to_string());
    let other = hours::parse("x,y\n".as_bytes()).expect_err("other").to_string();
    insta::assert_snapshot!(format!("{}\n{other}", words.join("\n")));
}

#[test]
fn curves_are_read_and_what_is_wrong_is_named() {
    let peak = |text: &str| Curve::parse(text.as_bytes()).map(|curve| curve.peak());
    assert!((peak("1, 10\n2, 30\n\n3, 20\n").expect("a curve") - 1.5).abs() < 1e-12);
    for (text, words) in [
        ("1, 10\n2 30\n", "line 2: is no time and number of requests, with a comma between them"),
        ("1, 0\n", "has no requests"),
    ] {
        assert_eq!(peak(text).expect_err("bad").to_string(), words);
    }
}

#[test]
fn worlds_that_cannot_be_are_refused() {
    let rows = synthetic::hours(10, 1);
    let words = |shape| Audience::new(&rows, shape).expect_err("no world").to_string();
    assert_eq!(words(Shape { days: 0, ..shape(1) }), "no days");
    assert_eq!(words(Shape { plays_a_day: f64::NAN, ..shape(1) }), "plays a day are above 0");
    assert_eq!(words(Shape { detailed: vec![], ..shape(1) }), "no site is played file by file");
    let none = Audience::new(&[], shape(1)).expect_err("no titles").to_string();
    assert_eq!(none, "none of 0 titles was released by the last day");
}
