//! What was changed: by whom, when, why, from what to what. Nothing is forgotten, and what was can be
//! told from what is by going back through it.

use crate::schema::Record;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What was done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was not there before.
    Create,
    /// It was otherwise.
    Update,
    /// It is not there any more.
    Delete,
}

/// One record was changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place in the order of all changes.
    pub version: i64,
    /// Of which kind the record is.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// What was done.
    pub action: Action,
    /// What stood in the fields that are otherwise now; all of them where it was deleted.
    pub before: Map<String, Value>,
    /// What stands in them since; all of them where it was created.
    pub after: Map<String, Value>,
    /// By whom, with which request, why.
    pub author: Author,
    /// When, in microseconds.
    pub at_us: i64,
}

/// Who changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The person, or the program.
    pub who: String,
    /// The request: one for all that is changed together.
    pub request_id: String,
    /// Why, in his words.
    pub message: Option<String>,
}

impl Action {
    /// As it is kept, and told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// By what it is kept as.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete].into_iter().find(|it| it.as_str() == text)
    }
}

/// What was done to one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Whether it was there before, and is.
    pub action: Action,
    /// As in [`Change`].
    pub before: Map<String, Value>,
    /// The same.
    pub after: Map<String, Value>,
}

/// The fields that differ, as they were and as they are. Nothing where nothing does.
#[must_use]
pub fn difference(before: Option<&Record>, after: Option<&Record>) -> Option<Difference> {
    let told = |action, before, after| Some(Difference { action, before, after });
    match (before, after) {
        (None, None) => None,
        (None, Some(after)) => told(Action::Create, Map::new(), after.set()),
        (Some(before), None) => told(Action::Delete, before.set(), Map::new()),
        (Some(before), Some(after)) => {
            let differs = |name: &&String| before.get(name) != after.get(name);
            let names: Vec<&String> = after.fields().keys().filter(differs).collect();
            let of = |record: &Record| -> Map<String, Value> {
                names.iter().map(|name| ((*name).clone(), record.get(name).clone())).collect()
            };
            (!names.is_empty()).then(|| told(Action::Update, of(before), of(after))).flatten()
        }
    }
}

/// Records of a kind as fields, by key.
pub type Fields = BTreeMap<String, Map<String, Value>>;

/// Goes back in time: takes changes away from what there is, the newest first.
///
/// # Errors
/// When they are not what has led here.
pub fn rewind<'a>(
    now: &mut Fields,
    newest_first: impl IntoIterator<Item = &'a Change>,
) -> Result<(), String> {
    for change in newest_first {
        let key = &change.key;
        let unlike = || format!("change {} of {key} has not led to what there is", change.version);
        match change.action {
            Action::Create => drop(now.remove(key).ok_or_else(unlike)?),
            Action::Delete => {
                if now.insert(key.clone(), change.before.clone()).is_some() {
                    return Err(unlike());
                }
            }
            Action::Update => {
                let fields = now.get_mut(key).ok_or_else(unlike)?;
                for (name, value) in &change.before {
                    if fields.get(name).unwrap_or(&Value::Null)
                        != change.after.get(name).unwrap_or(&Value::Null)
                    {
                        return Err(unlike());
                    }
                    match value {
                        Value::Null => drop(fields.remove(name)),
                        value => drop(fields.insert(name.clone(), value.clone())),
                    }
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
