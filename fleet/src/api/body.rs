//! JSON bodies: bounded, of the right type, without unknown fields and without NUL.

use super::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::header;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A JSON body. Its type refuses unknown fields by itself.
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let is_json = content_type
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(Problem::new(415, "expected Content-Type: application/json"));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|err| Problem::new(err.status().as_u16(), err.body_text()))?;
        read(&bytes).map(Self)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // PostgreSQL keeps no NUL in text, and JSON can only write it as this escape.
    if bytes.windows(6).any(|window| window == b"\\u0000") {
        let value: Value = serde_json::from_slice(bytes).map_err(|err| bad(&err))?;
        if holds_nul(&value) {
            return Err(Problem::new(400, "a text in the body holds a NUL"));
        }
    }
    serde_json::from_slice(bytes).map_err(|err| bad(&err))
}

fn bad(err: &serde_json::Error) -> Problem {
    // Of the right syntax and the wrong meaning is 422, as for everything else.
    let status = if err.is_data() { 422 } else { 400 };
    Problem::new(status, format!("the body: {err}"))
}

/// serde_json bounds how deep a value is, so this ends.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_found_only_where_it_is() {
        assert!(read::<Value>(br#"{"a":["x\u0000"]}"#).is_err());
        assert!(read::<Value>(br#"{"\u0000":1}"#).is_err());
        assert!(read::<Value>(br#"{"a":"\\u0000"}"#).is_ok());
        assert_eq!(read::<Value>(b"{").expect_err("broken").status, 400);
        assert_eq!(read::<u8>(b"\"x\"").expect_err("a text").status, 422);
    }
}
