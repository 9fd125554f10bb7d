//! A fleet with boxes, taken to a file and back to the other database, as its operator does it.

// What tests are allowed, their helpers are too.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::process::Server;
use support::story::{bring_up, until_planned};

const PATIENCE: Duration = Duration::from_secs(20);

fn fleet(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleet"));
    command.args(arguments).env_remove("DATABASE_URL");
    command
}

/// Exit code, and what it said on both streams.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = fleet(arguments).output().expect("it runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).trim().to_owned())
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|it| it.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_restored_into_the_other_database_and_goes_on() {
    let work = tempfile::tempdir().expect("folder");
    let data = work.path().join("data");
    let mut server = Server::start(&data, None);
    let mut boxes = bring_up(&server, work.path()).await;
    until_planned(&mut boxes, 12).await;
    let (data, file) = (data.to_str().expect("text"), work.path().join("backup"));
    let file = file.to_str().expect("text");

    let before = server.ok(&["export"]);
    let (code, said) = run(&["db", "backup", file, "--data", data]);
    assert!(code == Some(0) && said.ends_with(&format!(" records in {file}")), "{said}");
    let mode = std::fs::metadata(file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it is secret");
    let (code, said) = run(&["db", "backup", file, "--data", data]);
    assert_eq!((code, said), (Some(2), format!("fleet: {file} is there already")));

    // Boxes are told of something that the backup does not know.
    server.ok(&["content", "remove", "--group", "studio-a", "--title", "big-demo"]);
    until_planned(&mut boxes, 0).await;
    assert_eq!(server.stop(), Some(0));
    let test = db::testing::postgres().await;
    test.db.close().await;
    let url = &*test.address;
    let (code, said) = run(&["db", "restore", file, "--database-url", url]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" records restored, as of ") && said.contains("--new-epoch"), "{said}");
    let (code, said) = run(&["db", "restore", file, "--database-url", url]);
    assert!(code == Some(1) && said.contains("the database is not empty"), "{said}");

    server.go_on_with(url);
    assert_eq!(server.ok(&["export"]), before);
    for each in &mut boxes {
        each.report_alone().await;
    }
    let status = server.ok(&["status"]);
    assert!(status.contains("was this fleet restored from a backup?"), "{status}");
    let root = work.path().join("root");
    server.ok(&["ca", "change", "--new-epoch", "--root", root.to_str().expect("text")]);
    until_planned(&mut boxes, 12).await;
    let status = server.ok(&["status"]);
    assert!(!status.contains("was this fleet restored"), "{status}");

    // And back.
    let again = work.path().join("again");
    let again = again.to_str().expect("text");
    let (code, said) = run(&["db", "backup", again, "--database-url", url]);
    assert_eq!(code, Some(0), "{said}");
    let other = work.path().join("other");
    let (code, said) = run(&["db", "restore", again, "--data", other.to_str().expect("text")]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(Server::start(&other, None).ok(&["export"]), before);
}

#[test]
fn what_cannot_be_meant_is_said() {
    let work = tempfile::tempdir().expect("folder");
    let at = |name: &str| work.path().join(name).to_str().expect("text").to_owned();
    let (data, file) = (at("data"), at("file"));
    let (code, said) = run(&["db", "backup", &file, "--data", &data]);
    assert_eq!((code, said), (Some(2), format!("fleet: there is no {data}/fleet.db")));
    let (code, said) = run(&["db", "restore", &file, "--data", &data]);
    assert!(code == Some(1) && said.contains("No such file"), "{said}");
    std::fs::write(&file, "something else").expect("written");
    let (code, said) = run(&["db", "restore", &file, "--data", &data]);
    assert!(code == Some(1) && said.contains("it is no whole backup"), "{said}");
    assert_eq!(names_in(work.path()), ["file"], "nothing is made");
    let other = at("other");
    let (code, said) = run(&["db", "backup", &other, "--database-url", "mysql://x"]);
    assert!(code == Some(2) && said.contains("is not a database address"), "{said}");
    assert_eq!(run(&["db", "backup", &other]).0, Some(2), "of what?");
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(signal: &str, child: &mut Child) -> Option<i32> {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    child.wait().expect("it ends").code()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_interrupts_it_leaves_nothing() {
    let test = db::testing::postgres().await;
    let work = tempfile::tempdir().expect("folder");
    let file = work.path().join("backup");
    let file = file.to_str().expect("text");
    // Whoever reads this table waits.
    let mut tx = test.db.begin().await.expect("begun");
    sqlx::query("LOCK TABLE trust IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *tx)
        .await
        .expect("locked");
    for signal in ["-INT", "-TERM"] {
        let mut backup = fleet(&["db", "backup", file, "--database-url", &test.address]);
        let mut backup = backup.stderr(Stdio::piped()).spawn().expect("it starts");
        wait_until("a draft", || names_in(work.path()).len() == 1);
        assert_eq!(send(signal, &mut backup), Some(1), "{signal}");
        assert!(names_in(work.path()).is_empty(), "{signal}");
    }
}
