//! Request heads: `Scanner` and `parse`.

use serve::http::head::{BadHead, Head, HeadLimits, MAX_FIELDS, Scanner, parse};

/// Small, so that they are met.
const LIMITS: HeadLimits = HeadLimits { request_line_bytes: 200, fields_bytes: 800 };

/// However the octets arrive, the scanner says the same; what the parser takes, another
/// parser takes as well, with the same end.
pub fn run(octets: &[u8]) {
    let at_once = Scanner::default().scan(octets, LIMITS);
    assert_eq!(at_once, octet_by_octet(octets), "it depends on how they arrive");
    let Ok(Some(len)) = at_once else { return };
    let whole = &octets[..len];
    assert!(whole.ends_with(b"\r\n\r\n"));
    if let Ok(head) = parse(whole) {
        check(&head, whole);
    }
}

fn octet_by_octet(octets: &[u8]) -> Result<Option<usize>, BadHead> {
    let mut scanner = Scanner::default();
    for len in 0..octets.len() {
        match scanner.scan(&octets[..len], LIMITS) {
            Ok(None) => {}
            other => return other,
        }
    }
    scanner.scan(octets, LIMITS)
}

fn check(head: &Head<'_>, whole: &[u8]) {
    let framing = head.framing;
    assert!(!(framing.has_body && framing.keeps_alive), "a body would be the next request");
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut theirs = httparse::Request::new(&mut fields);
    match theirs.parse(whole) {
        Ok(status) => assert_eq!(status, httparse::Status::Complete(whole.len())),
        // It knows no minor version above 1, which RFC 9110 §2.5 has answered.
        Err(err) => return assert_eq!(err, httparse::Error::Version),
    }
    assert_eq!(theirs.method, Some(head.request.method_name));
    assert_eq!(theirs.version == Some(0), framing.is_http_1_0);
    let announces = |name: &str| {
        theirs.headers.iter().any(|field| {
            field.name.eq_ignore_ascii_case(name) && field.value.iter().any(|&digit| digit != b'0')
        })
    };
    let has_body = announces("content-length") || announces("transfer-encoding");
    assert_eq!(has_body, framing.has_body, "whether a body comes is not agreed on");
}
