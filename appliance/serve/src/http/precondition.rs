//! Conditional requests (RFC 9110 §13), in the order of §13.2.2.

use super::date;
use super::etag::{self, EntityTag};
use super::fields::{Fields, Single};
use contract::object::Digest;

/// What identifies the representation at hand.
#[derive(Debug, Clone, Copy)]
pub struct Validators {
    /// Its strong entity tag.
    pub etag: EntityTag,
    /// Its `Last-Modified`, in seconds since 1970.
    pub modified_s: i64,
}

/// What the preconditions of a request lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Do what the method says.
    Proceed,
    /// 304: the client has it.
    NotModified,
    /// 412: the client meant something else.
    Failed,
}

/// Evaluates steps 1 to 4 for GET and HEAD. A date that cannot be read, or is sent twice,
/// is as good as none (§13.1.3, §13.1.4).
#[must_use]
pub fn evaluate(fields: &Fields<'_>, current: &Validators) -> Outcome {
    if fields.if_match.is_sent() {
        if !etag::list_holds(&fields.if_match, |sent| current.etag.matches_strongly(sent)) {
            return Outcome::Failed;
        }
    } else if date_of(fields.if_unmodified_since).is_some_and(|at| current.modified_s > at) {
        return Outcome::Failed;
    }
    if fields.if_none_match.is_sent() {
        if etag::list_holds(&fields.if_none_match, |sent| current.etag.matches_weakly(sent)) {
            return Outcome::NotModified;
        }
    } else if date_of(fields.if_modified_since).is_some_and(|at| current.modified_s <= at) {
        return Outcome::NotModified;
    }
    Outcome::Proceed
}

/// Whether content with this digest is what `If-Match` asks for, or nothing was asked for.
#[must_use]
pub fn is_meant(fields: &Fields<'_>, content: &Digest) -> bool {
    let tag = EntityTag::of(content);
    let matches = |sent: &[u8]| tag.matches_strongly(sent);
    !fields.if_match.is_sent() || etag::list_holds(&fields.if_match, matches)
}

/// Step 5: whether `Range` holds although `If-Range` was sent (§13.1.5). A date must be
/// the very `Last-Modified`; it is a strong validator here, since objects never change
/// within a second of being made.
#[must_use]
pub fn range_applies(if_range: Single<'_>, current: &Validators) -> bool {
    match if_range {
        Single::Absent => true,
        Single::Repeated => false,
        Single::Value(sent) if sent.starts_with(b"\"") => current.etag.matches_strongly(sent),
        Single::Value(sent) => date::parse(sent) == Some(current.modified_s),
    }
}

fn date_of(field: Single<'_>) -> Option<i64> {
    field.value().and_then(date::parse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::object::Digest;

    const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn outcome(lines: &[(&str, &str)]) -> Outcome {
        let digest = Digest::of(b"x");
        let tag = format!("\"{}\"", digest.short());
        let lines: Vec<(&str, String)> =
            lines.iter().map(|(name, value)| (*name, value.replace("TAG", &tag))).collect();
        let mut fields = Fields::default();
        for (name, value) in &lines {
            fields.add(name, value.as_bytes());
        }
        let current = Validators { etag: EntityTag::of(&digest), modified_s: 784_111_777 };
        evaluate(&fields, &current)
    }

    #[test]
    fn each_condition_alone() {
        use Outcome::{Failed, NotModified, Proceed};
        let cases = [
            ("if-match", "TAG", Proceed),
            ("if-match", "*", Proceed),
            ("if-match", "\"other\", TAG", Proceed),
            ("if-match", "W/TAG", Failed),
            ("if-match", "\"other\"", Failed),
            ("if-match", "nonsense", Failed),
            ("if-none-match", "TAG", NotModified),
            ("if-none-match", "W/TAG", NotModified),
            ("if-none-match", "*", NotModified),
            ("if-none-match", "\"other\"", Proceed),
            ("if-none-match", "nonsense", Proceed),
            ("if-modified-since", AT, NotModified),
            ("if-modified-since", AFTER, NotModified),
            ("if-modified-since", BEFORE, Proceed),
            ("if-modified-since", "nonsense", Proceed),
            ("if-unmodified-since", AT, Proceed),
            ("if-unmodified-since", BEFORE, Failed),
            ("if-unmodified-since", "nonsense", Proceed),
        ];
        for (name, value, expected) in cases {
            assert_eq!(outcome(&[(name, value)]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn precedence() {
        use Outcome::{Failed, NotModified, Proceed};
        let matched = ("if-match", "TAG");
        assert_eq!(outcome(&[matched, ("if-unmodified-since", BEFORE)]), Proceed);
        assert_eq!(outcome(&[matched, ("if-none-match", "TAG")]), NotModified);
        assert_eq!(outcome(&[("if-match", "\"o\""), ("if-none-match", "TAG")]), Failed);
        assert_eq!(outcome(&[("if-none-match", "\"o\""), ("if-modified-since", AT)]), Proceed);
        assert_eq!(outcome(&[("if-unmodified-since", BEFORE), ("if-modified-since", AT)]), Failed);
        assert_eq!(outcome(&[("if-modified-since", AT), ("if-modified-since", AT)]), Proceed);
        assert_eq!(outcome(&[("if-match", "\"o\""), matched]), Proceed);
    }

    #[test]
    fn if_range_needs_the_exact_validator() {
        let digest = Digest::of(b"x");
        let current = Validators { etag: EntityTag::of(&digest), modified_s: 784_111_777 };
        let tag = format!("\"{}\"", digest.short());
        let weak = format!("W/{tag}");
        let applies = |sent: &str| range_applies(Single::Value(sent.as_bytes()), &current);
        assert!(range_applies(Single::Absent, &current) && applies(&tag) && applies(AT));
        assert!(!applies(&weak) && !applies(AFTER) && !applies(BEFORE) && !applies("\"o\""));
        assert!(!applies("") && !range_applies(Single::Repeated, &current));
    }
}
