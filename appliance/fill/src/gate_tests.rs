//! Windows, caps and forecasts together, nights of changed clocks included.

use super::*;
use crate::caps::tests::source;
use contract::progress::WaitingOn;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::{Arc, Mutex};

const HOUR_US: i64 = 3_600_000_000;

fn at(text: &str) -> TimeUs {
    TimeUs(text.parse::<jiff::Timestamp>().expect(text).as_microsecond())
}

fn gate(json: serde_json::Value) -> Gate {
    Gate::new(&serde_json::from_value(json).expect("settings")).expect("a zone")
}

fn nightly() -> Gate {
    gate(serde_json::json!({
        "time_zone": "Europe/Berlin",
        "windows": [{"opens": "02:00", "closes": "14:00", "cap_bits_per_s": "400Mb/s"}],
        "cap_bits_per_s": "1Gb/s",
        "emergency_fill": {"capped": {"cap_bits_per_s": "8Mb/s"}},
    }))
}

#[test]
fn the_least_cap_holds_and_what_is_urgent_comes_slowly_outside_the_window() {
    let gate = nightly();
    let (noon, night) = (at("2026-06-01T12:30:00Z"), at("2026-06-01T00:30:00Z"));
    let inside = gate.at(night);
    assert_eq!(inside.admission, Admission::All);
    assert_eq!(inside.cap_bytes_per_s, NonZeroU64::new(50_000_000));
    assert_eq!(inside.until, Some(at("2026-06-01T12:00:00Z")));
    let opens = at("2026-06-02T00:00:00Z");
    let outside = gate.at(noon);
    assert_eq!(outside.admission, Admission::Urgent { opens });
    assert_eq!(outside.cap_bytes_per_s, NonZeroU64::new(1_000_000));
    assert_eq!(outside.admission.check(Urgency::Ordinary), Err(WaitingOn::FillWindow { opens }));
    assert_eq!(outside.admission.check(Urgency::Urgent), Ok(()));
    assert_eq!(gate.urgency(opens.plus_s(-1), noon), Urgency::Urgent);
    assert_eq!(gate.urgency(opens, noon), Urgency::Ordinary);
    assert_eq!(gate.urgency(night, night), Urgency::Ordinary, "it may come as it is");
}

#[test]
fn a_window_is_eleven_and_thirteen_hours_long_when_clocks_are_changed() {
    let gate = nightly();
    for (night, hours) in [("2026-03-29", 11), ("2026-06-01", 12), ("2026-10-25", 13)] {
        let midnight = at(&format!("{night}T00:00:00[Europe/Berlin]")
            .parse::<jiff::Zoned>()
            .expect(night)
            .timestamp()
            .to_string());
        let mut now = midnight;
        let mut open_us = 0;
        while now < midnight.plus_s(15 * 3600) {
            let allowance = gate.at(now);
            let until = allowance.until.expect("windows");
            assert!(until > now, "{night}");
            if allowance.admission == Admission::All {
                open_us += until.0 - now.0;
            }
            now = until;
        }
        assert_eq!(open_us, hours * HOUR_US, "{night}");
        // What ten and a half hours of the cap bring is there in the same window; an hour more
        // than the night has waits for the next.
        let rate = 50_000_000;
        let done = gate.finish_at(rate * 37_800, u64::MAX, midnight).expect("a forecast");
        assert_eq!(done.0 % HOUR_US, HOUR_US / 2, "{night}");
        let bytes = rate * 3600 * (hours.unsigned_abs() + 1);
        let done = gate.finish_at(bytes, u64::MAX, midnight).expect("a forecast");
        assert!(done > midnight.plus_s(25 * 3600), "{night}: {done:?}");
    }
}

#[test]
fn forecasts_say_what_walking_minute_by_minute_would() {
    for seed in 0..40 {
        let mut random = StdRng::seed_from_u64(seed);
        let gate = nightly();
        let nights = ["2026-03-28T09:00:00Z", "2026-10-24T21:00:00Z", "2026-07-01T00:00:00Z"];
        let now = at(nights[random.random_range(0..3)]).plus_s(random.random_range(0..2000) * 60);
        let rate = random.random_range(1_000_000..80_000_000_u64);
        let minutes = random.random_range(1..3000_u64);
        let bytes = minutes * 60 * rate.min(50_000_000);
        let (mut left, mut walked) = (bytes, now);
        while left > 0 {
            if gate.at(walked).admission == Admission::All {
                left = left.saturating_sub(60 * rate.min(50_000_000));
            }
            walked = walked.plus_s(60);
        }
        let forecast = gate.finish_at(bytes, rate, now).expect("a forecast");
        assert_eq!(forecast, walked, "seed {seed}");
    }
    assert_eq!(nightly().finish_at(1, 0, at("2026-07-01T00:00:00Z")), None, "nothing comes");
    let ever = gate(serde_json::json!({}));
    assert_eq!(ever.finish_at(1000, 100, TimeUs(5)), Some(TimeUs(10_000_005)));
    assert_eq!(ever.finish_at(u64::MAX, 1, TimeUs(0)), None, "not in this life");
}

/// The clock on the wall, `began` when the steady one was at zero, and set meanwhile.
fn wall(began: TimeUs, set_by_us: &Arc<Mutex<i64>>) -> impl Fn() -> TimeUs + use<> {
    let (zero, set) = (Instant::now(), Arc::clone(set_by_us));
    move || {
        let passed = i64::try_from(zero.elapsed().as_micros()).expect("short");
        TimeUs(began.0 + passed + *set.lock().expect("lock"))
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_outside_the_windows_not_even_at_their_edges() {
    let gate = gate(serde_json::json!({
        "time_zone": "Europe/Berlin",
        "windows": [{"opens": "02:00", "closes": "02:10", "cap_bits_per_s": "8Mb/s"}],
    }));
    let set = Arc::new(Mutex::new(0));
    let clock = wall(at("2026-10-24T23:55:00Z"), &set);
    let caps = Arc::new(Caps::new());
    let source = source(1, None);
    let drawing = async {
        let mut bytes = 0;
        while clock() < at("2026-10-26T02:00:00Z") {
            let Ok(mut grant) = caps.acquire(&source, 10_000, Urgency::Ordinary).await else {
                tokio::time::sleep(Duration::from_millis(700)).await;
                continue;
            };
            tokio::select! {
                biased;
                _ = grant.revoked() => {}
                () = tokio::time::sleep(Duration::from_millis(9)) => {
                    let now = clock();
                    assert_eq!(gate.at(now).admission, Admission::All, "drawn at {now:?}");
                    bytes += grant.left();
                    grant.arrived(grant.left());
                }
            }
        }
        bytes
    };
    let bytes = tokio::select! {
        biased;
        () = gate.keep(&caps, &clock) => unreachable!("keeps for ever"),
        bytes = drawing => bytes,
    };
    // Clocks show 02:00 twice in the first night: the window opens once. Two times ten minutes,
    // at 1 MB/s.
    assert!((1_150_000_000..1_200_000_000).contains(&bytes), "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_is_noticed_within_half_a_minute() {
    let gate = nightly();
    let set = Arc::new(Mutex::new(0));
    let clock = wall(at("2026-06-01T15:00:00Z"), &set);
    let caps = Arc::new(Caps::new());
    let keeper = tokio::spawn({
        let (gate, caps) = (gate.clone(), Arc::clone(&caps));
        async move { gate.keep(&caps, clock).await }
    });
    let source = source(1, None);
    let closed = caps.acquire(&source, 1, Urgency::Ordinary).await.map(|_| ());
    assert_eq!(closed, Err(WaitingOn::FillWindow { opens: at("2026-06-02T00:00:00Z") }));
    *set.lock().expect("lock") = 10 * HOUR_US;
    tokio::time::sleep(LOOK_AGAIN + Duration::from_millis(1)).await;
    assert!(caps.acquire(&source, 1, Urgency::Ordinary).await.is_ok());
    keeper.abort();
}
