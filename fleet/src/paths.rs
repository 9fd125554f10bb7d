//! The API's paths of records, for whoever serves them and whoever asks.

use inventory::schema::Kind;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All that is not unreserved (RFC 3986).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Of all of a kind.
pub(crate) fn of_all(kind: &Kind) -> String {
    format!("/api/v1/{}", kind.plural)
}

/// Of one by its key.
pub(crate) fn of_one(kind: &Kind, key: &str) -> String {
    format!("{}/{}", of_all(kind), segment(key))
}

/// A name as a part of a path.
pub(crate) fn segment(name: &str) -> String {
    utf8_percent_encode(name, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use inventory::kinds::INTERFACE;

    #[test]
    fn no_key_leads_elsewhere() {
        assert_eq!(of_one(&INTERFACE, "muc-1:eth0"), "/api/v1/interfaces/muc-1%3Aeth0");
        assert_eq!(
            of_one(&INTERFACE, "a/../b?c#d e+\u{fc}"),
            "/api/v1/interfaces/a%2F..%2Fb%3Fc%23d%20e%2B%C3%BC"
        );
    }
}
