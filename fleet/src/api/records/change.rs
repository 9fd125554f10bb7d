//! What a request that changes something says beside its body: who asks, why, whether it is only tried,
//! which version is meant, and whether it may have come before.

use super::read::pairs;
use crate::api::Problem;
use crate::api::caller::Operator;
use crate::server::App;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header;
use http::request::Parts;
use inventory::changes::Author;
use inventory::schema::{Shape, in_words};
use std::sync::Arc;

pub(super) const MAX_ID_CHARS: usize = 128;

/// What is said beside the body.
pub(in crate::api) struct Change {
    pub(super) author: Author,
    /// It is looked at whether it could be, and nothing is changed.
    pub(super) is_dry_run: bool,
    /// The version that is meant, where one is.
    pub(super) version: Option<i64>,
    /// What the request is called by whoever may send it again.
    pub(super) once: Option<String>,
}

impl Change {
    /// Who changes something that is changed at once, whoever sends it again.
    pub(in crate::api) fn plain(self) -> Result<Author, Problem> {
        match self.is_dry_run || self.version.is_some() || self.once.is_some() {
            true => Err(Problem::new(400, "there is no dry_run, If-Match or Idempotency-Key here")),
            false => Ok(self.author),
        }
    }
}

impl FromRequestParts<Arc<App>> for Change {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Operator(caller) = Operator::from_request_parts(parts, app).await?;
        let (mut message, mut is_dry_run) = (None, false);
        for (name, value) in pairs(parts.uri.query())? {
            match (&*name, &*value) {
                ("message", _) => message = Some(read_message(&value)?),
                ("dry_run", "true") => is_dry_run = true,
                ("dry_run", "false") => is_dry_run = false,
                ("dry_run", _) => return Err(Problem::new(400, "dry_run: expected true or false")),
                _ => {
                    let name: String = name.chars().take(80).collect();
                    let says = format!("{name}: there is message and dry_run here");
                    return Err(Problem::new(400, says));
                }
            }
        }
        let request_id = id(&parts.headers, "x-request-id")?;
        let request_id = request_id.unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
        Ok(Self {
            author: Author { who: caller.name.to_string(), request_id, message },
            is_dry_run,
            version: if_match(&parts.headers)?,
            once: id(&parts.headers, "idempotency-key")?,
        })
    }
}

/// It may become the reason of a state, which is a line as any other.
fn read_message(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    match Shape::Line.parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(wrong) => Err(Problem::new(400, format!("message: {}", in_words(&wrong)))),
    }
}

/// What somebody calls something of his.
fn id(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().ok().map(|text| text.trim_matches('"'));
    let is_fine = |text: &&str| {
        (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
    };
    match text.filter(is_fine) {
        Some(text) => Ok(Some(text.to_owned())),
        None => {
            let says = format!("{name}: expected 1 to {MAX_ID_CHARS} printable ASCII characters");
            Err(Problem::new(400, says))
        }
    }
}

/// One version, or any that there is.
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match version.and_then(|version| version.parse().ok()) {
        Some(version) => Ok(Some(version)),
        // No record ever had such a tag.
        None => Err(Problem::new(412, "If-Match: expected the ETag of an answer, such as \"17\"")),
    }
}
