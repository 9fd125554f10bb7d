//! Requests to a group whose viewers are redirected.

use super::demanded::{Before, Whom};
use super::head;
use super::miss_limit::MissLimit;
use super::respond::{Context, respond};
use super::respond_tests::{NOW, context, policy, shelf, text};
use crate::siblings::{Sibling, Siblings};
use cache::Resolving;
use contract::config::ListenerRole;
use contract::object::ObjectKey;
use contract::time::TimeUs;

/// Knows one answer to every question.
pub(super) struct Says(pub(super) Sibling);

impl Siblings for Says {
    fn known(&self, _: &ObjectKey, _: TimeUs) -> Sibling {
        self.0.clone()
    }

    fn is_home(&self, key: &ObjectKey) -> bool {
        &*key.path != "/elsewhere"
    }

    fn ask(&self, _: &ObjectKey) -> Option<Resolving> {
        None
    }
}

/// What is answered, and whether somebody is to be asked first.
fn ask(sibling: Sibling, role: ListenerRole, line: &str) -> (String, bool) {
    ask_with(sibling, role, line, "")
}

fn ask_with(sibling: Sibling, role: ListenerRole, line: &str, fields: &str) -> (String, bool) {
    let (policy, index, misses) = (policy(), shelf(), MissLimit::new(1));
    let siblings = Says(sibling);
    let bytes = format!("{line} HTTP/1.1\r\nHost: sent.test\r\n{fields}\r\n");
    let head = head::parse(bytes.as_bytes()).unwrap();
    let context = context(&policy, &index, &misses, role);
    let context = Context { siblings: Some(&siblings), ..context };
    let decision = respond(&context, &head.request);
    let asks = decision.miss.clone();
    assert!(asks.as_ref().is_none_or(|miss| miss.whom == Whom::Siblings));
    if let Some(miss) = &asks {
        // Whoever has waited is answered, whatever is known by then.
        let before = Some(Before::after(None, miss, true, NOW));
        let again = respond(&Context { before, ..context }, &head.request);
        assert!(again.miss.is_none());
    }
    (text(&decision), asks.is_some())
}

fn at() -> Sibling {
    Sibling::At("oca2.test:8443".into())
}

#[test]
fn a_viewer_goes_to_whoever_holds_it_with_all_that_he_brought() {
    for (asked, target) in [
        ("/none/1.m4s", "/none/1.m4s?headend-redirected"),
        ("/wanted?token=a%2Fb&CMCD=x", "/wanted?token=a%2Fb&CMCD=x&headend-redirected"),
        ("/arriving/1", "/arriving/1?headend-redirected"),
    ] {
        for method in ["GET", "HEAD"] {
            let line = format!("{method} {asked}");
            let (answer, asks) = ask(at(), ListenerRole::Player, &line);
            assert!(answer.starts_with("307") && !asks, "{answer}");
            let location = format!("Location: https://oca2.test:8443{target}\n");
            assert!(answer.contains(&location), "{answer}");
            assert!(answer.contains("detail=redirected") && answer.contains("no-store"));
            assert!(answer.contains("Access-Control-Allow-Origin: *"), "{answer}");
        }
    }
}

#[test]
fn what_is_here_or_was_redirected_stays_here() {
    for (line, status) in [
        ("GET /v/1.m4s", "200"),
        ("GET /closed", "404"),
        ("GET /none?headend-redirected", "404"),
        ("GET /wanted?a=b&headend-redirected=1", "404"),
        ("GET /arriving/1?headend-redirected", "404"),
        ("GET /none?a#b", "404"),
    ] {
        let (answer, asks) = ask(at(), ListenerRole::Player, line);
        assert!(answer.starts_with(status) && !asks, "{line}: {answer}");
        assert!(!answer.contains("Location"), "{answer}");
    }
}

#[test]
fn siblings_are_asked_once_and_may_have_nothing() {
    let (answer, asks) = ask(Sibling::Ask, ListenerRole::Player, "GET /none");
    assert!(asks && answer.starts_with("404") && answer.contains("detail=no-sibling"), "{answer}");
    let (answer, asks) = ask(Sibling::Nobody, ListenerRole::Player, "GET /wanted");
    assert!(!asks && answer.starts_with("404") && answer.contains("detail=no-sibling"));
}

#[test]
fn a_sibling_hears_what_a_viewer_would_be_given() {
    for (path, status) in [
        ("/v/1.m4s", "200"),
        ("/closed", "404"),
        ("/arriving/1", "404"),
        ("/wanted", "404"),
        ("/none", "404"),
    ] {
        let (answer, asks) = served(path, "Headend-Purged-Up-To: 1.7\r\n");
        assert!(answer.starts_with(status) && !asks, "{path}: {answer}");
    }
}

fn served(path: &str, fields: &str) -> (String, bool) {
    ask_with(at(), ListenerRole::Peer, &format!("HEAD /served/v1/sent{path}"), fields)
}

#[test]
fn who_has_not_purged_what_a_sibling_has_would_serve_nothing() {
    for (said, status) in [
        ("1.6", "200"),
        ("0.0", "200"),
        ("2.0", "200"),
        ("1.8", "404"),
        ("2.1", "404"),
        ("0.7", "404"),
        ("", "400"),
        ("7", "400"),
        ("1.07", "400"),
        ("1.18446744073709551616", "400"),
        ("1.7\r\nHeadend-Purged-Up-To: 1.7", "400"),
    ] {
        let (answer, asks) = served("/v/1.m4s", &format!("Headend-Purged-Up-To: {said}\r\n"));
        assert!(answer.starts_with(status) && !asks, "{said:?}: {answer}");
        assert_eq!(answer.contains("detail=purge-pending"), status == "404", "{answer}");
    }
    let (answer, _) = served("/v/1.m4s", "");
    assert!(answer.starts_with("404") && answer.contains("detail=purge-pending"), "{answer}");
}
