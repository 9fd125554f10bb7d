//! What is packed here is what is unpacked there; and what comes back is read, or refused, whatever it is.

use super::harness::{Device, change, draft, present};
use config_render::device::{
    BadBundle, BadStatus, Bundle, CHANGE_SH, Check, Command, Draft, File, MAX_BUNDLE_BYTES,
    Running, State, Status, Target, When,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

#[test]
fn a_bundle_is_lines_and_then_bytes() {
    let mut draft = draft("c-1");
    for file in &mut draft.files {
        if let Target::Present { owner, .. } = &mut file.target {
            "root:bird".clone_into(owner);
        }
    }
    let bundle = draft.pack().expect("sound");
    let text = String::from_utf8_lossy(bundle.bytes()).into_owned();
    insta::assert_snapshot!(text);
    assert_eq!(bundle.limit_s(), 5);
}

#[test]
fn both_sides_know_the_same_largest_bundle() {
    let line = CHANGE_SH.lines().find_map(|line| line.strip_prefix("most_bytes="));
    let number = line.and_then(|line| line.split(' ').next()).expect("the number");
    assert_eq!(number, MAX_BUNDLE_BYTES.to_string());
}

#[test]
fn the_label_makes_another_change() {
    assert_ne!(change("c-1").id(), change("c-2").id());
    assert_eq!(change("c-1"), change("c-1"));
}

fn complaint(edit: impl FnOnce(&mut Draft)) -> BadBundle {
    let mut draft = draft("c-1");
    edit(&mut draft);
    draft.pack().expect_err("a complaint")
}

#[test]
fn what_a_device_would_refuse_is_not_packed() {
    let path = |path: &str| complaint(|draft| draft.files[0].path = path.to_owned());
    for bad in ["etc/a", "/etc", "/etc/", "/etc/../a", "/etc//a", "/etc/a b", "/var/a", "/etc/ä"] {
        assert_eq!(path(bad), BadBundle::Path(bad.to_owned()));
    }
    let ours = "/etc/systemd/system/headend-revert-boot.service";
    assert_eq!(path(ours), BadBundle::OwnPath(ours.to_owned()));
    assert_eq!(path("/etc/cron.d/old"), BadBundle::Twice("/etc/cron.d/old".to_owned()));
    assert_eq!(path("/etc/new"), BadBundle::FileAndFolder("/etc/new".to_owned()));
    assert_eq!(complaint(|draft| draft.files.clear()), BadBundle::NoFiles);
    assert!(matches!(complaint(|draft| draft.label = "a b".to_owned()), BadBundle::Label(_)));
    let check = complaint(|draft| draft.checks[0].command = "true".to_owned());
    assert!(matches!(check, BadBundle::Check { .. }));
    let check = complaint(|draft| draft.checks[0].path = "/etc/cron.d/old".to_owned());
    assert!(matches!(check, BadBundle::Check { .. }), "of a file that is to go");
    let limit = complaint(|draft| draft.commands[0].limit_s = 0);
    assert!(matches!(limit, BadBundle::Limit { .. }));
    for bad in ["", " true", "true\nreboot", "echo ä"] {
        let command = complaint(|draft| draft.commands[0].command = bad.to_owned());
        assert_eq!(command, BadBundle::Command(bad.to_owned()));
    }
    let owner = complaint(|draft| draft.files[0] = with_owner("root"));
    assert!(matches!(owner, BadBundle::Owner { .. }));
    let large = vec![0; MAX_BUNDLE_BYTES];
    let large = complaint(|draft| {
        draft.checks.clear();
        draft.files[0] = present("/etc/a", 0o644, large);
    });
    assert!(matches!(large, BadBundle::TooLarge { .. }), "{large:?}");
}

fn with_owner(owner: &str) -> File {
    let target = Target::Present { mode: 0o644, owner: owner.to_owned(), content: Vec::new() };
    File { path: "/etc/bird/bird.conf".to_owned(), target }
}

fn drafts() -> impl Strategy<Value = Draft> {
    let path = "/(etc|usr/local)/[a-z]{1,3}(/[A-Za-z0-9._@+:-]{1,12}x){1,3}";
    let mode = prop_oneof![Just(0o600_u32), Just(0o644), Just(0o755), Just(0o4750)];
    let target = prop_oneof![
        Just(None),
        (mode, vec(any::<u8>(), 0..300)).prop_map(Some),
        // What could be taken for a line of the manifest.
        Just(Some((0o644, b"end\nabsent /etc/x\nend\n".to_vec()))),
    ];
    let files = btree_map(path, target, 1..8).prop_map(|files| {
        let file = |(path, target): (String, Option<(u32, Vec<u8>)>)| match target {
            Some((mode, content)) => present(&path, mode, content),
            None => File { path, target: Target::Absent },
        };
        files.into_iter().map(file).collect::<Vec<_>>()
    });
    let command = "[!-~]([ -~]{0,30}[!-~])?";
    (files, vec(command, 0..3)).prop_map(|(files, commands)| {
        let check = |file: &File| Check {
            path: file.path.clone(),
            command: "test -f {} && test -r {}".to_owned(),
            limit_s: 5,
        };
        let is_sent = |file: &&File| file.target != Target::Absent;
        let checks = files.iter().filter(is_sent).map(check).collect();
        let run = |command| Command { when: When::Revert, command, limit_s: 1 };
        let commands = commands.into_iter().map(run).collect();
        Draft { label: "drawn".to_owned(), files, checks, commands }
    })
}

/// As the device shows it, each file is what was packed.
fn is_there(device: &Device, draft: &Draft, bundle: &Bundle) {
    let status = device.status(bundle);
    assert_eq!(status.state, State::Disarmed);
    for (file, seen) in draft.files.iter().zip(&status.files) {
        assert_eq!(file.path, seen.path);
        assert!(matches!(seen.running, Running::After | Running::Both), "{seen:?}");
        let bytes = std::fs::read(device.path(&file.path)).ok();
        let expected = match &file.target {
            Target::Absent => None,
            Target::Present { content, .. } => Some(content.clone()),
        };
        assert_eq!(bytes, expected, "{}", file.path);
    }
    assert_eq!(draft.files.len(), status.files.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn what_is_packed_arrives(draft in drafts()) {
        let bundle = match draft.pack() {
            Ok(bundle) => bundle,
            // Of what is drawn, one may stand where another needs a folder.
            Err(BadBundle::FileAndFolder(_)) => return Ok(()),
            Err(other) => panic!("{other}"),
        };
        let device = Device::new();
        device.must(&bundle, &["stage", "check", "arm", "switch", "disarm"]);
        is_there(&device, &draft, &bundle);
    }
}

/// A status as a device says it.
fn said() -> Vec<u8> {
    let (device, bundle) = (Device::new(), change("c-1"));
    device.must(&bundle, &["stage", "check", "arm", "switch"]);
    let mut command = device.program(["status"]);
    command.output().expect("dash").stdout
}

#[test]
fn without_a_name_it_is_the_change_that_is_under_way() {
    let status = Status::read(&said()).expect("a status");
    assert_eq!(status.id.as_ref(), Some(change("c-1").id()));
    assert_eq!(status.label, "c-1");
    assert_eq!(status.state, State::Switched);
    assert!(status.is_guarded && status.error.is_none());
    let steps: Vec<&str> = status.steps.iter().map(|step| step.what.as_str()).collect();
    assert_eq!(steps, ["staged", "checked", "armed", "switching", "switched"]);
}

#[test]
fn an_answer_that_was_cut_off_is_no_state() {
    let said = said();
    for end in 0..said.len() {
        assert!(Status::read(&said[..end]).is_err(), "{}", String::from_utf8_lossy(&said[..end]));
    }
    let long = vec![b'a'; (1 << 20) + 1];
    assert_eq!(Status::read(&long), Err(BadStatus::TooLong));
}

proptest! {
    #[test]
    fn nothing_that_a_device_says_ends_us(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Status::read(&bytes);
    }

    #[test]
    fn no_line_is_believed_for_its_first_word(
        line in "(id|label|state|deadline|guard|file|error|step) [ -~]{0,80}",
    ) {
        let text = format!("headend-change-status-1\n{line}\nstate none\nend\n");
        prop_assert!(Status::read(text.as_bytes()).is_err());
    }
}

#[test]
fn a_change_that_there_is_not_has_no_lines() {
    let read = |more: &str| {
        Status::read(format!("headend-change-status-1\n{more}state none\nend\n").as_bytes())
    };
    let none = read("").expect("nothing");
    assert_eq!((none.id, none.state), (None, State::None));
    let said = String::from_utf8(said()).expect("text");
    for line in said.lines().filter(|line| line.contains(' ') && !line.starts_with("state ")) {
        assert!(read(&format!("{line}\n")).is_err(), "{line}");
    }
}
