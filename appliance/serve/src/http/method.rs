//! Request methods (RFC 9110 §9).

/// The methods that mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Transfer the representation.
    Get,
    /// The same, header only.
    Head,
    /// What may be asked; CORS preflights come as this.
    Options,
    /// Any other token. All are answered with 405, known or not: none is allowed for any
    /// resource here, and `Allow` says more than a 501 would.
    Other,
}

/// The value of `Allow`, and of `Access-Control-Allow-Methods`.
pub const ALLOWED: &str = "GET, HEAD, OPTIONS";

impl Method {
    /// Methods are case-sensitive.
    #[must_use]
    pub fn of(token: &str) -> Self {
        match token {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }
}

/// RFC 9110 §5.6.2 `tchar`.
#[must_use]
pub fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}
