//! Records of several kinds at once, in any order: what is not there is created, what is there becomes as
//! it is told.

use super::{Changing, Refused, Row, bulk};
use crate::kinds::ALL;
use crate::schema::{Kind, Need};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// They were not there.
    pub created: usize,
    /// They were otherwise.
    pub updated: usize,
    /// They were so already.
    pub unchanged: usize,
}

/// What somebody wants to be so, in his order.
pub type Wanted = (&'static Kind, Map<String, Value>);

impl Changing {
    /// Makes it so.
    ///
    /// # Errors
    /// [`Refused::Rows`], with all that is wrong with what is told, or else with all of the first kind.
    pub async fn apply(&mut self, wanted: &[Wanted]) -> Result<Applied, Refused> {
        let mut applied = Applied::default();
        let keys: Vec<Option<String>> =
            wanted.iter().map(|(kind, fields)| kind.told_key(fields)).collect();
        check_keys(wanted, &keys)?;
        for kind in ALL {
            let own = || {
                let all = wanted.iter().zip(&keys).enumerate();
                all.filter_map(|(at, ((of, fields), key))| {
                    std::ptr::eq(*of, kind).then_some((at, fields, key.as_deref()?))
                })
            };
            let named = own().map(|(_, _, key)| key);
            let there = bulk::existing(self.here(), kind, named).await?;
            self.create_new(kind, own(), &there).await?;
            applied.created += own().filter(|(_, _, key)| !there.contains(*key)).count();
            for (at, fields, key) in own().filter(|(_, _, key)| there.contains(*key)) {
                match self.change_to(at, (kind, key), fields).await? {
                    true => applied.updated += 1,
                    false => applied.unchanged += 1,
                }
            }
        }
        Ok(applied)
    }

    async fn create_new<'a>(
        &mut self,
        kind: &'static Kind,
        own: impl Iterator<Item = (usize, &'a Map<String, Value>, &'a str)>,
        there: &HashSet<String>,
    ) -> Result<(), Refused> {
        let new = own.filter(|(_, _, key)| !there.contains(*key));
        let new: Vec<_> = new.map(|(at, fields, _)| (at, fields)).collect();
        match new.is_empty() {
            true => Ok(()),
            false => self.create_some(kind, new).await.map(drop),
        }
    }

    /// Whether it was otherwise.
    async fn change_to(
        &mut self,
        at: usize,
        (kind, key): (&'static Kind, &str),
        fields: &Map<String, Value>,
    ) -> Result<bool, Refused> {
        let before = self.changed();
        match self.update_at(Some(at), (kind, key), fields, None).await {
            Ok(_) => Ok(self.changed() > before),
            Err(Refused::Invalid(complaints)) => {
                Err(Refused::Rows(vec![Row::new(kind, at, Some(key.to_owned()), complaints)]))
            }
            Err(err) => Err(err),
        }
    }
}

/// Each has a key, no two the same.
fn check_keys(wanted: &[Wanted], keys: &[Option<String>]) -> Result<(), Refused> {
    let (mut seen, mut wrong) = (HashSet::new(), Vec::new());
    for (at, ((kind, fields), key)) in wanted.iter().zip(keys).enumerate() {
        let is_ours = |(name, value): (&String, &Value)| {
            !value.is_null() && kind.field(name).is_some_and(|it| it.need == Need::Ours)
        };
        match key {
            None => {
                let complaints = kind.read(fields).err().unwrap_or_default();
                wrong.push(Row::misread(kind, at, fields, complaints));
            }
            Some(key) if !seen.insert((kind.name, key)) => {
                let (kind, key) = (kind.name, Some(key.clone()));
                wrong.push(Row { at, kind, key, is_duplicate: true, complaints: Vec::new() });
            }
            Some(_) if fields.iter().any(is_ours) => {
                let complaints = kind.read(fields).err().unwrap_or_default();
                wrong.push(Row::misread(kind, at, fields, complaints));
            }
            Some(_) => {}
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Rows(wrong)) }
}
