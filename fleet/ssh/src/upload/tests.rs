//! What is said to a shell, and what it says; by a shell of this machine.

use super::*;
use proptest::prelude::*;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What the command does with this on its standard input.
fn run(command: &str, folder: &Path, stdin: &[u8]) -> Output {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(folder);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().expect("a shell");
    // It may end without having read.
    let _ = child.stdin.take().expect("piped").write_all(stdin);
    let output = child.wait_with_output().expect("an end");
    Output {
        status: output.status.code().expect("a status"),
        signal: None,
        stdout: output.stdout,
        stderr: output.stderr,
    }
}

fn place(folder: &Path, path: &str, bytes: &[u8]) -> Result<(), Why> {
    placed(path, &run(&command(path, bytes, 0o640).expect("a command"), folder, bytes))
}

#[test]
fn whatever_a_file_is_called_it_is_placed_there_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["plain", "with space", "it's", "$(touch x)", "-n", "ä; rm *", "\\", ".draft"];
    for name in names {
        place(folder.path(), name, name.as_bytes()).expect(name);
        assert_eq!(std::fs::read(folder.path().join(name)).expect(name), name.as_bytes());
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), names.len());
}

#[test]
fn what_did_not_arrive_whole_takes_nobodys_place() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("f"), "old").expect("written");
    let command = command("f", b"new and longer", 0o600).expect("a command");
    for (arrived, said) in [
        (&b"new and lo"[..], "differs: 10 bytes of 14"),
        (b"", "differs: 0 bytes of 14"),
        (b"new and l0nger", "differs: its hash is "),
    ] {
        match placed("f", &run(&command, folder.path(), arrived)) {
            Err(Why::Differs { said: why, .. }) => assert!(why.starts_with(said), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(std::fs::read(folder.path().join("f")).expect("a file"), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn what_cannot_be_there_is_said_in_the_devices_words() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("d")).expect("made");
    for (path, why) in [("d", "d is a folder"), ("none/f", "No such file or directory")] {
        match place(folder.path(), path, b"x") {
            Err(Why::Exit { status: 1, stderr }) => assert!(stderr.contains(why), "{stderr}"),
            other => panic!("{other:?}"),
        }
    }
    for path in ["", "d/", "a\nb", "a\0b"] {
        assert!(matches!(command(path, b"", 0), Err(Why::BadWord { .. })), "{path:?}");
    }
}

#[test]
fn silence_is_no_success() {
    let output = |status, stdout: &str, stderr: &str| Output {
        status,
        signal: None,
        stdout: stdout.into(),
        stderr: stderr.into(),
    };
    assert_eq!(placed("f", &output(0, "placed\n", "")), Ok(()));
    assert!(matches!(placed("f", &output(0, "", "")), Err(Why::Differs { .. })));
    assert!(matches!(placed("f", &output(1, "placed", "")), Err(Why::Exit { .. })));
    let full = "cat: write error: No space left on device";
    assert!(matches!(placed("f", &output(1, "", full)), Err(Why::Full { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_quoted_word_is_the_word(word in "[^\0]{0,40}") {
        let folder = tempfile::tempdir().expect("a folder");
        let output = run(&format!("printf %s {}", quoted(&word)), folder.path(), b"");
        prop_assert_eq!(output.stdout, word.into_bytes());
    }
}
