//! What is not done, and says so: nothing of the device is touched then.

use super::harness::{ARMED_S, Device, GONE, KEPT, NEW, change, draft, owner};
use config_render::device::{Command, Observed, Outcome, State, When};
use std::os::unix::fs::symlink;

const LABEL: &str = "c-1";

fn refused(device: &Device, verb: &str, why: &str) {
    let ran = device.run(&change(LABEL), verb);
    assert_eq!(ran.outcome(), Outcome::Refused, "{verb}: {}", ran.said);
    assert!(ran.said.contains(why), "{verb}: {}", ran.said);
}

fn failed(device: &Device, verb: &str, why: &str) {
    let ran = device.run(&change(LABEL), verb);
    assert_eq!(ran.outcome(), Outcome::Failed, "{verb}: {}", ran.said);
    assert!(ran.said.contains(why), "{verb}: {}", ran.said);
}

/// Bytes that are called as a bundle of these bytes would be.
fn stage_raw(device: &Device, bytes: &[u8]) -> String {
    device.put_bundle(bytes);
    let root = device.path("");
    let line = "dash $0/change.sh stage $(sha256sum <$0/bundle | cut -d' ' -f1) <$0/bundle";
    let mut command = device.command("sh");
    command.args(["-c", line]).arg(root);
    let ran = Device::finish(command.spawn().expect("sh"));
    assert_eq!(ran.outcome(), Outcome::Failed, "{}", ran.said);
    assert_eq!(device.observed(LABEL), Observed::Before);
    ran.said
}

#[test]
fn each_step_needs_the_one_before() {
    let (device, bundle) = (Device::new(), change(LABEL));
    for verb in ["check", "arm", "switch", "disarm", "revert"] {
        refused(&device, verb, "there is no such change");
    }
    device.must(&bundle, &["stage"]);
    refused(&device, "arm", "it is staged, not checked");
    refused(&device, "switch", "it is staged, not armed");
    device.must(&bundle, &["check"]);
    refused(&device, "switch", "it is checked, not armed");
    refused(&device, "disarm", "it is checked, not switched");
    device.must(&bundle, &["arm"]);
    refused(&device, "disarm", "it is armed, not switched");
    assert_eq!(device.observed(LABEL), Observed::Before);
}

#[test]
fn steps_whose_answer_was_lost_are_done_again() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "stage", "check", "check", "arm", "arm", "switch", "switch"]);
    assert_eq!(device.ran(), "new c-1\n", "the second switch has run the commands again");
    device.must(&bundle, &["disarm", "disarm"]);
    assert_eq!(device.observed(LABEL), Observed::After);
}

#[test]
fn what_was_disarmed_does_not_come_back() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "check", "arm", "switch", "disarm"]);
    refused(&device, "revert", "there for good");
    assert!(device.boot().is_none() && device.deadline().is_none(), "a unit is still there");
    assert_eq!(device.observed(LABEL), Observed::After);
    assert_eq!(device.state(&bundle), State::Disarmed);
}

#[test]
fn what_has_come_back_cannot_be_disarmed() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "check", "arm", "switch"]);
    device.deadline();
    refused(&device, "disarm", "it is reverted, not switched");
    assert_eq!(device.observed(LABEL), Observed::Before);
    assert_eq!(device.ran(), "new c-1\nold\n");
    device.must(&bundle, &["revert", "stage", "check", "arm", "switch", "disarm"]);
}

#[test]
fn another_change_waits_for_the_first() {
    let (device, first, second) = (Device::new(), change(LABEL), change("c-2"));
    device.must(&second, &["stage", "check"]);
    device.must(&first, &["stage", "check", "arm"]);
    let ran = device.run(&second, "arm");
    assert_eq!(ran.outcome(), Outcome::Refused, "{}", ran.said);
    assert!(ran.said.contains(&format!("change {} is armed", first.id())), "{}", ran.said);
    let ran = device.run(&change("c-3"), "stage");
    assert_eq!(ran.outcome(), Outcome::Refused, "{}", ran.said);
    device.must(&first, &["switch", "disarm"]);
    let ran = device.run(&second, "arm");
    assert_eq!(ran.outcome(), Outcome::Refused, "what it would go back to is no more");
    assert!(ran.said.contains("somebody was here"), "{}", ran.said);
}

#[test]
fn what_somebody_has_written_meanwhile_is_not_overwritten() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "check", "arm"]);
    device.write(KEPT, "by hand\n");
    refused(&device, "switch", "/etc/bird/bird.conf is not what was there");
    device.deadline();
    assert_eq!(device.read(KEPT).as_deref(), Some("by hand\n"));
    assert_eq!(device.state(&bundle), State::Reverted);
}

#[test]
fn what_is_not_what_was_sent_is_not_kept() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "check", "arm", "switch"]);
    device.write(NEW, "by hand\n");
    refused(&device, "disarm", "/etc/new/folder/a.conf is not what was sent");
    device.deadline();
    assert_eq!(device.observed(LABEL), Observed::Before);
}

#[test]
fn a_checker_that_says_no_ends_it() {
    let (device, mut draft) = (Device::new(), draft(LABEL));
    draft.checks[0].command = "echo 'line 7: what is this?' >&2; grep -q never {}".to_owned();
    let bundle = draft.pack().expect("sound");
    device.must(&bundle, &["stage"]);
    let ran = device.run(&bundle, "check");
    assert_eq!(ran.outcome(), Outcome::Failed);
    assert!(ran.said.contains("bird.conf is not accepted"), "{}", ran.said);
    assert!(ran.said.contains("line 7: what is this?"), "{}", ran.said);
    let status = device.status(&bundle);
    assert_eq!(status.state, State::Staged);
    assert!(status.error.expect("an error").contains("line 7"));
}

#[test]
fn without_a_guard_nothing_is_switched() {
    let (device, bundle) = (Device::new(), change(LABEL));
    device.must(&bundle, &["stage", "check"]);
    device.write("sd/broken", "");
    failed(&device, "arm", "nothing is switched");
    assert_eq!(device.state(&bundle), State::Checked);
    let no_folder: [String; 0] = [];
    assert_eq!(device.leftovers(), no_folder, "the copies of before lie about");
    std::fs::remove_file(device.path("sd/broken")).expect("it works again");
    device.must(&bundle, &["arm"]);
    std::fs::remove_file(device.path("sd/active-headend-revert.timer")).expect("stopped");
    refused(&device, "switch", "not armed any more");
    device.must(&bundle, &["arm", "switch"]);
}

#[test]
fn too_little_time_is_no_time() {
    let (device, mut draft) = (Device::new(), draft(LABEL));
    let command = "true".to_owned();
    draft.commands.push(Command { when: When::Revert, command, limit_s: ARMED_S });
    let long = draft.pack().expect("sound");
    device.must(&long, &["stage", "check"]);
    let ran = device.run(&long, "arm");
    assert_eq!(ran.outcome(), Outcome::Refused, "{}", ran.said);
    assert!(ran.said.contains("its commands may take 65 s"), "{}", ran.said);

    let bundle = change(LABEL);
    device.must(&bundle, &["stage", "check", "arm"]);
    device.set_uptime(1000 + ARMED_S - 4);
    refused(&device, "switch", "4 s are left, and its commands may take 5 s");
    device.must(&bundle, &["arm", "switch"]);
}

/// The wall clock is for people: whichever way it is set, time goes on as it did.
#[test]
fn a_clock_that_is_set_moves_no_deadline() {
    for jump_s in [31_536_000_i64, -31_536_000] {
        let (device, bundle) = (Device::new(), change(LABEL));
        device.must(&bundle, &["stage", "check", "arm"]);
        let date =
            format!("#!/bin/sh\nexec /bin/date --date=@$(($(/bin/date +%s) + {jump_s})) \"$@\"\n");
        device.write("bin/date", &date);
        let mut chmod = device.command("chmod");
        assert!(chmod.arg("755").arg(device.path("bin/date")).status().expect("chmod").success());
        let left_s = |device: &Device| device.status(&bundle).deadline.expect("a deadline").left_s;
        assert_eq!(left_s(&device), ARMED_S);
        device.must(&bundle, &["switch"]);
        let years = device.status(&bundle).steps.last().expect("a step").at[..4].to_owned();
        assert_ne!(years, device.status(&bundle).steps[0].at[..4], "the clock was not set");
        device.set_uptime(1000 + ARMED_S);
        assert_eq!(left_s(&device), 0);
        assert_eq!(device.deadline().expect("the timer").outcome(), Outcome::Done);
        assert_eq!(device.observed(LABEL), Observed::Before);
    }
}

#[test]
fn an_upload_that_was_cut_off_is_none() {
    let (device, bundle) = (Device::new(), change(LABEL));
    for cut in [0, 1, bundle.bytes().len() / 2, bundle.bytes().len() - 1] {
        device.put_bundle(&bundle.bytes()[..cut]);
        let mut command = device.program(["stage", bundle.id().as_str()]);
        command.stdin(std::fs::File::open(device.path("bundle")).expect("the bundle"));
        let ran = Device::finish(command.spawn().expect("dash"));
        assert_eq!(ran.outcome(), Outcome::Failed, "{}", ran.said);
        assert!(ran.said.contains("the digest does not match"), "{}", ran.said);
        assert_eq!(device.state(&bundle), State::None);
    }
}

#[test]
fn a_bundle_that_no_one_here_would_pack_is_refused() {
    let (device, owner) = (Device::new(), owner());
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for path in [
        "etc/a",
        "/etc",
        "/etc/",
        "/etc/../root/.ssh/authorized_keys",
        "/etc/a/../../b",
        "/etc//a",
        "/etc/./a",
        "/etc/a/..",
        "/var/lib/a",
        "/root/a",
        "/etc/$(reboot)",
        "/etc/a;b",
        "/etc/a*",
        "/etc/systemd/system/headend-revert.timer",
        "/etc/bird/.headend-1.old",
    ] {
        let text = format!("headend-change-1 x\nfile 0644 {owner} 0 {empty} {path}\nend\n");
        let said = stage_raw(&device, text.as_bytes());
        assert!(said.contains("is not allowed"), "{path}: {said}");
    }
    for (text, why) in [
        ("other-1 x\nabsent /etc/a\nend\n", "no bundle"),
        ("headend-change-1 x\nabsent /etc/a\n", "no bundle"),
        ("headend-change-1 x\nlink /etc/a\nend\n", "does not know"),
        ("headend-change-1 x\nabsent /etc/a\nabsent /etc/a\nend\n", "twice"),
        ("headend-change-1 x\nabsent /etc/a\nend\nmore", "left over"),
    ] {
        let said = stage_raw(&device, text.as_bytes());
        assert!(said.contains(why), "{text}: {said}");
    }
    let wrong = format!("headend-change-1 x\nfile 0644 {owner} 3 {empty} /etc/a\nend\nabc");
    assert!(stage_raw(&device, wrong.as_bytes()).contains("is not what was packed"));
}

#[test]
fn links_and_folders_are_left_alone() {
    let device = Device::new();
    symlink("/root", device.path("etc/elsewhere")).expect("a link");
    symlink("/dev/null", device.path("etc/null.conf")).expect("a link");
    std::fs::create_dir(device.path("etc/folder")).expect("a folder");
    for (path, why) in [
        ("/etc/elsewhere/.profile", "a folder of /etc/elsewhere/.profile is a link"),
        ("/etc/elsewhere/new/file", "is a link"),
        ("/etc/null.conf", "no plain file"),
        ("/etc/folder", "no plain file"),
    ] {
        let text = format!("headend-change-1 x\nabsent {path}\nend\n");
        let said = stage_raw(&device, text.as_bytes());
        assert!(said.contains(why), "{path}: {said}");
    }
    assert_eq!(device.read(GONE).as_deref(), Some("stays\n"));
}
