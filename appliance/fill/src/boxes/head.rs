//! What is said before content: HTTP/1.1 as boxes speak it among themselves.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, Request, Response, StatusCode};
use std::io;

/// The longest head that is read.
pub(super) const MAX_LEN: usize = 16 << 10;

const MAX_FIELDS: usize = 64;

/// A request without content.
pub(super) fn encode(request: &Request<Empty<Bytes>>) -> Vec<u8> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!("{} {path} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// What an answer says of itself.
pub(super) struct Head {
    pub(super) answer: Response<()>,
    /// How much content follows.
    pub(super) content_bytes: u64,
    /// Another question may follow.
    pub(super) may_go_on: bool,
    /// Where content begins.
    pub(super) len: usize,
}

/// The head in front of what has come; `None` when it has not all come.
///
/// # Errors
/// When it is none, or does not say how much follows.
pub(super) fn parse(came: &[u8]) -> io::Result<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    let len = match parsed.parse(came).map_err(io::Error::other)? {
        httparse::Status::Complete(len) => len,
        httparse::Status::Partial if came.len() < MAX_LEN => return Ok(None),
        httparse::Status::Partial => return Err(io::Error::other("a head that does not end")),
    };
    let status = StatusCode::from_u16(parsed.code.unwrap_or(0)).map_err(io::Error::other)?;
    let mut answer = Response::new(());
    *answer.status_mut() = status;
    for field in parsed.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(io::Error::other)?;
        let value = HeaderValue::from_bytes(field.value).map_err(io::Error::other)?;
        answer.headers_mut().append(name, value);
    }
    let fields = answer.headers();
    let may_go_on = parsed.version == Some(1) && !says_close(fields);
    let content_bytes = content_bytes(status, fields)?;
    Ok(Some(Head { content_bytes, may_go_on, len, answer }))
}

fn says_close(fields: &HeaderMap) -> bool {
    let lines = fields.get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|word| word.trim().eq_ignore_ascii_case("close"))
}

/// A box says how long what it gives is (RFC 9112 §6.2).
fn content_bytes(status: StatusCode, fields: &HeaderMap) -> io::Result<u64> {
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Ok(0);
    }
    if status.is_informational() || fields.contains_key(TRANSFER_ENCODING) {
        return Err(io::Error::other(format!("an answer that boxes do not give: {status}")));
    }
    let mut lengths = fields.get_all(CONTENT_LENGTH).iter();
    let (Some(length), None) = (lengths.next(), lengths.next()) else {
        return Err(io::Error::other("an answer without one length"));
    };
    let digits =
        length.to_str().ok().filter(|text| text.bytes().all(|octet| octet.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    length.ok_or_else(|| io::Error::other("a length that is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_written_as_it_is() {
        let request = Request::get("https://host/a%20b?c=d").header("host", "oca1.site-a");
        let request = request.header("range", "bytes=0-9").body(Empty::new()).expect("a request");
        let expected = "GET /a%20b?c=d HTTP/1.1\r\nhost: oca1.site-a\r\nrange: bytes=0-9\r\n\r\n";
        assert_eq!(encode(&request), expected.as_bytes());
    }

    #[test]
    fn only_answers_with_one_length_are_taken() {
        let read = |text: &str| {
            parse(text.as_bytes()).map(|head| head.map(|head| (head.content_bytes, head.may_go_on)))
        };
        let ok = |fields: &str| read(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
        assert_eq!(ok("Content-Length: 7\r\n").expect("a head"), Some((7, true)));
        let closing = ok("Content-Length: 7\r\nConnection: x, Close\r\n");
        assert_eq!(closing.expect("a head"), Some((7, false)));
        let older = read("HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n");
        assert_eq!(older.expect("a head"), Some((7, false)));
        assert_eq!(read("HTTP/1.1 304 N\r\n\r\n").expect("a head"), Some((0, true)));
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-").expect("so far"), None);
        for bad in [
            "",
            "Transfer-Encoding: chunked\r\n",
            "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: 7\r\nContent-Length: 7\r\n",
            "Content-Length: +7\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: -1\r\n",
        ] {
            assert!(ok(bad).is_err(), "{bad}");
        }
        assert!(read("HTTP/1.1 100 Continue\r\n\r\n").is_err());
        assert!(read("SSH-2.0-OpenSSH_9.2\r\n").is_err());
        assert!(read(&format!("HTTP/1.1 200 OK\r\nA: {}", "a".repeat(MAX_LEN))).is_err());
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(came in prop::collection::vec(any::<u8>(), 0..300)) {
            for front in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: "] {
                if let Ok(Some(head)) = parse(&[front, &came[..]].concat()) {
                    prop_assert!(head.len <= front.len() + came.len());
                }
            }
        }
    }
}
