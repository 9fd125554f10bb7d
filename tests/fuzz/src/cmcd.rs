//! CMCD in a field, and percent-encoded in a query.

use serve::http::cmcd::{Cmcd, MAX_SESSION_LEN};
use serve::http::fields::Fields;
use serve::http::method::Method;
use serve::http::request::Request;
use serve::http::target::Target;
use std::fmt::Write;

/// What is read can be written as JSON, and the same octets say the same in both places;
/// as a query that nobody encoded they at least harm nobody.
pub fn run(octets: &[u8]) {
    let mut fields = Fields::default();
    fields.add("CMCD-Session", octets);
    let in_field = read(fields, None);
    let in_query = read(Fields::default(), Some(&escaped(octets)));
    assert_eq!(in_field, in_query, "{:?}", octets.escape_ascii());
    if let Some(cmcd) = &in_field {
        check(cmcd);
    }
    let as_it_is = String::from_utf8_lossy(octets);
    if let Some(cmcd) = read(Fields::default(), Some(&format!("a=b&CMCD={as_it_is}"))) {
        check(&cmcd);
    }
}

fn read(fields: Fields<'_>, query: Option<&str>) -> Option<Cmcd> {
    let target = query.map_or(Target::Irrelevant, |query| resource(query));
    Cmcd::of(&Request { method: Method::Get, method_name: "GET", target, fields })
}

fn resource(query: &str) -> Target<'_> {
    Target::Resource { host: "", path: "/v.m4s", query: Some(query) }
}

fn escaped(octets: &[u8]) -> String {
    let mut text = String::from("CMCD=");
    for octet in octets {
        let _ = write!(text, "%{octet:02x}");
    }
    text
}

fn check(cmcd: &Cmcd) {
    let text = serde_json::to_string(cmcd).expect("the log takes it");
    assert!(text.len() < 400, "{text}");
    assert!(cmcd.sid.is_none_or(|session| session.as_bytes().len() <= MAX_SESSION_LEN));
    assert!(cmcd.pr.is_none_or(|rate| (0.0..=64.0).contains(&rate)), "{text}");
}
