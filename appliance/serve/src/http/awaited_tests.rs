//! Requests for what was ordered and has not come, of viewers and of siblings.

use super::demanded::{Before, Miss, Whom};
use super::head;
use super::miss_limit::MissLimit;
use super::respond::{Context, respond};
use super::respond_tests::{NOW, context, policy, shelf, status, text};
use contract::config::ListenerRole;

/// What a viewer, or a sibling, is answered, and what is asked first.
fn answered(
    role: ListenerRole,
    before: Option<Before>,
    line: &str,
    fields: &str,
) -> (String, Option<Miss>) {
    let (policy, index, misses) = (policy(), shelf(), MissLimit::new(9));
    let bytes = format!("GET {line} HTTP/1.1\r\nHost: filled.test\r\n{fields}\r\n");
    let head = head::parse(bytes.as_bytes()).unwrap();
    let context = Context { before, ..context(&policy, &index, &misses, role) };
    let decision = respond(&context, &head.request);
    (text(&decision), decision.miss)
}

#[test]
fn what_was_ordered_and_has_not_come_is_brought_now() {
    let ask =
        |before, line: &str, fields: &str| answered(ListenerRole::Player, before, line, fields);
    let (answer, miss) = ask(None, "/wanted", "");
    let miss = miss.expect("a question");
    assert_eq!(miss.whom, Whom::Origins { offset: 0, is_stale: false });
    assert!(answer.starts_with("404"), "where nobody can be asked: {answer}");
    let waited = |is_first| Some(Before::after(None, &miss, is_first, NOW));
    let (answer, miss) = ask(waited(true), "/v/1.m4s", "");
    assert!(answer.starts_with("200") && miss.is_none(), "{answer}");
    assert!(answer.contains("; fwd=uri-miss; stored\n"), "{answer}");
    assert!(ask(waited(false), "/v/1.m4s", "").0.contains("; fwd=uri-miss; stored; collapsed\n"));

    let (answer, miss) = ask(None, "/arriving/late", "Range: bytes=2-8\r\n");
    assert!(answer.starts_with("206") && miss.is_none(), "its beginning is here: {answer}");
    for (range, offset) in [("bytes=5-8", 5), ("bytes=-2", 7)] {
        let (_, miss) = ask(None, "/arriving/late", &format!("Range: {range}\r\n"));
        let miss = miss.expect("a question");
        assert_eq!(miss.whom, Whom::Origins { offset, is_stale: false }, "{range}");
        let mut before = None;
        for _ in 0..3 {
            before = Some(Before::after(before, &miss, true, NOW));
        }
        let (answer, miss) = ask(before, "/arriving/late", &format!("Range: {range}\r\n"));
        assert!(answer.starts_with("206") && miss.is_none(), "it is waited for: {answer}");
    }
    for (fields, status) in [("Range: bytes=9-\r\n", "416"), ("If-Match: \"other\"\r\n", "412")] {
        let (answer, miss) = ask(None, "/arriving/late", fields);
        assert!(answer.starts_with(status) && miss.is_none(), "no byte is needed: {answer}");
    }
    let (answer, miss) = ask(None, "/arriving/vain", "");
    assert!(answer.contains("; detail=no-answer\n") && miss.is_none(), "{answer}");
    let (answer, miss) = ask(None, "/arriving/closed", "");
    assert!(answer.contains("detail=not-served-now") && miss.is_none(), "{answer}");
}

#[test]
fn a_sibling_with_a_viewer_has_it_brought_once() {
    let ask_with = |before, line: &str, fields: &str| {
        let (answer, miss) = answered(ListenerRole::Peer, before, line, fields);
        (status(&answer).to_owned(), miss)
    };
    let ask = |before, path: &str| ask_with(before, path, "Headend-Awaited: ?1\r\n");
    let (_, miss) = ask(None, "/peer/v1/filled/wanted");
    let miss = miss.expect("a question");
    assert_eq!((miss.whom, &*miss.key.path), (Whom::Filler { offset: 0 }, "/wanted"));
    let waited = Some(Before::after(None, &miss, true, NOW));
    assert_eq!(ask(waited, "/peer/v1/filled/wanted"), ("404".to_owned(), None));
    let late = "/peer/v1/filled/arriving/late";
    assert_eq!(ask(None, late), ("200".to_owned(), None), "its beginning is here");
    let range = "Headend-Awaited: ?1\r\nRange: bytes=5-8\r\n";
    let (status, miss) = ask_with(None, late, range);
    assert_eq!(miss.map(|miss| miss.whom), Some(Whom::Filler { offset: 5 }), "{status}");
    assert_eq!(ask_with(waited, late, range), ("206".to_owned(), None), "it comes");
    for (path, fields) in [
        ("/peer/v1/filled/wanted", ""),
        ("/peer/v1/filled/wanted", "Headend-Awaited: ?0\r\n"),
        ("/peer/v1/open/wanted", "Headend-Awaited: ?1\r\n"),
    ] {
        assert_eq!(ask_with(None, path, fields), ("404".to_owned(), None), "{path} {fields}");
    }
}
