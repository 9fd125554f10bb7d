//! What a head says of the connection: is there a body, does the connection go on
//! (RFC 9112 §6 and §9).
//!
//! Bodies are never read here: no method that is served has a use for one. A request that
//! announces one is answered and the connection ends, so that its octets are never taken
//! for the next request.

use super::authority;
use super::fields::Single;

/// Why a head cannot be framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFraming {
    /// Not one run of digits, or more than one field line, equal or not.
    #[error("Content-Length is repeated or is not a number")]
    ContentLength,
    /// Not exactly `chunked`, or sent to HTTP/1.0.
    #[error("Transfer-Encoding is not chunked")]
    TransferEncoding,
    /// Two ways to say where the body ends.
    #[error("Content-Length and Transfer-Encoding together")]
    Both,
    /// HTTP/1.1 without `Host`, several, or one that is not `host[:port]`.
    #[error("Host is missing, repeated or malformed")]
    Host,
}

/// What follows from a head for its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// A body is announced.
    pub has_body: bool,
    /// The connection goes on after the answer.
    pub keeps_alive: bool,
    /// HTTP/1.0, to which `Connection: keep-alive` must be said.
    pub is_http_1_0: bool,
}

/// The framing fields as they stood in the head.
#[derive(Debug, Default)]
pub(super) struct FramingFields<'a> {
    pub(super) host: Single<'a>,
    content_length: Single<'a>,
    transfer_encoding: Single<'a>,
    says_close: bool,
    says_keep_alive: bool,
}

impl<'a> FramingFields<'a> {
    pub(super) fn add(&mut self, name: &str, value: &'a [u8]) {
        if name.eq_ignore_ascii_case("host") {
            self.host.add(value);
        } else if name.eq_ignore_ascii_case("content-length") {
            self.content_length.add(value);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.transfer_encoding.add(value);
        } else if name.eq_ignore_ascii_case("connection") {
            for option in value.split(|&octet| octet == b',').map(<[u8]>::trim_ascii) {
                self.says_close |= option.eq_ignore_ascii_case(b"close");
                self.says_keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        }
    }

    pub(super) fn resolve(&self, minor: u8) -> Result<Framing, BadFraming> {
        self.check_host(minor)?;
        let is_http_1_0 = minor == 0;
        let has_body = self.has_body(is_http_1_0)?;
        let wants_more = if is_http_1_0 { self.says_keep_alive } else { true };
        let keeps_alive = wants_more && !self.says_close && !has_body;
        Ok(Framing { has_body, keeps_alive, is_http_1_0 })
    }

    fn check_host(&self, minor: u8) -> Result<(), BadFraming> {
        match self.host {
            Single::Absent if minor == 0 => Ok(()),
            Single::Absent | Single::Repeated => Err(BadFraming::Host),
            // An empty Host is right when the target has no authority (RFC 9112 §3.2).
            Single::Value(b"") => Ok(()),
            Single::Value(_) => {
                let host = self.host.text().and_then(authority::host_of);
                host.map(drop).ok_or(BadFraming::Host)
            }
        }
    }

    fn has_body(&self, is_http_1_0: bool) -> Result<bool, BadFraming> {
        match (self.content_length, self.transfer_encoding) {
            (Single::Absent, Single::Absent) => Ok(false),
            (Single::Value(length), Single::Absent) => {
                let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
                let is_zero = length.iter().all(|&digit| digit == b'0');
                if is_number { Ok(!is_zero) } else { Err(BadFraming::ContentLength) }
            }
            (Single::Repeated, Single::Absent) => Err(BadFraming::ContentLength),
            (Single::Absent, Single::Value(coding))
                if coding.eq_ignore_ascii_case(b"chunked") && !is_http_1_0 =>
            {
                Ok(true)
            }
            (Single::Absent, _) => Err(BadFraming::TransferEncoding),
            _ => Err(BadFraming::Both),
        }
    }
}
