//! HTTP dates (RFC 9110 §5.6.7): one form is written, three are read.

use super::stack_text::StackText;
use contract::time::TimeUs;
use httpdate::HttpDate;
use std::time::{Duration, SystemTime};

/// 9999-12-31T23:59:59Z: the last second that four digits of a year can say.
const LAST_S: i64 = 253_402_300_799;

/// An IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateText(StackText<29>);

impl DateText {
    /// Writes an instant, rounded down to seconds and kept between 1970 and 9999.
    #[must_use]
    pub fn of(at: TimeUs) -> Self {
        let seconds = u64::try_from(at.unix_s().clamp(0, LAST_S)).unwrap_or_default();
        let at = HttpDate::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        Self(StackText::of(format_args!("{at}")).unwrap_or(StackText::empty()))
    }

    /// As it stands in a field.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Reads a date in any of the three forms, as seconds since 1970.
#[must_use]
pub fn parse(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let at = httpdate::parse_http_date(text).ok()?;
    Some(TimeUs::from(at).unix_s())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_forms_of_one_instant() {
        let at = Some(784_111_777);
        assert_eq!(parse(b"Sun, 06 Nov 1994 08:49:37 GMT"), at);
        assert_eq!(parse(b"Sunday, 06-Nov-94 08:49:37 GMT"), at);
        assert_eq!(parse(b"Sun Nov  6 08:49:37 1994"), at);
        for bad in ["", "yesterday", "Sun, 06 Nov 1994 08:49:37 CET", "784111777"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn times_beyond_the_form_are_kept_inside_it() {
        let text = |us| String::from_utf8(DateText::of(TimeUs(us)).as_bytes().to_vec()).unwrap();
        assert_eq!(text(i64::MIN), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(text(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in 0..LAST_S) {
            let text = DateText::of(TimeUs(0).plus_s(seconds));
            prop_assert_eq!(parse(text.as_bytes()), Some(seconds));
        }

        #[test]
        fn any_octets_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }
    }
}
