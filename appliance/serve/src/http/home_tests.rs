//! Questions of siblings to the home of a key, where nothing of it is here. What is answered where
//! something is, tests with whole boxes say.

use super::demanded::{Before, Whom};
use super::head;
use super::miss_limit::MissLimit;
use super::redirect_tests::Says;
use super::respond::{Context, respond};
use super::respond_tests::{NOW, context, policy, shelf, text};
use crate::siblings::Sibling;
use contract::config::ListenerRole;

const COVERED: &str = "Headend-Purged-Up-To: 1.7\r\n";

/// What is answered, and from which byte on the origins are to be asked first.
fn ask(path: &str, fields: &str) -> (String, Option<u64>) {
    let (policy, index, misses) = (policy(), shelf(), MissLimit::new(0));
    let siblings = Says(Sibling::At("oca2.test".into()));
    let bytes = format!("GET /demanded/v1/{path} HTTP/1.1\r\nHost: b.internal\r\n{fields}\r\n");
    let head = head::parse(bytes.as_bytes()).unwrap();
    let context = context(&policy, &index, &misses, ListenerRole::Peer);
    let context = Context { siblings: Some(&siblings), ..context };
    let decision = respond(&context, &head.request);
    let offset = decision.miss.as_ref().map(|miss| {
        // It asks a few times at the most.
        let mut before = None;
        for _ in 0..3 {
            before = Some(Before::after(before, miss, true, NOW));
        }
        assert!(respond(&Context { before, ..context }, &head.request).miss.is_none());
        match miss.whom {
            Whom::Origins { offset, .. } => offset,
            Whom::Siblings | Whom::Filler { .. } => panic!("a sibling's question goes to no other"),
        }
    });
    (text(&decision), offset)
}

#[test]
fn the_home_asks_the_origins_and_nobody_else() {
    let (answer, offset) = ask("filled/a.mp4?b=c", COVERED);
    assert_eq!(offset, Some(0), "{answer}");
    // Where they cannot be asked it has nothing to say, and says nothing that may be kept.
    assert!(answer.starts_with("504") && answer.contains("no-store"), "{answer}");
    let range = format!("{COVERED}Range: bytes=1048576-2097151\r\n");
    assert_eq!(ask("filled/a.mp4", &range).1, Some(1 << 20));
}

#[test]
fn who_is_not_the_home_or_has_a_purge_to_carry_out_says_nothing_that_holds() {
    let behind = "Headend-Purged-Up-To: 1.8\r\n";
    for (path, fields, detail) in [
        ("filled/elsewhere", COVERED, "unknown"),
        ("open/a.mp4", COVERED, "unknown"),
        ("filled/wanted", COVERED, "unknown"),
        ("filled/a.mp4", behind, "purge-pending"),
        ("filled/a.mp4", "", "purge-pending"),
    ] {
        let (answer, offset) = ask(path, fields);
        assert!(answer.starts_with("421") && offset.is_none(), "{path}: {answer}");
        assert!(answer.contains("no-store") && answer.contains(detail), "{path}: {answer}");
    }
    let (answer, offset) = ask("filled/a.mp4", "Headend-Purged-Up-To: soon\r\n");
    assert!(answer.starts_with("400") && offset.is_none(), "{answer}");
    assert!(ask("nobody/a.mp4", COVERED).0.starts_with("404"));
}
