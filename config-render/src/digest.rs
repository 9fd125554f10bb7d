//! What texts are known by.

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256 as `sha256sum` writes it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
