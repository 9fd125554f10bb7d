//! A record as it is told: its fields, its key, which version of it, and when it came and was changed.

use crate::api::Problem;
use crate::api::said::Path;
use axum::extract::FromRequestParts;
use http::request::Parts;
use inventory::records::Kept;
use inventory::schema::Kind;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// All of it, or the fields that somebody wants.
pub(super) fn told(kind: &Kind, kept: &Kept, some: Option<&[&str]>) -> Result<Value, Problem> {
    let is_wanted = |name: &str| some.is_none_or(|some| some.contains(&name));
    let mut all = Map::new();
    all.insert("key".to_owned(), Value::from(kind.key(&kept.record)));
    for field in kind.fields.iter().filter(|field| is_wanted(field.name)) {
        all.insert(field.name.to_owned(), kept.record.get(field.name).clone());
    }
    all.insert("version".to_owned(), Value::from(kept.version));
    all.insert("created_at".to_owned(), time(kept.created_at_us)?);
    all.insert("changed_at".to_owned(), time(kept.changed_at_us)?);
    Ok(Value::Object(all))
}

/// RFC 3339, as long as any other.
pub(super) fn time(at_us: i64) -> Result<Value, Problem> {
    let at = Timestamp::from_microsecond(at_us).map_err(Problem::internal)?;
    Ok(Value::from(format!("{at:.6}")))
}

/// The validator of a version (RFC 9110).
pub(super) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The key in a path: text, which no record is named by that holds a NUL.
pub(in crate::api) struct Key(pub(in crate::api) String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(key) = Path::<String>::from_request_parts(parts, state).await?;
        match key.contains('\0') {
            true => Err(Problem::new(404, "nothing has a NUL in its key")),
            false => Ok(Self(key)),
        }
    }
}

/// Several, in an object that can grow siblings.
pub(super) fn items(items: Vec<Value>) -> Value {
    json!({ "items": Value::Array(items) })
}
