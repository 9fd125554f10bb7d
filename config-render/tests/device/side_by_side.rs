//! Two at once: one of them does it. And whoever hangs holds nobody up when the deadline comes.

use super::harness::{Device, change, draft};
use config_render::device::{Bundle, Command, Observed, Outcome, State, When};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const LABEL: &str = "c-1";

/// Bounded: ten seconds for the lock, five more for those who are slow to die.
const PATIENCE: Duration = Duration::from_secs(20);

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "not so: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn of_two_changes_one_is_armed() {
    for _ in 0..3 {
        let (device, one, other) = (Device::new(), change(LABEL), change("c-2"));
        device.must(&one, &["stage", "check"]);
        device.must(&other, &["stage", "check"]);
        let children = [&one, &other].map(|bundle| device.start(bundle, "arm", None));
        let mut outcomes = children.map(|child| Device::finish(child).code);
        outcomes.sort();
        assert_eq!(outcomes, [Some(0), Some(3)]);
        let states = [&one, &other].map(|bundle| device.state(bundle));
        assert!(states.contains(&State::Armed) && states.contains(&State::Checked), "{states:?}");
    }
}

#[test]
fn two_who_switch_the_same_switch_once() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "check", "arm"]);
    let children = [(); 2].map(|()| device.start(&bundle, "switch", None));
    let outcomes = children.map(|child| Device::finish(child).outcome());
    assert_eq!(outcomes, [Outcome::Done; 2]);
    assert_eq!(device.ran(), "new c-1\n");
    assert_eq!(device.observed(LABEL), Observed::After);
}

/// Of a disarm and a revert at once, one wins, and both know which.
#[test]
fn disarm_or_revert_but_never_both() {
    for _ in 0..4 {
        let (device, bundle) = (Device::new(), change(LABEL));
        device.must(&bundle, &["stage", "check", "arm", "switch"]);
        let children = ["disarm", "revert"].map(|verb| device.start(&bundle, verb, None));
        let outcomes = children.map(|child| Device::finish(child).outcome());
        match (outcomes, device.state(&bundle), device.observed(LABEL)) {
            ([Outcome::Done, Outcome::Refused], State::Disarmed, Observed::After)
            | ([Outcome::Refused, Outcome::Done], State::Reverted, Observed::Before) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A switch that is in the middle of a command which takes long.
fn hanging() -> (Device, Bundle, Child, u32) {
    let (device, mut draft) = (Device::new(), draft(LABEL));
    let command = "echo $$ >$HEADEND_ROOT/hangs; sleep 500".to_owned();
    draft.commands.push(Command { when: When::Switch, command, limit_s: 50 });
    let bundle = draft.pack().expect("sound");
    device.must(&bundle, &["stage", "check", "arm"]);
    let mut child = device.start(&bundle, "switch", None);
    // Nobody reads what it says: as with a connection that is gone.
    drop((child.stdout.take(), child.stderr.take()));
    let pid = || device.read("hangs").and_then(|text| text.trim().parse().ok());
    wait_for("its command runs", || pid().is_some());
    let pid = pid().expect("a number");
    (device, bundle, child, pid)
}

fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

fn signal(name: &str, pid: u32) {
    let kill = std::process::Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(kill.expect("kill").success());
}

/// The deadline comes: it takes no longer than the bound, and nobody of the switch is left to go on.
fn comes_back(device: &Device, bundle: &Bundle, mut child: Child, command: u32) {
    let begun = Instant::now();
    let ran = device.deadline().expect("the timer");
    assert_eq!(ran.outcome(), Outcome::Done, "{}", ran.said);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    child.wait().expect("it has ended");
    wait_for("its command is gone too", || !is_running(command));
    assert_eq!(device.observed(LABEL), Observed::Before);
    assert_eq!(device.state(bundle), State::Reverted);
}

#[test]
fn a_switch_that_hangs_at_the_deadline_is_ended_with_its_commands() {
    let (device, bundle, child, command) = hanging();
    assert_eq!(device.state(&bundle), State::Switching, "who asks how it is waits for nobody");
    comes_back(&device, &bundle, child, command);
}

#[test]
fn a_switch_that_was_stopped_holds_nothing_up() {
    let (device, bundle, child, command) = hanging();
    signal("STOP", child.id());
    comes_back(&device, &bundle, child, command);
}

/// The switch is killed, its command lives on: it must not put the new rules into force after the old ones.
#[test]
fn a_command_without_its_switch_is_ended() {
    let (device, bundle, child, command) = hanging();
    signal("KILL", child.id());
    assert!(is_running(command));
    comes_back(&device, &bundle, child, command);
}
