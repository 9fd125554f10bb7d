//! What is kept, what is refused, and what it says then.

use crate::reading;
use config_render::archive::{Known, MAX_BYTES, Redacted};
use config_render::revisions::{FileRead, Kept, MAX_FILES, Reading, RevisionError, Store};
use contract::time::TimeUs;
use db::testing;

fn refusal(result: Result<Kept, RevisionError>) -> String {
    result.expect_err("refused").to_string()
}

#[tokio::test]
async fn what_is_out_of_bounds_is_refused_and_changes_nothing() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let refused = async |reading: &Reading| refusal(store.keep(reading).await);
        let one = [("/etc/a", "x\n")];
        assert!(refused(&reading("", 1, &one)).await.contains("no name of a device"));
        assert!(refused(&reading("a\nb", 1, &one)).await.contains("no name of a device"));
        assert!(refused(&reading("a", 1, &[])).await.starts_with("nothing was read of a"));
        let twice = [("/a", "x\n"), ("/b", "x\n"), ("/a", "y\n")];
        assert!(refused(&reading("a", 1, &twice)).await.starts_with("/a of a was read twice"));
        let long = "x".repeat(301);
        for path in ["", "a\u{0}b", &*long] {
            let said = refused(&reading("a", 1, &[(path, "x\n")])).await;
            assert!(said.contains("is no path of a file of a"), "{said}");
        }
        let paths: Vec<String> = (0..=MAX_FILES).map(|at| format!("/{at}")).collect();
        let many: Vec<_> = paths.iter().map(|path| (&**path, "x\n")).collect();
        assert!(refused(&reading("a", 1, &many)).await.contains("at most 1000"));
        let none = Known::default();
        let nul = none.redact("a\u{0}b").expect("short");
        assert!(refused(&with(&[nul])).await.contains("holds NUL"));
        let fitting = none.redact(&"x".repeat(MAX_BYTES)).expect("fits");
        assert!(refused(&with(&vec![fitting; 5])).await.contains("all that was read of a"));
        assert!(store.failed("", TimeUs(1), "x").await.is_err());
        assert!(store.states().await.expect("read").is_empty(), "{}", test.name);
        let kept = store.keep(&reading("a", 1, &many[1..])).await.expect("as many as can be");
        let Kept::New(head) = kept else { panic!("{kept:?}") };
        assert_eq!((head.id, head.number, head.files), (1, 1, 1000));
    }
}

fn with(texts: &[Redacted]) -> Reading {
    let file = |(at, redacted): (usize, &Redacted)| FileRead {
        path: at.to_string(),
        redacted: redacted.clone(),
    };
    Reading { files: texts.iter().enumerate().map(file).collect(), ..reading("a", 1, &[]) }
}

/// Marks are longer than short secrets.
#[tokio::test]
async fn a_text_that_has_grown_too_long_is_refused() {
    let test = testing::sqlite().await;
    let known = Known::new(["secret"]).expect("few");
    let grown = known.redact(&"secret\n".repeat(MAX_BYTES / 7)).expect("short enough as it was");
    assert!(grown.text.len() > MAX_BYTES);
    let refused = refusal(Store::new(test.db.clone()).keep(&with(&[grown])).await);
    assert!(refused.contains("without its secrets and is not kept"), "{refused}");
}

#[tokio::test]
async fn a_reason_is_kept_in_a_line_until_it_goes_well() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let why = async || store.states().await.expect("read").remove(0).why;
        store.failed("a", TimeUs(5), &"é\n".repeat(1000)).await.expect("noted");
        assert_eq!(why().await, Some("é ".repeat(250)), "{}", test.name);
        store.keep(&reading("a", 1, &[("/a", "x\n")])).await.expect("kept");
        let state = store.states().await.expect("read").remove(0);
        assert_eq!((state.tried_at, state.latest), (TimeUs(1_000_000), Some(1)));
        assert_eq!(state.why, None, "{}", test.name);
    }
}

/// The order of bytes, whatever a database thinks of capitals and slashes.
#[tokio::test]
async fn files_are_in_the_order_of_their_paths() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let files = [("é", "x\n"), ("/b", "x\n"), ("B", "x\n"), ("a", "x\n"), ("/b/a", "x\n")];
        store.keep(&reading("a", 1, &files)).await.expect("kept");
        let revision = store.revision("a", None).await.expect("read").expect("there");
        let paths: Vec<_> = revision.files.iter().map(|file| &*file.path).collect();
        assert_eq!(paths, ["/b", "/b/a", "B", "a", "é"], "{}", test.name);
    }
}
