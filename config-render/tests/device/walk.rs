//! Killed at every point of every verb, and then the deadline or a boot comes: the device runs what it ran, or
//! what it was sent, and says which.

use super::harness::{Device, change};
use config_render::device::{Observed, Outcome, State};

const LABEL: &str = "c-1";

/// What was done before this verb, without a kill.
fn before(verb: &str) -> &'static [&'static str] {
    match verb {
        "stage" => &[],
        "check" => &["stage"],
        "arm" => &["stage", "check"],
        "switch" => &["stage", "check", "arm"],
        _ => &["stage", "check", "arm", "switch"],
    }
}

/// Whether there is such a point: the program was killed there.
fn is_killed(device: &Device, verb: &str, point: u32) -> bool {
    let ran = Device::finish(device.start(&change(LABEL), verb, Some(point)));
    if !ran.is_killed() {
        assert_eq!(ran.outcome(), Outcome::Done, "{verb}: {}", ran.said);
    }
    ran.is_killed()
}

/// What a change may look like for good, after whatever happened.
fn is_settled(device: &Device, place: &str) {
    let status = device.status(&change(LABEL));
    let observed = device.observed(LABEL);
    let expected = match status.state {
        State::Disarmed => Observed::After,
        State::None | State::Staged | State::Checked | State::Reverted => Observed::Before,
        other => panic!("{place}: {other:?} is not the end"),
    };
    assert_eq!(observed, expected, "{place}: {:?}", status.state);
    if status.state != State::None {
        assert_eq!(status.observed(), observed, "{place}");
    }
    assert!(!status.is_guarded, "{place}: the way back stands there after the end");
}

/// Nothing of what was cut off stands in the way of the next change.
fn goes_on(device: &Device, place: &str) {
    if device.state(&change(LABEL)) == State::Disarmed {
        // Whoever had no answer asks again.
        device.must(&change(LABEL), &["disarm"]);
        assert_eq!(device.leftovers(), left_for_good(device), "{place}");
        return;
    }
    let next = change("c-2");
    device.must(&next, &["stage", "check", "arm", "switch", "disarm"]);
    assert_eq!(device.observed("c-2"), Observed::After, "{place}");
    assert_eq!(device.leftovers(), left_for_good(device), "{place}");
}

/// The folder that the change has made.
fn left_for_good(device: &Device) -> Vec<String> {
    vec![device.path("etc/new").display().to_string()]
}

/// Every point of a verb; how many there are.
fn walk(verb: &str, at_least: u32) {
    let device = Device::new();
    device.must(&change(LABEL), before(verb));
    let saved = device.save();
    let mut point = 1;
    while is_killed(&device, verb, point) {
        let place = format!("{verb}, killed at point {point}, then its deadline");
        device.deadline();
        is_settled(&device, &place);

        device.restore(&saved);
        assert!(is_killed(&device, verb, point), "the same point");
        let place = format!("{verb}, killed at point {point}, then a boot");
        let ran = device.boot();
        let code = ran.map(|ran| (ran.code, ran.said));
        // What nobody has switched may still be guarded: the timer clears up.
        device.deadline();
        is_settled(&device, &format!("{place} ({code:?})"));
        goes_on(&device, &place);
        device.restore(&saved);
        point += 1;
    }
    assert!(point > at_least, "{verb} has only {point} points: is the walk one?");
}

#[test]
fn stage_can_be_cut_off_anywhere() {
    walk("stage", 3);
}

#[test]
fn check_can_be_cut_off_anywhere() {
    walk("check", 2);
}

#[test]
fn arm_can_be_cut_off_anywhere() {
    walk("arm", 10);
}

#[test]
fn switch_can_be_cut_off_anywhere() {
    walk("switch", 8);
}

#[test]
fn disarm_can_be_cut_off_anywhere() {
    walk("disarm", 5);
}

#[test]
fn revert_can_be_cut_off_anywhere() {
    walk("revert", 8);
}

/// The revert is killed at each point, each time anew, by the timer's service too: it still gets there.
#[test]
fn a_revert_that_is_killed_again_and_again_gets_there() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, before("revert"));
    let mut kills = 0;
    for point in 1.. {
        let ran = Device::finish(device.start(&bundle, "revert", Some(point)));
        if !ran.is_killed() {
            assert_eq!(ran.outcome(), Outcome::Done, "{}", ran.said);
            break;
        }
        kills += 1;
    }
    assert!(kills > 3, "{kills}");
    assert_eq!(device.observed(LABEL), Observed::Before);
    assert_eq!(device.state(&bundle), State::Reverted);
    assert!(device.leftovers().is_empty(), "{:?}", device.leftovers());
}
