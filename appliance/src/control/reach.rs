//! Whether the fleet is there: said once when it goes away, once more where the clock turns out to be why,
//! and once when it is back.

use crate::clock_doubt;
use anyhow::Error;

/// What was last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    Reachable,
    Unreachable,
    /// As one of the two clocks is wrong.
    ClockDoubted,
}

impl Reach {
    /// After the next attempt; gives whether there is something new to say. Reasons take turns in an outage
    /// and are not worth a line each, but a clock is something that somebody can set.
    pub(super) fn turns(&mut self, failed: Option<&Error>) -> bool {
        let now = match failed {
            None => Self::Reachable,
            Some(err) if clock_doubt::doubt(err.as_ref()).is_some() => Self::ClockDoubted,
            Some(_) => Self::Unreachable,
        };
        let is_new = if failed.is_none() { now != *self } else { now > *self };
        if is_new {
            *self = now;
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::CertificateError::ExpiredContext;
    use rustls::pki_types::UnixTime;
    use std::time::Duration;

    #[test]
    fn an_outage_is_said_once_and_the_clock_once_more() {
        let [time, not_after] = [2, 1].map(|s| UnixTime::since_unix_epoch(Duration::from_secs(s)));
        let expired = rustls::Error::InvalidCertificate(ExpiredContext { time, not_after });
        let clock = Error::from(std::io::Error::other(expired)).context("who answers");
        let other = anyhow::anyhow!("403: your certificate is not believed any more");
        let mut reach = Reach::Reachable;
        let attempts = [
            (None, false),
            (Some(&other), true),
            (Some(&other), false),
            (Some(&clock), true),
            (Some(&other), false),
            (Some(&clock), false),
            (None, true),
            (None, false),
            (Some(&clock), true),
            (Some(&other), false),
        ];
        for (at, (failed, is_new)) in attempts.into_iter().enumerate() {
            assert_eq!(reach.turns(failed), is_new, "attempt {at}");
        }
    }
}
