//! Heads as they arrive, whole, in pieces and malformed.

use super::*;
use proptest::prelude::*;

const LIMITS: HeadLimits = HeadLimits { request_line_bytes: 100, fields_bytes: 200 };
const GOOD: &[u8] = b"GET /a?b HTTP/1.1\r\nHost: h.example\r\nRange: bytes=0-1\r\n\r\n";

fn scan(bytes: &[u8]) -> Result<Option<usize>, BadHead> {
    Scanner::default().scan(bytes, LIMITS)
}

fn read(text: &str) -> Result<Head<'_>, BadHead> {
    match scan(text.as_bytes())? {
        Some(end) => parse(&text.as_bytes()[..end]),
        None => panic!("incomplete: {text:?}"),
    }
}

fn with(fields: &str) -> Result<Framing, BadHead> {
    let text = format!("GET / HTTP/1.1\r\nHost: h.example\r\n{fields}\r\n");
    read(&text).map(|head| head.framing)
}

#[test]
fn a_head_split_at_every_octet_is_found_once() {
    for cut in 0..GOOD.len() {
        let mut scanner = Scanner::default();
        assert_eq!(scanner.scan(&GOOD[..cut], LIMITS), Ok(None), "cut at {cut}");
        assert_eq!(scanner.scan(GOOD, LIMITS), Ok(Some(GOOD.len())), "cut at {cut}");
    }
    let head = parse(GOOD).unwrap();
    assert_eq!(head.request.method, Method::Get);
    assert_eq!(head.request.fields.range.value(), Some(&b"bytes=0-1"[..]));
    assert!(head.framing.keeps_alive && !head.framing.has_body);
}

#[test]
fn only_the_first_head_is_taken() {
    let two = [GOOD, GOOD].concat();
    assert_eq!(scan(&two), Ok(Some(GOOD.len())));
}

#[test]
fn octets_that_no_head_may_hold() {
    let cases: [(&[u8], BadHead); 7] = [
        (b"GET / HTTP/1.1\nHost: h\r\n\r\n", BadHead::BareLf),
        (b"GET / HTTP/1.1\r\nHost: h\n\r\n", BadHead::BareLf),
        (b"GET / HTTP/1.1\r\nHost: h\r\n\n", BadHead::BareLf),
        (b"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", BadHead::BareCr),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", BadHead::Control),
        (b"\x16\x03\x01\x02\x00", BadHead::Control),
        (b"\r\n\r\n", BadHead::RequestLine),
    ];
    for (bytes, expected) in cases {
        assert_eq!(scan(bytes), Err(expected), "{bytes:?}");
    }
}

#[test]
fn limits_bite_before_the_line_ends() {
    let line = |length: usize| format!("GET /{} HTTP/1.1\r\n", "a".repeat(length - 14));
    assert_eq!(scan(line(100).as_bytes()), Ok(None));
    assert_eq!(scan(line(101).as_bytes()), Err(BadHead::RequestLineTooLong));
    assert_eq!(scan("a".repeat(200).as_bytes()), Err(BadHead::RequestLineTooLong));
    let fields = |length: usize| format!("GET / HTTP/1.1\r\nX:{}\r\n\r\n", "a".repeat(length - 4));
    assert!(matches!(scan(fields(200).as_bytes()), Ok(Some(_))));
    assert_eq!(scan(fields(201).as_bytes()), Err(BadHead::FieldsTooLarge));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "x:y\r\n".repeat(MAX_FIELDS));
    assert_eq!(parse(many.as_bytes()).err(), Some(BadHead::FieldsTooLarge));
}

#[test]
fn request_lines() {
    let bad = [
        "GET  / HTTP/1.1",
        "GET / http/1.1",
        "GET /",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "G@T / HTTP/1.1",
        "GET / HTTP/11",
        "GET\t/ HTTP/1.1",
        "GET /ä HTTP/1.1",
        "GET / HTTP/1.x",
    ];
    for line in bad {
        let text = format!("{line}\r\nHost: h\r\n\r\n");
        assert_eq!(read(&text).err(), Some(BadHead::RequestLine), "{line}");
    }
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/3.0"] {
        let text = format!("GET / {version}\r\nHost: h\r\n\r\n");
        assert_eq!(read(&text).err(), Some(BadHead::Version), "{version}");
    }
    assert!(read("\r\nGET / HTTP/1.2\r\nHost: h\r\n\r\n").is_ok());
}

#[test]
fn field_lines() {
    let bad = ["X : y\r\n", "X: y\r\n folded\r\n", "X\r\n", ": y\r\n", " X: y\r\n", "X(: y\r\n"];
    for line in bad {
        assert_eq!(with(line).err(), Some(BadHead::Field), "{line:?}");
    }
    assert!(with("X:\r\nY:\t y \t\r\n").is_ok());
}

#[test]
fn hosts() {
    let host = |lines: &str, version| {
        let text = format!("GET / HTTP/{version}\r\n{lines}\r\n");
        read(&text).map(drop)
    };
    let bad = Err(BadHead::Framing(BadFraming::Host));
    assert_eq!(host("", "1.1"), bad);
    assert_eq!(host("", "1.0"), Ok(()));
    assert_eq!(host("Host: a\r\nHost: a\r\n", "1.1"), bad);
    assert_eq!(host("Host: a\r\nHost: b\r\n", "1.0"), bad);
    assert_eq!(host("Host: a b\r\n", "1.1"), bad);
    assert_eq!(host("Host: u@a\r\n", "1.1"), bad);
    assert_eq!(host("Host: \r\n", "1.1"), Ok(()));
}

#[test]
fn where_a_body_ends_must_be_beyond_doubt() {
    let length = Err(BadHead::Framing(BadFraming::ContentLength));
    for bad in ["5\r\nContent-Length: 5", "5\r\nContent-Length: 6", "+5", "-1", "5,5", "0x5", ""] {
        assert_eq!(with(&format!("Content-Length: {bad}\r\n")), length, "{bad:?}");
    }
    let coding = Err(BadHead::Framing(BadFraming::TransferEncoding));
    for bad in
        ["gzip", "chunked, identity", "xchunked", "", "chunked\r\nTransfer-Encoding: chunked"]
    {
        assert_eq!(with(&format!("Transfer-Encoding: {bad}\r\n")), coding, "{bad:?}");
    }
    let both = with("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n");
    assert_eq!(both, Err(BadHead::Framing(BadFraming::Both)));
    let old = read("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").map(drop);
    assert_eq!(old, Err(BadHead::Framing(BadFraming::TransferEncoding)));
}

#[test]
fn a_body_ends_the_connection() {
    let goes_on = |fields| with(fields).map(|framing| framing.keeps_alive);
    assert_eq!(goes_on(""), Ok(true));
    assert_eq!(goes_on("Content-Length: 00\r\n"), Ok(true));
    assert_eq!(goes_on("Content-Length: 5\r\nExpect: 100-continue\r\n"), Ok(false));
    assert_eq!(goes_on("Transfer-Encoding: Chunked\r\n"), Ok(false));
    assert_eq!(goes_on("Connection: foo, Close\r\n"), Ok(false));
    let old = read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").unwrap();
    assert!(old.framing.keeps_alive && old.framing.is_http_1_0);
    assert!(!read("GET / HTTP/1.0\r\n\r\n").unwrap().framing.keeps_alive);
}

proptest! {
    #[test]
    fn any_octets_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(Some(end)) = scan(&bytes) {
            let _ = parse(&bytes[..end]);
        }
        let _ = parse(&bytes);
    }

    #[test]
    fn the_pieces_do_not_matter(
        head in "[GH\r\n /:a\t\u{0}]{0,40}|(GET /a HTTP/1\\.1\r\nHost: h\r\n(X: [a-z]{0,5}\r\n){0,3}\r\n)",
        cut in 0usize..60,
    ) {
        let bytes = head.as_bytes();
        let whole = scan(bytes);
        let mut scanner = Scanner::default();
        let first = scanner.scan(&bytes[..cut.min(bytes.len())], LIMITS);
        let pieces = match first {
            Ok(None) => scanner.scan(bytes, LIMITS),
            done => done,
        };
        prop_assert_eq!(pieces, whole);
    }

    #[test]
    fn what_is_accepted_reads_the_same_when_written_again(
        method in "GET|HEAD|OPTIONS|[A-Z]{1,8}",
        path in "/[a-z/.%0-9]{0,20}(\\?[a-z=&]{0,10})?",
        range in "[ -~]{0,20}",
    ) {
        let text = format!("{method} {path} HTTP/1.1\r\nHost: h.example\r\nRange: {range}\r\n\r\n");
        let head = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(head.request.method_name, &method);
        if let Target::Resource { host, path: raw, query } = head.request.target {
            let again = query.map_or(raw.to_owned(), |query| format!("{raw}?{query}"));
            prop_assert_eq!((host, again), ("h.example", path));
        }
        let value = head.request.fields.range.value().unwrap();
        prop_assert_eq!(value, range.trim_matches(' ').as_bytes());
    }
}
