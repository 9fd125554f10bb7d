//! Windows against known nights, and against a clock that is walked minute by minute.

use super::*;
use contract::civil::TimeOfDay;
use contract::config::check_windows;
use contract::quantity::BitRate;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;

fn window(opens: &str, closes: &str) -> FillWindow {
    FillWindow {
        opens: opens.parse().expect("a time"),
        closes: closes.parse().expect("a time"),
        days: Vec::new(),
        cap_bits_per_s: Some(BitRate(1_200_000_000)),
    }
}

fn schedule(zone: &str, windows: &[FillWindow]) -> Schedule {
    Schedule::new(Some(&TimeZoneName::new(zone).expect("a name")), windows).expect("a zone")
}

fn at(utc: &str) -> TimeUs {
    TimeUs(utc.parse::<Timestamp>().expect("an instant").as_microsecond())
}

/// From `now` on: the next opening and its end, in UTC, and the hours between.
fn next(schedule: &Schedule, now: &str) -> (String, String, i64) {
    let WindowState::Closed { opens } = schedule.at(at(now)) else { panic!("open at {now}") };
    let WindowState::Open { until: Some(closes), cap_bytes_per_s } = schedule.at(opens) else {
        panic!("closed at its opening");
    };
    assert_eq!(cap_bytes_per_s, Some(150_000_000));
    let text = |at: TimeUs| Timestamp::from_microsecond(at.0).expect("an instant").to_string();
    (text(opens), text(closes), (closes.0 - opens.0) / MINUTE_US)
}

#[test]
fn known_nights() {
    let published = [window("02:00", "14:00")];
    let over_midnight = [window("22:30", "04:00")];
    let cases = [
        // An ordinary night, in summer and in winter.
        ("Europe/Berlin", &published, "2026-07-01T00:00Z - 12:00Z", 720),
        ("Europe/Berlin", &published, "2026-12-01T01:00Z - 13:00Z", 720),
        // 23 hours: 02:00 does not exist, and the window opens at 03:00.
        ("Europe/Berlin", &published, "2026-03-29T01:00Z - 12:00Z", 660),
        ("America/New_York", &published, "2026-03-08T07:00Z - 18:00Z", 660),
        // 25 hours: 02:00 comes twice in Berlin; in New York 01:00 does.
        ("Europe/Berlin", &published, "2026-10-25T00:00Z - 13:00Z", 780),
        ("America/New_York", &published, "2026-11-01T07:00Z - 19:00Z", 720),
        // Half an hour off, and clocks that are set by half an hour.
        ("Asia/Kolkata", &published, "2026-05-05T20:30Z - 08:30Z", 720),
        ("Asia/Kathmandu", &published, "2026-05-05T20:15Z - 08:15Z", 720),
        ("Australia/Lord_Howe", &published, "2026-10-03T15:30Z - 03:00Z", 690),
        ("Australia/Lord_Howe", &published, "2026-04-04T15:30Z - 03:30Z", 720),
        // Over midnight, and over the night in which clocks are set.
        ("Europe/Berlin", &over_midnight, "2026-07-01T20:30Z - 02:00Z", 330),
        ("Europe/Berlin", &over_midnight, "2026-03-28T21:30Z - 02:00Z", 270),
        ("Europe/Berlin", &over_midnight, "2026-10-24T20:30Z - 03:00Z", 390),
        // Clocks that are set at midnight.
        ("Asia/Beirut", &over_midnight, "2026-03-28T20:30Z - 01:00Z", 270),
    ];
    for (zone, windows, span, minutes) in cases {
        let (opens, closes) = span.split_once(" - ").expect("a span");
        let opens = opens.replace('Z', ":00Z");
        let before = at(&opens).0 - MINUTE_US;
        let before = Timestamp::from_microsecond(before).expect("an instant").to_string();
        let found = next(&schedule(zone, windows), &before);
        assert_eq!((&found.0, found.2), (&opens, minutes), "{zone} {span}");
        assert!(found.1.ends_with(&closes.replace('Z', ":00Z")), "{zone} {span}: {}", found.1);
    }
}

#[test]
fn a_day_is_as_long_as_the_clocks_make_it() {
    let whole = schedule("Europe/Berlin", &[window("00:00", "24:00")]);
    for (midnight, hours) in
        [("2026-03-28T23:00:00Z", 23), ("2026-10-24T22:00:00Z", 25), ("2026-06-30T22:00:00Z", 24)]
    {
        let until = TimeUs(at(midnight).0 + hours * HOUR_US);
        let WindowState::Open { until: found, .. } = whole.at(at(midnight)) else {
            panic!("closed at {midnight}");
        };
        assert_eq!(found, Some(until), "{midnight}");
    }
}

#[test]
fn days_name_the_day_of_the_opening() {
    let mut friday = window("22:00", "06:00");
    friday.days = vec![Weekday::Fri];
    let schedule = schedule("Europe/Berlin", &[friday]);
    // 2026-07-03 is a Friday.
    let found = next(&schedule, "2026-06-27T12:00:00Z");
    assert_eq!(found.0, "2026-07-03T20:00:00Z");
    assert_eq!(found.1, "2026-07-04T04:00:00Z");
    assert_eq!(
        schedule.at(at("2026-07-04T04:00:00Z")),
        WindowState::Closed { opens: at("2026-07-10T20:00:00Z") },
        "a window is closed at its end"
    );
}

#[test]
fn a_day_that_was_skipped_has_no_window() {
    // Samoa went from the end of 29 December 2011 to 31 December: there was no Friday.
    let mut friday = window("02:00", "14:00");
    friday.days = vec![Weekday::Fri];
    let found = next(&schedule("Pacific/Apia", &[friday]), "2011-12-25T00:00:00Z");
    assert_eq!(found.0, "2012-01-05T12:00:00Z");
}

#[test]
fn without_windows_it_is_always_open() {
    let always = Schedule::new(None, &[]).expect("no zone is needed");
    let open = WindowState::Open { until: None, cap_bytes_per_s: None };
    for now in [0, i64::MIN, i64::MAX] {
        assert_eq!(always.at(TimeUs(now)), open);
    }
    let never = schedule("UTC", &[window("02:00", "14:00")]);
    for now in [i64::MIN, i64::MAX] {
        let closed = WindowState::Closed { opens: TimeUs(i64::MAX) };
        assert_eq!(never.at(TimeUs(now)), closed, "no calendar reaches {now}");
    }
}

#[test]
fn zones_are_known_by_the_names_of_the_database() {
    let zone = |name: &str| zone(&TimeZoneName::new(name).expect("a name"));
    for name in ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Argentina/Ushuaia", "Etc/GMT+5"] {
        assert!(zone(name).is_ok(), "{name}");
    }
    let err = zone("Europe/Munich").expect_err("a city, and no zone").to_string();
    assert!(err.starts_with("Europe/Munich is no time zone"), "{err}");
}

/// A clock as a box would see it that only looks once a minute, and that never goes back:
/// while the clocks of its zone repeat an hour, it stands.
struct Walk<'a> {
    zone: &'a TimeZone,
    at: i64,
    shown: DateTime,
}

impl<'a> Walk<'a> {
    /// A clock that shows the right time at `to`, having been walked there.
    fn new(zone: &'a TimeZone, to: i64) -> Self {
        let from = to - 30 * HOUR_US;
        let mut walk = Self { zone, at: from, shown: DateTime::MIN };
        while walk.at < to {
            walk.step();
        }
        walk.look();
        walk
    }

    fn look(&mut self) {
        let at = Timestamp::from_microsecond(self.at).expect("an instant");
        self.shown = self.shown.max(self.zone.to_datetime(at));
    }

    fn step(&mut self) {
        self.look();
        self.at += MINUTE_US;
    }

    /// The window that is open by this clock, and the day on which it opened.
    fn open(&self, windows: &[FillWindow]) -> Option<(usize, Date)> {
        let date = self.shown.date();
        let minutes = |day: Date| {
            i64::from((date - day).get_days()) * 1440
                + i64::from(self.shown.hour()) * 60
                + i64::from(self.shown.minute())
        };
        let days = [date, date.yesterday().expect("a day")];
        let mut found = windows.iter().enumerate().flat_map(|(at, window)| {
            days.into_iter().filter_map(move |day| {
                let since = minutes(day) - i64::from(window.opens.minutes());
                let is_open = (0..i64::from(window.length_minutes())).contains(&since);
                (is_open && window.opens_on(weekday(day))).then_some((at, day))
            })
        });
        found.next()
    }
}

/// Up to four windows that do not overlap; every second one on some days only.
fn draw_windows(rng: &mut StdRng) -> Vec<FillWindow> {
    loop {
        let count = rng.random_range(1..=4);
        let windows: Vec<FillWindow> = (0..count).map(|_| draw_window(rng)).collect();
        if check_windows(&windows).is_empty() {
            return windows;
        }
    }
}

fn draw_window(rng: &mut StdRng) -> FillWindow {
    // Often on the hours in which clocks are set.
    let mut time = || {
        let hour = if rng.random() { rng.random_range(0..4) } else { rng.random_range(0..24) };
        let minute = if rng.random() { 0 } else { rng.random_range(0..60) };
        TimeOfDay::new(hour, minute).expect("a time")
    };
    let (opens, closes) = (time(), time());
    let mut days = Weekday::ALL.to_vec();
    days.shuffle(rng);
    days.truncate(if rng.random() { 0 } else { rng.random_range(1..=7) });
    FillWindow { opens, closes, days, cap_bits_per_s: None }
}

#[test]
fn as_if_a_clock_were_walked_minute_by_minute() {
    let names: Vec<String> =
        TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400, "the database is compiled in");
    let mut edges = 0;
    for seed in 0..300 {
        let mut rng = StdRng::seed_from_u64(seed);
        let name = names.choose(&mut rng).expect("a zone");
        let windows = draw_windows(&mut rng);
        let schedule = schedule(name, &windows);
        let said = || format!("seed {seed}: {name} {windows:?}");
        // From 1973 on, offsets are whole minutes. Two in three are near a change of clocks.
        let drawn = Timestamp::from_second(rng.random_range(100_000_000..2_200_000_000));
        let drawn = drawn.expect("an instant");
        let change = schedule.zone.following(drawn).next().filter(|_| seed % 3 > 0);
        let around = change.map_or(drawn, |change| change.timestamp());
        let start = around.as_microsecond() - rng.random_range(0..36 * 60) * MINUTE_US;
        let mut walk = Walk::new(&schedule.zone, start - start.rem_euclid(MINUTE_US));
        let mut state = schedule.at(TimeUs(walk.at));
        let mut open = walk.open(&windows);
        let end = walk.at + 4 * 24 * HOUR_US;
        while walk.at < end {
            match state {
                WindowState::Open { until, .. } => {
                    assert!(open.is_some(), "{}: open at {}", said(), walk.at);
                    assert!(until > Some(TimeUs(walk.at)), "{}", said());
                }
                WindowState::Closed { opens } => {
                    assert_eq!(open, None, "{}: closed at {}", said(), walk.at);
                    assert!(opens > TimeUs(walk.at), "{}", said());
                }
            }
            walk.step();
            walk.look();
            let was = std::mem::replace(&mut open, walk.open(&windows));
            let edge = match state {
                WindowState::Open { until, .. } => until,
                WindowState::Closed { opens } => Some(opens),
            };
            // The edge that was foretold is where the walked clock has it, and nowhere else.
            assert_eq!(was != open, edge == Some(TimeUs(walk.at)), "{} at {}", said(), walk.at);
            if was != open {
                edges += 1;
                state = schedule.at(TimeUs(walk.at));
            } else if walk.at % (37 * MINUTE_US) == 0 {
                assert_eq!(schedule.at(TimeUs(walk.at)), state, "{}", said());
            }
        }
    }
    assert!(edges > 1000, "{edges} edges were seen");
}
