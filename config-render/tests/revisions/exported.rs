//! What `git` makes of revisions.

use config_render::archive::DeviceKind;
use config_render::revisions::git::{self, Onto, Stream, last_exported};
use config_render::revisions::{Cause, FileKept, Head, Revision};
use contract::time::TimeUs;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A new repository, in a folder of its own.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let made = Self(tempfile::tempdir().expect("a folder"));
        made.git(&["init", "--quiet", "--bare", "--initial-branch=main", "."]);
        made
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        // Nothing of whoever runs the tests.
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", self.0.path());
        command.args(args).current_dir(self.0.path());
        command
    }

    fn git(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("git starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn fast_import(&self, stream: &[u8]) -> Output {
        let mut command = self.command(&["fast-import", "--quiet"]);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("git starts");
        let mut input = child.stdin.take().expect("a pipe");
        // It may have refused what came before.
        let _ = input.write_all(stream);
        drop(input);
        child.wait_with_output().expect("ended")
    }

    fn import(&self, onto: Onto, revisions: &[Revision]) {
        let mut stream = Vec::new();
        git::write(&mut stream, onto, revisions).expect("written");
        let output = self.fast_import(&stream);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&stream));
        assert_eq!(said, "");
    }

    fn tip(&self) -> String {
        self.git(&["rev-parse", git::BRANCH])
    }

    /// The files of a commit, and what is in them.
    fn files(&self, commit: &str) -> BTreeMap<String, String> {
        let names = self.git(&["ls-tree", "-r", "-z", "--name-only", commit]);
        let names = names.split_terminator('\0').map(str::to_owned);
        names.map(|name| (name.clone(), self.git(&["show", &format!("{commit}:{name}")]))).collect()
    }

    /// It can be transferred, and checked out anywhere.
    fn check(&self) {
        let args = ["fsck", "--strict", "--full", "--no-dangling"];
        let output = self.command(&args).output().expect("git starts");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}

fn revision(id: i64, device: &str, number: i64, files: &[(&str, &str)]) -> Revision {
    let file = |(path, text): &(&str, &str)| FileKept {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    let head = Head {
        id,
        device: device.to_owned(),
        number,
        kind: DeviceKind::Frr,
        taken_at: TimeUs(1_700_000_000_999_999 + id * 60_000_000),
        cause: Cause::Schedule,
        redacted: 0,
        files: files.len(),
    };
    Revision { head, files: files.iter().map(file).collect() }
}

fn some() -> Vec<Revision> {
    vec![
        revision(3, "oca1.munich", 1, &[("/etc/frr/frr.conf", "a\nb\n"), ("/etc/hosts", "h\n")]),
        revision(5, "r1", 7, &[("running-config", "hostname r1\n")]),
        revision(6, "oca1.munich", 2, &[("/etc/frr/frr.conf", "a\nc\n"), ("/etc/new", "")]),
    ]
}

fn tree(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn people_can_browse_it() {
    let repository = Repository::new();
    repository.import(Onto::Nothing, &some());
    let log = repository.git(&["log", "--date=iso", "--format=%an <%ae> %ad|%cn %cd|%B", "main"]);
    assert_eq!(
        log,
        "fleet <fleet@localhost> 2023-11-14 22:19:20 +0000|fleet 2023-11-14 22:19:20 +0000|\
         oca1.munich: revision 2 (schedule)\n\nFleet-Revision: 6\n\n\
         fleet <fleet@localhost> 2023-11-14 22:18:20 +0000|fleet 2023-11-14 22:18:20 +0000|\
         r1: revision 7 (schedule)\n\nFleet-Revision: 5\n\n\
         fleet <fleet@localhost> 2023-11-14 22:16:20 +0000|fleet 2023-11-14 22:16:20 +0000|\
         oca1.munich: revision 1 (schedule)\n\nFleet-Revision: 3\n\n"
    );
    let files = [
        ("oca1.munich/etc/frr/frr.conf", "a\nc\n"),
        ("oca1.munich/etc/new", ""),
        ("r1/running-config", "hostname r1\n"),
    ];
    assert_eq!(repository.files("main"), tree(&files));
    let diff = repository.git(&["show", "--format=", "-U0", "main", "--", "oca1.munich/etc/frr"]);
    assert!(diff.ends_with("@@ -2 +2 @@ a\n-b\n+c\n"), "{diff}");
    let gone = repository.git(&["show", "--format=", "--name-status", "main"]);
    assert!(gone.contains("D\toca1.munich/etc/hosts"), "{gone}");
    repository.check();
}

#[test]
fn at_once_or_bit_by_bit_it_is_the_same() {
    let (at_once, in_bits) = (Repository::new(), Repository::new());
    at_once.import(Onto::Nothing, &some());
    in_bits.import(Onto::Nothing, &some()[..1]);
    let message = in_bits.git(&["log", "-1", "--format=%B", "main"]);
    assert_eq!(last_exported(&message), Some(3));
    // Nothing new is nothing.
    let tip = in_bits.tip();
    in_bits.import(Onto::Branch, &[]);
    assert_eq!(in_bits.tip(), tip);
    // Page by page into one run of git.
    let mut stream = Stream::begin(Vec::new(), Onto::Branch).expect("begun");
    some()[1..].iter().for_each(|revision| stream.add(revision).expect("written"));
    let output = in_bits.fast_import(&stream.end().expect("written"));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(at_once.tip(), in_bits.tip());
    in_bits.check();
}

#[test]
fn what_is_cut_off_or_begins_anew_changes_nothing() {
    let repository = Repository::new();
    repository.import(Onto::Nothing, &some());
    let tip = repository.tip();
    let mut stream = Vec::new();
    git::write(&mut stream, Onto::Branch, &[revision(7, "a", 1, &[("/a", "x\n")])])
        .expect("written");
    for length in [stream.len() - 1, stream.len() - 6, stream.len() - 20, 200, 20] {
        let output = repository.fast_import(&stream[..length]);
        assert!(!output.status.success(), "{length}: {output:?}");
        assert_eq!(repository.tip(), tip, "{length}");
    }
    assert!(repository.fast_import(&stream).status.success());
    let tip = repository.tip();
    let mut anew = Vec::new();
    git::write(&mut anew, Onto::Nothing, &some()).expect("written");
    assert!(!repository.fast_import(&anew).status.success(), "the branch would lose what it has");
    assert_eq!(repository.tip(), tip);
}

const PARTS: &[&str] = &[
    "a",
    "b",
    "/",
    "/",
    "//",
    ".",
    "..",
    "/../",
    "/./",
    ".git",
    ".GIT",
    "git~1",
    "GITMOD~1",
    ".gitmodules",
    ".gitattributes",
    ".git ",
    ".git.",
    ".git::$INDEX_ALLOCATION",
    "\\",
    "\"",
    "'",
    " ",
    "\t",
    "\n",
    "%",
    "%2F",
    "é",
    "\u{200c}",
    "\u{202e}",
    "\u{feff}",
    "\u{0}",
    "\u{7f}",
    "~",
    ":",
    "-",
    "\u{1f600}",
];

fn name() -> impl Strategy<Value = String> {
    let long = prop::collection::vec(prop::sample::select(PARTS), 60..120);
    let short = prop::collection::vec(prop::sample::select(PARTS), 1..6);
    prop_oneof![9 => short, 1 => long].prop_map(|parts| parts.concat())
}

fn text() -> impl Strategy<Value = String> {
    let nasty =
        ["", "\n", "done\n", "commit refs/heads/main\n", "data 5\n", "x", "é\r\n", "\u{0}", "from"];
    let pieces = prop::collection::vec(prop::sample::select(nasty.to_vec()), 0..4);
    pieces.prop_map(|pieces| pieces.concat())
}

fn revisions() -> impl Strategy<Value = Vec<Revision>> {
    let devices = prop::collection::vec(name(), 2);
    let files = prop::collection::btree_map(name(), text(), 1..8);
    let of_one = (0..2_usize, files);
    (devices, prop::collection::vec(of_one, 1..5)).prop_map(|(devices, all)| {
        let one = |(at, (whose, files)): (usize, (usize, BTreeMap<String, String>))| {
            let files: Vec<_> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
            revision(at as i64 + 1, &devices[whose], at as i64, &files)
        };
        all.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    #![proptest_config(crate::draw::drawn(30))]

    /// Every text is in the repository, nothing stands outside its device's folder, and git finds nothing to say.
    #[test]
    fn whatever_paths_and_texts_say(revisions in revisions(), cut in 0..5_usize) {
        let (at_once, in_bits) = (Repository::new(), Repository::new());
        at_once.import(Onto::Nothing, &revisions);
        let (first, rest) = revisions.split_at(cut.clamp(1, revisions.len()));
        in_bits.import(Onto::Nothing, first);
        in_bits.import(Onto::Branch, rest);
        prop_assert_eq!(at_once.tip(), in_bits.tip());
        at_once.check();
        let messages = at_once.git(&["log", "--reverse", "--format=%B%x00", "main"]);
        let ids: Vec<_> = messages.split_terminator("\0\n").map(last_exported).collect();
        prop_assert_eq!(ids, revisions.iter().map(|it| Some(it.head.id)).collect::<Vec<_>>());
        let latest: BTreeMap<&str, &Revision> =
            revisions.iter().map(|it| (&*it.head.device, it)).collect();
        let (mut there, folders) = checked_out(&at_once);
        let files = latest.values().flat_map(|it| &it.files);
        let mut meant: Vec<String> = files.map(|file| file.text.clone()).collect();
        there.sort();
        meant.sort();
        prop_assert_eq!(there, meant);
        prop_assert_eq!(folders, latest.len());
    }
}

/// What a person's copy holds: the texts of all files, and the number of folders.
fn checked_out(repository: &Repository) -> (Vec<String>, usize) {
    repository.git(&["clone", "--quiet", ".", "copy"]);
    let root = repository.0.path().join("copy");
    let said = repository.git(&["-C", "copy", "status", "--porcelain"]);
    assert_eq!(said, "");
    let mut folders = below(&root);
    folders.retain(|path| !path.ends_with(".git"));
    let (count, mut texts) = (folders.len(), Vec::new());
    while let Some(folder) = folders.pop() {
        for path in below(&folder) {
            match path.is_dir() {
                true => folders.push(path),
                false => texts.push(std::fs::read_to_string(path).expect("a text")),
            }
        }
    }
    (texts, count)
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
