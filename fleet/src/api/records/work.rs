//! How it is done: in one transaction, all of it or nothing.

use super::refused::{add, at_row};
use super::told::{items, told};
use crate::api::Problem;
use crate::paths;
use inventory::kinds::{DIFFERENCE, IP_ADDRESS};
use inventory::records::{Answer, Applied, Changing, Refused, Wanted};
use inventory::schema::Kind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(super) type Fields = Map<String, Value>;

/// What is to be done.
#[derive(Serialize)]
pub(super) enum Work {
    Create(&'static Kind, Fields),
    CreateAll(&'static Kind, Vec<Fields>),
    Update(&'static Kind, String, Fields, Option<i64>),
    UpdateAll(&'static Kind, Vec<(String, Fields, Option<i64>)>),
    Delete(&'static Kind, String, Option<i64>),
    DeleteAll(&'static Kind, Vec<(String, Option<i64>)>),
    Apply(Vec<Wanted>),
    /// An address of a network.
    Allocate(String, Fields),
    /// What machines say where they differ.
    Accept(Vec<String>),
    Replace(&'static Kind, String, Replacement, Option<i64>),
}

/// What takes the place of a device or a part.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replacement {
    serial: String,
    /// What becomes of the old one.
    status: Option<String>,
}

impl Work {
    /// What tells it from other work.
    pub(super) fn digest(&self) -> Result<String, Problem> {
        let mut hasher = blake3::Hasher::new();
        serde_json::to_writer(&mut hasher, self).map_err(Problem::internal)?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// Whether it is about one record that there is, which may be meant in one version.
    pub(super) fn is_of_one(&self) -> bool {
        matches!(self, Self::Update(..) | Self::Delete(..) | Self::Replace(..))
    }

    /// Where that which it makes, if it makes one, is to be found.
    pub(super) fn place(&self, key: &str) -> Option<String> {
        match self {
            Self::Create(kind, _) => Some(paths::of_one(kind, key)),
            Self::Allocate(..) => Some(paths::of_one(&IP_ADDRESS, key)),
            _ => None,
        }
    }

    /// What is answered.
    pub(super) async fn carry_out(&self, changing: &mut Changing) -> Result<Answer, Problem> {
        let answer = |status: u16, body: Value| Answer { status, body: body.to_string() };
        let nothing = || Answer { status: 204, body: String::new() };
        Ok(match self {
            Self::Create(kind, one) => {
                let kept = changing.create(kind, one).await?;
                answer(201, told(kind, &kept, None)?)
            }
            Self::CreateAll(kind, all) => {
                let kept = changing.create_all(kind, all).await?;
                let kept: Result<Vec<_>, _> = kept.iter().map(|it| told(kind, it, None)).collect();
                answer(201, items(kept?))
            }
            Self::Update(kind, key, patch, version) => {
                let kept = changing.update(kind, key, patch, *version).await?;
                answer(200, told(kind, &kept, None)?)
            }
            Self::UpdateAll(kind, all) => {
                answer(200, items(update_each(kind, changing, all).await?))
            }
            Self::Apply(wanted) => {
                let Applied { created, updated, unchanged } = changing.apply(wanted).await?;
                let done = json!({"created": created, "updated": updated, "unchanged": unchanged});
                answer(200, done)
            }
            Self::Allocate(prefix, fields) => {
                let kept = changing.allocate(prefix, fields).await?;
                answer(201, told(&IP_ADDRESS, &kept, None)?)
            }
            Self::Accept(keys) => {
                accept_each(changing, keys).await?;
                answer(200, json!({"accepted": keys.len()}))
            }
            Self::Replace(kind, key, Replacement { serial, status }, version) => {
                let by = (serial.as_str(), status.as_deref());
                let kept = changing.replace((kind, key), by, *version).await?;
                answer(200, told(kind, &kept, None)?)
            }
            Self::Delete(kind, key, version) => {
                changing.delete(kind, key, *version).await?;
                nothing()
            }
            Self::DeleteAll(kind, all) => {
                delete_each(kind, changing, all).await?;
                nothing()
            }
        })
    }
}

/// All of them; what is wrong with any.
async fn update_each(
    kind: &'static Kind,
    changing: &mut Changing,
    all: &[(String, Fields, Option<i64>)],
) -> Result<Vec<Value>, Problem> {
    let (mut kept, mut wrong) = (Vec::new(), None);
    for (at, (key, patch, version)) in all.iter().enumerate() {
        let at = (all.len() > 1).then_some(at);
        match changing.update_at(at, (kind, key), patch, *version).await {
            Ok(one) => kept.push(told(kind, &one, None)?),
            Err(Refused::Database(err)) => return Err(err.into()),
            Err(err) => add(&mut wrong, at_row(kind, at, key, err)),
        }
    }
    wrong.map_or(Ok(kept), Err)
}

/// All of them; what is wrong with any.
async fn accept_each(changing: &mut Changing, keys: &[String]) -> Result<(), Problem> {
    let mut wrong = None;
    for (at, key) in keys.iter().enumerate() {
        let at = (keys.len() > 1).then_some(at);
        match changing.accept(key).await {
            Ok(()) => {}
            Err(Refused::Database(err)) => return Err(err.into()),
            Err(err) => add(&mut wrong, at_row(&DIFFERENCE, at, key, err)),
        }
    }
    wrong.map_or(Ok(()), Err)
}

/// All of them, whatever names what of them.
async fn delete_each(
    kind: &'static Kind,
    changing: &mut Changing,
    all: &[(String, Option<i64>)],
) -> Result<(), Problem> {
    let mut left: Vec<_> = all.iter().enumerate().collect();
    loop {
        let (before, mut wrong, mut again, mut is_final) = (left.len(), None, Vec::new(), false);
        for (at, one) in left {
            let (key, version) = one;
            let place = (all.len() > 1).then_some(at);
            match changing.delete_at(place, (kind, key), *version).await {
                Ok(()) => {}
                Err(Refused::Database(err)) => return Err(err.into()),
                Err(err) => {
                    // Who names it may go after it.
                    match err {
                        Refused::InUse { .. } => again.push((at, one)),
                        _ => is_final = true,
                    }
                    add(&mut wrong, at_row(kind, place, key, err));
                }
            }
        }
        match wrong {
            None => return Ok(()),
            Some(problem) if is_final || again.len() == before => return Err(problem),
            Some(_) => left = again,
        }
    }
}
