//! Which part of what was found: so many, after one.

use super::{BadQuery, CURSOR, LIMIT, Sort};
use crate::schema::{Kind, Record};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

/// The most of one page.
pub const MAX_PAGE: u32 = 1000;

/// Where nobody says how many.
pub(super) const USUAL: u32 = 100;

const MAX_CURSOR_CHARS: usize = 4096;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// Those that come after this; the first ones where there is none.
    pub after: Option<Cursor>,
}

/// The last record of the page before: what it was ordered by, so that nothing is told twice or left
/// out because others have come or gone meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// What it was ordered by.
    pub values: Vec<Value>,
    /// Its key.
    pub key: String,
}

pub(super) fn limit(text: &str) -> Result<u32, BadQuery> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
    limit.ok_or_else(|| BadQuery::new(LIMIT, format!("expected 1 to {MAX_PAGE}")))
}

impl Cursor {
    /// Of the last record of a page.
    #[must_use]
    pub fn of(kind: &Kind, sort: &Sort, record: &Record) -> Self {
        Self { values: sort.values(record), key: kind.key(record) }
    }

    /// As it is handed out: nobody is to make sense of it.
    #[must_use]
    pub fn token(&self, kind: &Kind, sort: &Sort) -> String {
        let whole = json!([kind.name, sort.to_string(), self.values, self.key]);
        BASE64URL.encode(whole.to_string())
    }

    pub(super) fn read(text: &str, kind: &Kind, sort: &Sort) -> Result<Self, BadQuery> {
        let bad = |message: &str| BadQuery::new(CURSOR, message);
        let json = Some(text).filter(|text| text.len() <= MAX_CURSOR_CHARS);
        let json = json.and_then(|text| BASE64URL.decode(text).ok());
        let parts: Option<(String, String, Vec<Value>, String)> =
            json.and_then(|json| serde_json::from_slice(&json).ok());
        let Some((of, order, values, key)) = parts else {
            return Err(bad("is none that was handed out: begin without one"));
        };
        if of != kind.name || order != sort.to_string() || values.len() != sort.by.len() {
            return Err(bad("is of another question: ask the same one, or begin without it"));
        }
        let fits = sort.by.iter().zip(&values).all(|((field, _), value)| {
            value.is_null() || field.shape.read(value).as_ref() == Ok(value)
        });
        if fits && !key.contains('\0') {
            Ok(Self { values, key })
        } else {
            Err(bad("is none that was handed out"))
        }
    }
}
