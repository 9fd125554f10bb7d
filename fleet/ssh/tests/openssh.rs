//! Debian's sshd: keys of every kind, who is believed, who is let in, and what commands come to.

mod support;

use proptest::prelude::*;
use ssh::{During, HostKeys, Limits, Login, Prompt, UserKey, Why};
use std::time::{Duration, Instant};
use support::keys::KeyPair;
use support::server::Server;
use support::{limits, not_open, open, secret};

const KINDS: &[&[&str]] = &[
    &["-t", "ed25519"],
    &["-t", "ecdsa", "-b", "256"],
    &["-t", "ecdsa", "-b", "384"],
    &["-t", "ecdsa", "-b", "521"],
    &["-t", "rsa", "-b", "2048"],
];

/// As ssh-keygen would show it.
fn fingerprint(key: &KeyPair) -> String {
    HostKeys::parse(&key.public).expect("a key").fingerprints().remove(0)
}

#[test]
fn a_host_is_known_by_keys_of_every_kind_whether_or_not_it_has_certificates() {
    for kind in KINDS {
        for is_certified in [false, true] {
            let server = Server::with(kind, is_certified, "");
            let mut session = open(&server.device()).expect("open");
            let said = session.output_of("echo here", b"", &limits());
            assert_eq!(said.expect("run"), b"here\n", "{kind:?} {is_certified}");
        }
    }
}

#[test]
fn only_who_shows_a_key_that_is_known_hears_who_we_are() {
    let server = Server::start();
    let other = KeyPair::make(server.folder(), "other", &["-t", "ed25519"]);
    let mut device = server.device();
    device.host_keys = HostKeys::parse(&other.public).expect("a key");
    let why = not_open(&device, &limits());
    let (expected, seen) = (vec![fingerprint(&other)], fingerprint(&server.host_key));
    assert_eq!(why, Why::HostKey { expected, seen });
    let text = device_says(&device);
    assert!(text.contains("box at 127.0.0.1:") && text.contains("SHA256:"), "{text}");
    // It has seen nobody's name.
    let line = server.says("Disconnected from");
    assert!(line.contains("[preauth]") && !line.contains("root"), "{line}");

    let rsa = KeyPair::make(server.folder(), "rsa", &["-t", "rsa"]);
    device.host_keys = HostKeys::parse(&rsa.public).expect("a key");
    assert!(
        matches!(not_open(&device, &limits()), Why::NoneInCommon { types, .. } if types == "ssh-rsa")
    );

    device.host_keys = HostKeys::default();
    assert_eq!(not_open(&device, &limits()), Why::NoHostKeys);
    assert!(device_says(&device).contains("ssh-keyscan"));

    // With both, it is one of them.
    let both = format!("{}{}", rsa.public, server.host_key.public);
    device.host_keys = HostKeys::parse(&both).expect("keys");
    open(&device).expect("open");
}

fn device_says(device: &ssh::Device) -> String {
    open(device).err().expect("not let in").to_string()
}

#[test]
fn keys_of_every_kind_let_in_and_so_do_their_certificates() {
    let server = Server::start();
    for (at, kind) in KINDS.iter().enumerate() {
        let key = KeyPair::make(server.folder(), &format!("user{at}"), kind);
        let stranger = not_open(&server.device_for(key.login(None)), &limits());
        assert!(matches!(&stranger, Why::NotLetIn { user, .. } if user == "root"), "{stranger}");
        let certificate = key.certified(&server.authority, &["-n", "root"]);
        open(&server.device_for(key.login(Some(certificate)))).expect("open by certificate");
        let line = server.says("Accepted publickey");
        assert!(line.contains("CERT") && line.contains("ID somebody"), "{line}");
        let for_others = key.certified(&server.authority, &["-n", "anna"]);
        let refused = not_open(&server.device_for(key.login(Some(for_others))), &limits());
        assert!(matches!(refused, Why::NotLetIn { .. }), "{refused}");
    }
    for kind in KINDS {
        // Made anew, so that the kind of the host's key is the user's as well.
        let server = Server::with(kind, false, "");
        let key = KeyPair::make(server.folder(), "user", kind);
        std::fs::write(server.folder().join("authorized"), &key.public).expect("written");
        open(&server.device_for(key.login(None))).expect("open by key");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_said_to_be_that() {
    let server = Server::start();
    let locked = KeyPair::make(server.folder(), "locked", &["-t", "ed25519", "-N", "sesame"]);
    std::fs::write(server.folder().join("authorized"), &locked.public).expect("written");
    let with = |passphrase: Option<&str>, private: Option<&str>| {
        let private = private.map_or_else(|| locked.private(), secret);
        let key = UserKey { private, passphrase: passphrase.map(secret), certificate: None };
        server.device_for(Login { user: "root".to_owned(), key: Some(key), password: None })
    };
    open(&with(Some("sesame"), None)).expect("open");
    for (passphrase, private) in [(Some("other"), None), (None, None), (None, Some("no key"))] {
        let why = not_open(&with(passphrase, private), &limits());
        assert!(matches!(why, Why::BadKey { .. }), "{passphrase:?} {private:?}: {why}");
        assert!(!why.to_string().contains("sesame"), "{why}");
    }
    let why = not_open(
        &server.device_for(Login { user: "root".to_owned(), key: None, password: None }),
        &limits(),
    );
    assert!(matches!(why, Why::NotLetIn { .. }), "{why}");
}

#[test]
fn a_command_hears_says_complains_and_ends() {
    let server = Server::start();
    let mut session = open(&server.device()).expect("open");
    let script = "cat; echo oh no >&2; exit 7";
    let output = session.run(script, b"hello", &limits()).expect("run");
    assert_eq!((&*output.stdout, &*output.stderr), (&b"hello"[..], &b"oh no\n"[..]));
    assert_eq!((output.status, output.signal.as_deref()), (7, None));
    let failure = session.output_of(script, b"", &limits()).expect_err("a status");
    assert_eq!(failure.why, Why::Exit { status: 7, stderr: "oh no".to_owned() });
    let killed = session.run("kill -KILL $$", b"", &limits()).expect("run");
    assert_eq!(killed.signal.as_deref(), Some("KILL"));
    assert!(!killed.is_success());
    // Who does not listen to the end, and who listens when he has said all.
    let deaf = session.run("exec <&-; exit 3", &vec![1; 1 << 20], &limits()).expect("run");
    assert_eq!(deaf.status, 3);
    let silent = session.run("exec >&- 2>&-; wc -c >&0 2>/dev/null; exit 4", b"x", &limits());
    assert_eq!(silent.expect("run").status, 4);
    let bad = session.run("a\0b", b"", &limits()).expect_err("a zero byte");
    assert!(matches!(bad.why, Why::BadWord { .. }));
    assert_eq!(session.output_of("echo still here", b"", &limits()).expect("run"), b"still here\n");
}

#[test]
fn much_goes_through_both_ways_at_once() {
    let server = Server::start();
    let mut session = open(&server.device()).expect("open");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251).to_le_bytes()[0]).collect();
    let output = session.run("tee /dev/stderr", &bytes, &limits()).expect("run");
    assert!(output.stdout == bytes && output.stderr == bytes);
}

#[test]
fn who_says_too_much_is_not_listened_to() {
    let server = Server::start();
    let limits = Limits { output_bytes: 100_000, ..limits() };
    for (command, is_much) in [
        ("head -c 100000 /dev/zero", false),
        ("head -c 100001 /dev/zero", true),
        ("head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2", true),
        ("yes", true),
    ] {
        let mut session = open(&server.device()).expect("open");
        let done = session.run(command, b"", &limits).map_err(|failure| failure.why);
        match is_much {
            true => assert_eq!(done, Err(Why::TooMuch { limit_bytes: 100_000 }), "{command}"),
            false => assert_eq!(done.expect("run").stdout.len(), 100_000),
        }
    }
}

#[test]
fn a_command_that_does_not_end_is_left_alone_and_so_is_its_session() {
    let server = Server::start();
    let mut session = open(&server.device()).expect("open");
    let brief = Limits { command: Duration::from_millis(700), ..limits() };
    for command in ["sleep 60", "while sleep 0.1; do echo .; done"] {
        let mut session = open(&server.device()).expect("open");
        let begun = Instant::now();
        let failure = session.run(command, b"", &brief).expect_err("a deadline");
        let (during, after) = (During::Command, brief.command);
        assert_eq!(failure.why, Why::Deadline { during, after }, "{command}");
        assert!(begun.elapsed() < brief.command * 4, "{:?}", begun.elapsed());
        let after = session.run("true", b"", &brief).expect_err("a session that is over");
        assert!(matches!(after.why, Why::Closed { .. }));
    }
    // What is read slowly by the device is as slow as what it says.
    let failure = session.run("sleep 60", &vec![0; 20 << 20], &brief).expect_err("a deadline");
    assert!(matches!(failure.why, Why::Deadline { .. }), "{failure}");
}

#[test]
fn keys_are_changed_in_the_middle_and_nobody_notices() {
    let server = Server::with(&["-t", "ed25519"], false, "RekeyLimit 64K\n");
    let mut session = open(&server.device()).expect("open");
    let bytes = vec![7; 1 << 20];
    assert!(session.output_of("cat", &bytes, &limits()).expect("run") == bytes);
}

#[test]
fn a_shell_on_a_terminal_is_typed_at() {
    let shell = "ForceCommand echo '### a banner ##'; PS1='box# ' exec sh -i\n";
    let server = Server::with(&["-t", "ed25519"], false, shell);
    let mut session = open(&server.device()).expect("open");
    let endings = vec!["#".to_owned()];
    let prompt = Prompt { endings, first: vec!["cd /".to_owned()] };
    let mut screen = session.screen(&prompt, &limits()).expect("a screen");
    for (line, said) in [
        ("pwd", "/"),
        ("echo one; echo; echo '# two'", "one\n\n# two"),
        ("seq 3", "1\n2\n3"),
        ("true", ""),
        ("", ""),
        ("printf '#'; sleep 0.1; echo; printf 'fox#'; sleep 0.1; echo", "#\nfox#"),
    ] {
        let answer = screen.ask(line).map_err(|failure| failure.to_string());
        assert_eq!(answer.as_deref(), Ok(said), "{line}");
    }
    let gone = screen.ask("exit").expect_err("no prompt");
    assert_eq!(gone.why, Why::Closed { during: During::Prompt });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn whatever_a_command_says_is_what_comes(bytes: Vec<u8>) {
        thread_local!(static SERVER: Server = Server::start());
        SERVER.with(|server| {
            let mut session = open(&server.device()).expect("open");
            assert_eq!(session.output_of("cat", &bytes, &limits()).expect("run"), bytes);
        });
    }
}
