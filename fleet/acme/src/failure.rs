//! Why an authority has issued nothing, and what to do about it.

use ca::{Fault, NotIssued};
use dns::DnsFailure;
use instant_acme::{Error, Problem};
use std::path::PathBuf;
use std::time::Duration;

/// The most letters of an authority's words that are repeated: they go into a table and a log.
const MAX_WORDS: usize = 400;

/// What the types of problems begin with (RFC 8555 §6.7).
const PROBLEM: &str = "urn:ietf:params:acme:error:";

/// An order that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The authority cannot be reached, or answers nonsense.
    #[error(
        "the authority cannot be reached ({0}): see --acme-directory and --acme-ca-file, and that the fleet may connect there"
    )]
    Away(String),
    /// It has had enough of us for now.
    #[error(
        "the authority takes no more orders now ({said}): lower --acme-orders-per-hour, or ask it for more"
    )]
    TooMany {
        /// In its words.
        said: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// It knows the account no more; another is made with the next order.
    #[error(
        "the authority knows the fleet's account no more ({0}); another is made with the next order"
    )]
    NoAccount(String),
    /// It opens no account.
    #[error(
        "the authority opens no account ({0}): see --acme-contact, and whether it takes accounts from everybody"
    )]
    NotWelcome(String),
    /// It does not issue for the names.
    #[error("the authority does not issue for {names} ({said})")]
    Refused {
        /// The names.
        names: String,
        /// In its words.
        said: String,
    },
    /// It did not find the proof.
    #[error(
        "the authority does not find the record for {name} ({said}): see that the world asks the name server of --acme-dns for it"
    )]
    NotProved {
        /// The name.
        name: String,
        /// In its words.
        said: String,
    },
    /// It offers no proof by DNS.
    #[error("the authority offers no proof by DNS (dns-01) for {0}")]
    NoDns(String),
    /// It takes its time.
    #[error("the authority was not done after {0} s")]
    TooSlow(u64),
    /// What it has issued is not what was asked for.
    #[error("what the authority has issued is of no use: {0}")]
    Useless(String),
    /// The proof could not be put into DNS.
    #[error(transparent)]
    Dns(#[from] DnsFailure),
    /// The account cannot be kept.
    #[error("{path}: {why}", path = path.display())]
    File {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl Failure {
    /// Of what the library says.
    pub(crate) fn of(err: Error, names: &[String], retry_after: Option<Duration>) -> Self {
        match err {
            Error::Api(problem) => Self::of_problem(&problem, names, retry_after),
            Error::Timeout(_) => Self::TooSlow(crate::order::PATIENCE.as_secs()),
            other => Self::Away(bounded(&with_sources(&other))),
        }
    }

    fn of_problem(problem: &Problem, names: &[String], retry_after: Option<Duration>) -> Self {
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let said = said(problem);
        match kind.strip_prefix(PROBLEM).unwrap_or(kind) {
            "rateLimited" => Self::TooMany { said, retry_after },
            "accountDoesNotExist" => Self::NoAccount(said),
            "externalAccountRequired"
            | "invalidContact"
            | "unsupportedContact"
            | "userActionRequired" => Self::NotWelcome(said),
            "serverInternal" | "badNonce" => Self::Away(said),
            _ if problem.status.is_some_and(|status| status >= 500) => Self::Away(said),
            _ => Self::Refused { names: names.join(", "), said },
        }
    }

    fn fault(&self) -> Fault {
        match self {
            Self::Away(_)
            | Self::TooMany { .. }
            | Self::NoAccount(_)
            | Self::NotWelcome(_)
            | Self::File { .. }
            | Self::Dns(DnsFailure::KeyFile { .. } | DnsFailure::Away { .. }) => Fault::OfAuthority,
            _ => Fault::OfWish,
        }
    }
}

impl From<Failure> for NotIssued {
    fn from(failure: Failure) -> Self {
        let retry_after = match &failure {
            Failure::TooMany { retry_after, .. } => *retry_after,
            _ => None,
        };
        Self { fault: failure.fault(), why: failure.to_string(), retry_after }
    }
}

/// A problem in the authority's words.
pub(crate) fn said(problem: &Problem) -> String {
    let subproblems = problem.subproblems.iter().filter_map(|it| it.detail.as_deref());
    let words: Vec<&str> = problem.detail.as_deref().into_iter().chain(subproblems).collect();
    let kind = problem.r#type.as_deref().unwrap_or("no reason given");
    if words.is_empty() { bounded(kind) } else { bounded(&words.join("; ")) }
}

/// What others say, fit for a table: short, and in one line.
pub(crate) fn bounded(words: &str) -> String {
    let plain = words.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut short: String = plain.take(MAX_WORDS).collect();
    if words.chars().nth(MAX_WORDS).is_some() {
        short.push('…');
    }
    short
}

/// «Cannot connect» says less than why.
fn with_sources(err: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(err), |err| err.source());
    let mut words: Vec<String> = all.map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Failure {
        let problem: Problem = serde_json::from_str(text).expect("a problem");
        let names = ["a.example".to_owned()];
        Failure::of(problem.into(), &names, Some(Duration::from_secs(7)))
    }

    #[test]
    fn who_is_at_fault_says_who_has_to_wait() {
        let of = |kind: &str, status: u16| {
            let text = format!(
                r#"{{"type": "urn:ietf:params:acme:error:{kind}", "detail": "so", "status": {status}}}"#
            );
            NotIssued::from(problem(&text))
        };
        let limited = of("rateLimited", 429);
        assert_eq!(limited.fault, Fault::OfAuthority);
        assert_eq!(limited.retry_after, Some(Duration::from_secs(7)));
        assert!(limited.why.contains("--acme-orders-per-hour"), "{limited}");
        assert_eq!(of("serverInternal", 500).fault, Fault::OfAuthority);
        assert_eq!(of("whatever", 503).fault, Fault::OfAuthority);
        let refused = of("rejectedIdentifier", 400);
        assert_eq!(refused.fault, Fault::OfWish);
        assert_eq!(refused.retry_after, None);
        assert!(refused.why.contains("a.example") && refused.why.contains("so"), "{refused}");
    }

    #[test]
    fn what_strangers_say_stays_short_and_in_one_line() {
        let text =
            format!(r#"{{"detail": "one\ntwo\u001b[31m{}", "status": 400}}"#, "x".repeat(9999));
        let said = problem(&text).to_string();
        assert!(said.chars().count() < 2 * MAX_WORDS && !said.contains(char::is_control), "{said}");
    }
}
