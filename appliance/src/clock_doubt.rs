//! Whether it may be the clock of this box that keeps it from somebody: certificates count from a
//! time to a time, and a box that has been switched off for long may not know which it is.

use crate::filling::when;
use contract::time::TimeUs;
use rustls::CertificateError::{ExpiredContext, NotValidYetContext};
use rustls::pki_types::UnixTime;
use std::error::Error;
use std::io;

/// What to say of a connection that failed, beside its reason, where the time is that reason.
pub(crate) fn doubt(err: &(dyn Error + 'static)) -> Option<String> {
    let mut causes = std::iter::successors(Some(err), |&err| err.source());
    let (here, bound, side) = causes.find_map(|cause| match tls(cause)? {
        rustls::Error::InvalidCertificate(NotValidYetContext { time, not_before }) => {
            Some((*time, *not_before, "counts only from"))
        }
        rustls::Error::InvalidCertificate(ExpiredContext { time, not_after }) => {
            Some((*time, *not_after, "counts no more since"))
        }
        _ => None,
    })?;
    let [here, bound] = [here, bound].map(|time| when(at(time)));
    Some(format!("who answers shows what {side} {bound}, and by the clock here it is {here}"))
}

fn at(time: UnixTime) -> TimeUs {
    TimeUs(0).plus_s(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// An error of TLS, which errors of streams may hold without naming it as their cause.
fn tls<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match cause.downcast_ref::<io::Error>() {
        Some(of_stream) => tls(of_stream.get_ref()?),
        None => cause.downcast_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::CertificateError;

    fn refused(why: CertificateError) -> anyhow::Error {
        let tls = rustls::Error::InvalidCertificate(why);
        anyhow::Error::from(io::Error::other(io::Error::other(tls))).context("client error")
    }

    #[test]
    fn the_clock_is_doubted_where_the_time_is_the_reason() {
        let [early, late] = [60, 1_800_000_000]
            .map(|second| UnixTime::since_unix_epoch(std::time::Duration::from_secs(second)));
        let told = |why| doubt(&*refused(why));
        assert_eq!(
            told(NotValidYetContext { time: early, not_before: late }).as_deref(),
            Some(
                "who answers shows what counts only from 2027-01-15T08:00:00Z, and by the clock \
                 here it is 1970-01-01T00:01:00Z"
            )
        );
        let expired = told(ExpiredContext { time: late, not_after: early }).expect("a doubt");
        assert!(expired.contains("no more since 1970-01-01T00:01:00Z"), "{expired}");
        assert_eq!(told(CertificateError::UnknownIssuer), None);
    }
}
