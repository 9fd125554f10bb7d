//! In which order: by up to three fields, then by the key, so that there is no doubt.

use super::{BadQuery, SORT};
use crate::schema::{Field, Kind, Record, Shape};
use serde_json::Value;

const MOST: usize = 3;

/// An order. What is not there comes last, whichever way.
#[derive(Debug, Clone, Default)]
pub struct Sort {
    /// By which fields, and whether from the end.
    pub by: Vec<(&'static Field, bool)>,
}

impl std::fmt::Display for Sort {
    /// As it is asked for: `-status,name`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (field, is_from_end)) in self.by.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let minus = if *is_from_end { "-" } else { "" };
            write!(f, "{comma}{minus}{}", field.name)?;
        }
        Ok(())
    }
}

impl Sort {
    pub(super) fn read(kind: &'static Kind, text: &str) -> Result<Self, BadQuery> {
        let bad = |message: String| BadQuery::new(SORT, message);
        let one = |text: &str| {
            let text = text.trim();
            let (name, is_from_end) = match text.strip_prefix('-') {
                Some(name) => (name, true),
                None => (text, false),
            };
            let field = kind.field(name).ok_or_else(|| bad(kind.no_field(name)))?;
            match field.shape {
                Shape::Document(_) | Shape::Tags | Shape::Notes => {
                    Err(bad(format!("there is no order of {name}")))
                }
                _ => Ok((field, is_from_end)),
            }
        };
        let by = text.split(',').map(one).collect::<Result<Vec<_>, _>>()?;
        if by.len() > MOST {
            return Err(bad(format!("more than {MOST} fields")));
        }
        Ok(Self { by })
    }

    /// What a record is ordered by.
    #[must_use]
    pub fn values(&self, record: &Record) -> Vec<Value> {
        self.by.iter().map(|(field, _)| record.get(field.name).clone()).collect()
    }
}
