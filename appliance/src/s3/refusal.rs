//! What a store says instead of an answer: a status, and a code in XML.

use fill::FetchFailed;
use fill::fetch::deepest;
use hyper::StatusCode;
use std::error::Error;

/// What a status and what was said with it mean.
pub(super) fn read(status: StatusCode, said: &[u8]) -> FetchFailed {
    let code = element(said, "Code");
    match (status, code.as_deref()) {
        // A bucket that is not there is a mistake in the content group, and no missing object.
        (_, Some("NoSuchBucket")) => {
            FetchFailed::Unusable("there is no such bucket: check the group's origin".to_owned())
        }
        (StatusCode::NOT_FOUND, _) => FetchFailed::NotThere,
        (StatusCode::PRECONDITION_FAILED, _) => FetchFailed::Changed,
        (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, _)
        | (_, Some("SlowDown")) => FetchFailed::SlowDown,
        (StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED, code) => {
            FetchFailed::Denied(advice(status, code))
        }
        // A wrong region, in most stores.
        (status, Some("AuthorizationHeaderMalformed" | "PermanentRedirect")) => {
            let what = format!("it answered {} to this region: check it", status.as_u16());
            FetchFailed::Denied(what)
        }
        (status, _) => FetchFailed::Status(status.as_u16()),
    }
}

/// What to check, by the code that a store gives (S3 API, «Error responses»).
fn advice(status: StatusCode, code: Option<&str>) -> String {
    let what = match code {
        Some("InvalidAccessKeyId") => "it knows no such access key: check its id",
        Some("SignatureDoesNotMatch") => {
            "the secret key is not the one of this access key: check it"
        }
        Some("RequestTimeTooSkewed") => "the clock of this box is wrong: set it",
        Some("ExpiredToken" | "InvalidToken") => "the session token is over: renew it",
        _ => "check the group's credentials, and what they may read of the bucket",
    };
    let status = status.as_u16();
    match code {
        Some(code) => format!("{status} {code}: {what}"),
        None => format!("{status}: {what}"),
    }
}

/// The text of the first such element, if it is a word: more is not needed, and not believed.
fn element(xml: &[u8], name: &str) -> Option<String> {
    let text = str::from_utf8(xml).ok()?;
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (word, _) = rest.split_once('<')?;
    let is_word = (1..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric());
    is_word.then(|| word.to_owned())
}

/// What we said ourselves, below what `object_store` made of it; else its innermost reason.
pub(super) fn of(err: &object_store::Error) -> FetchFailed {
    let mut at: Option<&(dyn Error + 'static)> = Some(err);
    while let Some(reason) = at {
        if let Some(failed) = reason.downcast_ref::<FetchFailed>() {
            return failed.clone();
        }
        at = reason.source();
    }
    match err {
        object_store::Error::NotFound { .. } => FetchFailed::NotThere,
        _ => FetchFailed::Connection(deepest(err)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(status: u16, code: &str) -> FetchFailed {
        let xml = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
        read(StatusCode::from_u16(status).expect("a status"), xml.as_bytes())
    }

    #[test]
    fn each_refusal_says_what_to_check() {
        assert_eq!(refused(404, "NoSuchKey"), FetchFailed::NotThere);
        assert_eq!(refused(412, "PreconditionFailed"), FetchFailed::Changed);
        assert_eq!(refused(503, "SlowDown"), FetchFailed::SlowDown);
        assert_eq!(refused(500, "InternalError"), FetchFailed::Status(500));
        for (status, code, word) in [
            (404, "NoSuchBucket", "bucket"),
            (403, "InvalidAccessKeyId", "id"),
            (403, "SignatureDoesNotMatch", "secret key"),
            (403, "RequestTimeTooSkewed", "clock"),
            (403, "AccessDenied", "may read"),
            (400, "AuthorizationHeaderMalformed", "region"),
        ] {
            let said = refused(status, code).to_string();
            assert!(said.contains(word), "{said}");
        }
        let said = read(StatusCode::FORBIDDEN, b"").to_string();
        assert_eq!(
            said,
            "it denies access: 403: check the group's credentials, and what they may read of the bucket"
        );
    }

    proptest! {
        #[test]
        fn whatever_a_store_says_is_read(status in 100_u16..600, said: Vec<u8>, code: String) {
            let status = StatusCode::from_u16(status).expect("a status");
            read(status, &said);
            let told = read(status, format!("<Code>{code}</Code>").as_bytes()).to_string();
            prop_assert!(told.len() < 300, "{}", told);
        }
    }
}
