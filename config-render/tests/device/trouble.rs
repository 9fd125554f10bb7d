//! What goes wrong on the way, and on the way back.

use super::harness::{Device, GONE, KEPT, change, draft};
use config_render::device::{Command, Draft, Observed, Outcome, State, When};

const LABEL: &str = "c-1";

/// A command that does what a file says.
fn with_command(when: When, command: &str) -> Draft {
    let mut draft = draft(LABEL);
    draft.commands.push(Command { when, command: command.to_owned(), limit_s: 5 });
    draft
}

#[test]
fn a_switch_whose_command_fails_is_taken_back_at_once() {
    let device = Device::new();
    let draft = with_command(When::Switch, "echo 'no such protocol' >&2; exit 7");
    let bundle = draft.pack().expect("sound");
    device.must(&bundle, &["stage", "check", "arm"]);
    let ran = device.run(&bundle, "switch");
    assert_eq!(ran.outcome(), Outcome::Failed, "{}", ran.said);
    assert!(ran.said.contains("it failed, and was taken back"), "{}", ran.said);
    assert!(ran.said.contains("ended with 7: no such protocol"), "{}", ran.said);
    assert_eq!(device.observed(LABEL), Observed::Before);
    assert_eq!(device.ran(), "new c-1\nold\n");
    let status = device.status(&bundle);
    assert_eq!((status.state, status.is_guarded), (State::Reverted, false));
    assert!(status.error.expect("an error").contains("no such protocol"));
}

#[test]
fn a_command_that_hangs_is_ended() {
    let device = Device::new();
    let mut draft = with_command(When::Switch, "sleep 1000");
    draft.commands[1].limit_s = 1;
    let bundle = draft.pack().expect("sound");
    device.must(&bundle, &["stage", "check", "arm"]);
    let ran = device.run(&bundle, "switch");
    assert_eq!(ran.outcome(), Outcome::Failed, "{}", ran.said);
    assert!(ran.said.contains("sleep 1000: ended with 124"), "{}", ran.said);
    assert_eq!(device.observed(LABEL), Observed::Before);
}

#[test]
fn a_revert_whose_command_fails_has_failed_until_it_does_not() {
    let device = Device::new();
    let bundle = with_command(When::Revert, "test -e $HEADEND_ROOT/mended").pack().expect("sound");
    device.must(&bundle, &["stage", "check", "arm", "switch"]);
    for _ in 0..3 {
        let ran = device.deadline().expect("the timer");
        assert_eq!(ran.outcome(), Outcome::Failed, "{}", ran.said);
        let status = device.status(&bundle);
        assert_eq!((status.state, status.is_guarded), (State::RevertFailed, true));
        assert!(status.error.expect("an error").contains("test -e"), "{:?}", status.steps);
        assert_eq!(status.deadline.expect("a deadline").left_s, 0);
    }
    device.write("mended", "");
    assert_eq!(device.deadline().expect("the timer").outcome(), Outcome::Done);
    assert_eq!(device.state(&bundle), State::Reverted);
    assert_eq!(device.observed(LABEL), Observed::Before);
}

#[test]
fn a_revert_that_cannot_write_one_file_writes_the_others_and_says_so() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "check", "arm", "switch"]);
    // Nothing can be renamed to what has become a folder, whoever it is.
    std::fs::remove_file(device.path(KEPT)).expect("removed");
    std::fs::create_dir(device.path(KEPT)).expect("a folder");
    let ran = device.deadline().expect("the timer");
    assert_eq!(ran.outcome(), Outcome::Failed, "{}", ran.said);
    assert!(ran.said.contains("bird.conf is not what was there"), "{}", ran.said);
    let status = device.status(&bundle);
    assert_eq!((status.state, status.observed()), (State::RevertFailed, Observed::Mixture));
    assert_eq!(device.read(GONE).as_deref(), Some("stays\n"));
    let ran = device.boot().expect("the early unit");
    assert_eq!((ran.outcome(), device.state(&bundle)), (Outcome::Failed, State::RevertFailed));
    assert!(device.path("sd/started-headend-revert.service").exists(), "nobody tries again");

    std::fs::remove_dir(device.path(KEPT)).expect("removed");
    assert_eq!(device.deadline().expect("the timer").outcome(), Outcome::Done);
    assert_eq!(device.observed(LABEL), Observed::Before);
    assert_eq!(device.state(&bundle), State::Reverted);
    assert!(device.leftovers().is_empty(), "{:?}", device.leftovers());
}

#[test]
fn only_the_latest_changes_are_kept() {
    let device = Device::new();
    for at in 0..10 {
        let bundle = change(&format!("c-{at}"));
        device.must(&bundle, &["stage"]);
    }
    let kept = std::fs::read_dir(device.path("var/lib/headend-change")).expect("the folder");
    assert_eq!(kept.count(), 8);
}
