//! Of content groups: their store, and who may read them in a browser.

use super::{kept, typed};
use crate::S3Origin;
use crate::schema::{Document, Wrong};
use serde_json::Value;

/// The store of a bucket.
pub(crate) static S3_ORIGIN: Document =
    Document { name: "{endpoint, region, style, credentials}", read: s3_origin };

/// Pages that may read it.
pub(crate) static WEB_ORIGINS: Document = Document {
    name: "a list such as [\"https://www.example.org\"], or [\"*\"]",
    read: web_origins,
};

const MOST: usize = 1000;

fn s3_origin(value: &Value) -> Result<Value, Wrong> {
    kept(&typed::<S3Origin>(value)?)
}

fn web_origins(value: &Value) -> Result<Value, Wrong> {
    let all: Vec<String> = typed(value)?;
    match all.len() <= MOST {
        true => kept(&all),
        false => Err(vec![(String::new(), format!("expected at most {MOST}"))]),
    }
}
