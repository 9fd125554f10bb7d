//! HTTP/1.x request heads (RFC 9112 §2 to §6), strict.
//!
//! Two steps. [`Scanner`] finds the end of a head while its bytes arrive, looks at each
//! octet once, and refuses what no head may hold (bare CR or LF, NUL, too much of it).
//! [`parse`] then reads the whole head; httparse does the field lines.

use super::fields::Fields;
use super::framing::{BadFraming, Framing, FramingFields};
use super::method::{Method, is_token_octet};
use super::request::Request;
use super::target::{BadTarget, Target};

/// The most field lines in a head: browsers send some 20. Bounds the table on the stack.
pub const MAX_FIELDS: usize = 100;

/// Why a head is refused. The connection ends in every case, because where the next
/// request would begin is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHead {
    /// LF without CR: readers that take it for a line end see another request (smuggling).
    #[error("a line ends in LF without CR")]
    BareLf,
    /// CR without LF.
    #[error("CR without LF")]
    BareCr,
    /// NUL or another control octet.
    #[error("a control character")]
    Control,
    /// Not `method SP target SP HTTP-version`.
    #[error("the request line is malformed")]
    RequestLine,
    /// The request line passed its limit.
    #[error("the request line is too long")]
    RequestLineTooLong,
    /// The field lines passed their limit, in octets or in number.
    #[error("the header is too large")]
    FieldsTooLarge,
    /// HTTP of another major version.
    #[error("only HTTP/1.0 and HTTP/1.1 are spoken here")]
    Version,
    /// A field line that is none: obs-fold, space before the colon, a name that is no token.
    #[error("a header field is malformed")]
    Field,
    /// Nobody can say where the body ends, or `Host` is missing or doubtful.
    #[error(transparent)]
    Framing(#[from] BadFraming),
    /// The target cannot be understood.
    #[error(transparent)]
    Target(#[from] BadTarget),
}

/// What one head may take.
#[derive(Debug, Clone, Copy)]
pub struct HeadLimits {
    /// Method, target and version.
    pub request_line_bytes: usize,
    /// All field lines.
    pub fields_bytes: usize,
}

/// Finds the end of a head in a buffer that grows at its end.
#[derive(Debug, Default)]
pub struct Scanner {
    /// Everything before was looked at.
    at: usize,
    line_start: usize,
    /// Where the field lines begin, once the request line has ended.
    fields_start: Option<usize>,
}

impl Scanner {
    /// Looks at what is new in `buffer`: the length of the head when it is complete, `None`
    /// when more must come.
    ///
    /// # Errors
    /// [`BadHead`] as soon as no continuation could be right.
    pub fn scan(&mut self, buffer: &[u8], limits: HeadLimits) -> Result<Option<usize>, BadHead> {
        while let Some(&octet) = buffer.get(self.at) {
            let after_cr = self.at > self.line_start && buffer.get(self.at - 1) == Some(&b'\r');
            self.at += 1;
            self.check_size(limits)?;
            match octet {
                b'\n' if !after_cr => return Err(BadHead::BareLf),
                b'\n' => {
                    let is_the_last = self.end_line()?;
                    if is_the_last {
                        return Ok(Some(self.at));
                    }
                }
                _ if after_cr => return Err(BadHead::BareCr),
                b'\r' | b'\t' => {}
                0..=0x1f | 0x7f => return Err(BadHead::Control),
                _ => {}
            }
        }
        Ok(None)
    }

    /// A line ended just before `at`: was it the empty one after the fields?
    fn end_line(&mut self) -> Result<bool, BadHead> {
        let is_empty = self.at - self.line_start == 2;
        match self.fields_start {
            Some(_) if is_empty => return Ok(true),
            Some(_) => {}
            // RFC 9112 §2.2: one empty line before the request line is forgiven.
            None if is_empty && self.line_start == 0 => {}
            None if is_empty => return Err(BadHead::RequestLine),
            None => self.fields_start = Some(self.at),
        }
        self.line_start = self.at;
        Ok(false)
    }

    fn check_size(&self, limits: HeadLimits) -> Result<(), BadHead> {
        // The CRLF at the end is not counted, so that the limit is that of the line itself.
        match self.fields_start {
            None if self.at - self.line_start > limits.request_line_bytes + 2 => {
                Err(BadHead::RequestLineTooLong)
            }
            Some(start) if self.at - start > limits.fields_bytes + 2 => {
                Err(BadHead::FieldsTooLarge)
            }
            _ => Ok(()),
        }
    }
}

/// A request, and what its framing means for the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// The request.
    pub request: Request<'a>,
    /// What happens to the connection after the answer.
    pub framing: Framing,
}

/// Reads a complete head, as [`Scanner`] delimits it.
///
/// # Errors
/// [`BadHead`].
pub fn parse(head: &[u8]) -> Result<Head<'_>, BadHead> {
    let head = head.strip_prefix(b"\r\n").unwrap_or(head);
    let end = head.windows(2).position(|pair| pair == b"\r\n").ok_or(BadHead::RequestLine)?;
    let (line, rest) = head.split_at(end);
    let line = RequestLine::parse(line)?;
    let (fields, framing) = parse_fields(rest.get(2..).unwrap_or_default())?;
    let framing_of_this = framing.resolve(line.minor)?;
    let method = Method::of(line.method);
    let target = Target::parse(method, line.target, framing.host)?;
    let request = Request { method, method_name: line.method, target, fields };
    Ok(Head { request, framing: framing_of_this })
}

struct RequestLine<'a> {
    method: &'a str,
    target: &'a str,
    minor: u8,
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, BadHead> {
        let line = std::str::from_utf8(line).map_err(|_| BadHead::RequestLine)?;
        let mut parts = line.split(' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadHead::RequestLine);
        };
        let is_token = !method.is_empty() && method.bytes().all(is_token_octet);
        let is_visible = !target.is_empty() && target.bytes().all(|octet| octet.is_ascii_graphic());
        if !is_token || !is_visible {
            return Err(BadHead::RequestLine);
        }
        Ok(Self { method, target, minor: minor_version(version)? })
    }
}

/// RFC 9112 §2.3: `HTTP/` digit `.` digit, in upper case. A higher minor version is
/// answered as 1.1 (RFC 9110 §2.5).
fn minor_version(version: &str) -> Result<u8, BadHead> {
    match version.strip_prefix("HTTP/").map(str::as_bytes) {
        Some([b'1', b'.', b'0']) => Ok(0),
        Some([b'1', b'.', b'1'..=b'9']) => Ok(1),
        Some([b'0'..=b'9', b'.', b'0'..=b'9']) => Err(BadHead::Version),
        _ => Err(BadHead::RequestLine),
    }
}

fn parse_fields(lines: &[u8]) -> Result<(Fields<'_>, FramingFields<'_>), BadHead> {
    let mut table = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let parsed = httparse::parse_headers(lines, &mut table).map_err(|err| match err {
        httparse::Error::TooManyHeaders => BadHead::FieldsTooLarge,
        _ => BadHead::Field,
    })?;
    let httparse::Status::Complete((_, lines)) = parsed else { return Err(BadHead::Field) };
    let mut fields = Fields::default();
    let mut framing = FramingFields::default();
    for line in lines {
        framing.add(line.name, line.value);
        fields.add(line.name, line.value);
    }
    Ok((fields, framing))
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
