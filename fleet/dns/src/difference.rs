//! What is to be otherwise in a zone. Pure.

use hickory_proto::rr::{Name, Record, RecordType};
use std::collections::BTreeMap;

/// What is to be otherwise of one kind under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub name: Name,
    /// Of which kind.
    pub kind: RecordType,
    /// All that stands there, others' records among it.
    pub present: Vec<Record>,
    /// What is to go.
    pub remove: Vec<Record>,
    /// What is to come.
    pub add: Vec<Record>,
}

/// A name under which nothing else can stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is another name for something else (CNAME), which a name of a box cannot be: take that away first"
)]
pub struct Conflict(pub String);

type Sets<'a> = BTreeMap<(&'a Name, RecordType), (Vec<&'a Record>, Vec<&'a Record>)>;

/// What has to be changed for what is wanted to stand there, and nothing else of what is ours. Others'
/// records stay as they are.
///
/// # Errors
/// When a name is wanted that is an alias.
pub fn difference(
    present: &[Record],
    wanted: &[Record],
    is_ours: impl Fn(&Record) -> bool,
) -> Result<Vec<Difference>, Conflict> {
    let mut sets = Sets::new();
    for record in present {
        sets.entry((&record.name, record.record_type())).or_default().0.push(record);
    }
    for record in wanted {
        if sets.contains_key(&(&record.name, RecordType::CNAME)) {
            return Err(Conflict(record.name.to_ascii()));
        }
        sets.entry((&record.name, record.record_type())).or_default().1.push(record);
    }
    Ok(sets.into_iter().filter_map(|(of, set)| one(of, &set, &is_ours)).collect())
}

fn one(
    (name, kind): (&Name, RecordType),
    (present, wanted): &(Vec<&Record>, Vec<&Record>),
    is_ours: &impl Fn(&Record) -> bool,
) -> Option<Difference> {
    let ours: Vec<&Record> = present.iter().copied().filter(|it| is_ours(it)).collect();
    // All of a kind under one name live equally long; others say how long theirs do.
    let is_alone = ours.len() == present.len();
    let is_same = |a: &Record, b: &Record| a.data == b.data && (!is_alone || a.ttl == b.ttl);
    let is_in = |all: &[&Record], one: &Record| all.iter().any(|it| is_same(it, one));
    let stands = |one: &Record| present.iter().any(|it| is_same(it, one));
    let remove: Vec<Record> =
        ours.iter().filter(|it| !is_in(wanted, it)).map(|it| (*it).clone()).collect();
    let mut add: Vec<Record> =
        wanted.iter().filter(|it| !stands(it)).map(|it| (*it).clone()).collect();
    if let Some(others) = present.iter().find(|_| !is_alone) {
        add.iter_mut().for_each(|it| it.ttl = others.ttl);
    }
    let present = present.iter().map(|it| (*it).clone()).collect();
    let is_any = !remove.is_empty() || !add.is_empty();
    is_any.then(|| Difference { name: name.clone(), kind, present, remove, add })
}

#[cfg(test)]
mod tests;
