//! Hashes of an object's slices, by the BLAKE3 of the object.

use crate::api::Problem;
use crate::server::App;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use contract::object::Digest;
use http::{HeaderMap, StatusCode, header};
use std::sync::Arc;

/// What leads to a hash never changes; boxes only, over mTLS.
const FOREVER: &str = "private, max-age=31536000, immutable";

pub(super) async fn get_slice_hashes(
    State(app): State<Arc<App>>,
    Path(blake3): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let blake3: Digest = blake3.parse().map_err(|err| Problem::new(400, err))?;
    let hashes = app.catalog.slice_hashes(&blake3).await?;
    let unknown = || Problem::new(404, format!("no slice hashes of {blake3}"));
    let hashes = hashes.ok_or_else(unknown)?;
    let etag = format!("\"{blake3}\"");
    let fields = [(header::ETAG, etag.clone()), (header::CACHE_CONTROL, FOREVER.to_owned())];
    if has(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, fields).into_response());
    }
    let content_type = [(header::CONTENT_TYPE, "application/octet-stream")];
    Ok((fields, content_type, hashes).into_response())
}

/// Whether the client has it already (RFC 9110 §13.1.2).
fn has(headers: &HeaderMap, etag: &str) -> bool {
    let fields = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = fields.filter_map(|field| field.to_str().ok()).flat_map(|it| it.split(','));
    tags.any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_a_list_and_weak_as_well() {
        let asks = |fields: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(header::IF_NONE_MATCH, field.parse().expect("a value"));
            }
            has(&headers, "\"ab\"")
        };
        assert!(asks(&["\"ab\""]) && asks(&["\"x\", W/\"ab\""]) && asks(&["\"x\"", "*"]));
        assert!(!asks(&[]) && !asks(&["\"abc\""]) && !asks(&["ab"]));
    }
}
