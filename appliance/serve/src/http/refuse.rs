//! Answers to heads that cannot be read. There is no request, so no group and no CORS.

use super::answer::Answer;
use super::head::BadHead;
use super::policy::Policy;
use http::StatusCode;

/// The answer to a head that is refused; the connection ends after it.
#[must_use]
pub fn bad_head<H>(policy: &Policy, bad: BadHead) -> Answer<'_, H> {
    let (status, words) = match bad {
        BadHead::RequestLineTooLong => (StatusCode::URI_TOO_LONG, "The target is too long.\n"),
        BadHead::FieldsTooLarge => {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The header is too large.\n")
        }
        BadHead::Version => (
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "Only HTTP/1.0 and HTTP/1.1 are spoken here.\n",
        ),
        _ => (StatusCode::BAD_REQUEST, "The request cannot be understood.\n"),
    };
    Answer::refusal(status, words, &policy.cache_name)
}

/// The answer to a head that did not come in time (RFC 9110 §15.5.9).
#[must_use]
pub fn too_slow<H>(policy: &Policy) -> Answer<'_, H> {
    let words = "The request did not come in time.\n";
    Answer::refusal(StatusCode::REQUEST_TIMEOUT, words, &policy.cache_name)
}
