//! Interfaces of one device among each other, and cables between those of two.

use super::look::Look;
use super::{Touched, Wrong, text, those};
use crate::Complaint;
use crate::kinds::{INTERFACE, LINK};
use crate::rules::parents;
use crate::schema::Record;
use db::Error;
use std::collections::HashMap;

pub(super) async fn check<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    let mut wrong = Vec::new();
    let names = |field: &'static str| {
        those(touched, &INTERFACE).filter(move |(_, after)| !after.get(field).is_null())
    };
    let devices = names("lag").chain(names("parent")).filter_map(|(_, it)| text(it, "device"));
    let devices: Vec<&str> = devices.collect();
    if !devices.is_empty() {
        let all = look.whose(&INTERFACE, "device", devices).await?;
        let all = all.iter().map(|it| (INTERFACE.key(it), it)).collect();
        wrong.extend(names("lag").filter_map(|one| bundled(&all, one)));
        wrong.extend(names("parent").filter_map(|one| cut_out(&all, one)));
    }
    wrong.extend(bundles_no_more(look, touched).await?);
    wrong.extend(cables(look, touched).await?);
    Ok(wrong)
}

/// What others are a part of stays a bundle.
async fn bundles_no_more<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    let is_lag = |record: &Record| text(record, "type") == Some("lag");
    let changed: Vec<&Touched> = those(touched, &INTERFACE)
        .filter(|(it, after)| !is_lag(after) && it.before.as_ref().is_some_and(is_lag))
        .map(|(it, _)| it)
        .collect();
    let keys = changed.iter().map(|it| it.key.as_str());
    let parts = look.whose(&INTERFACE, "lag", keys.collect::<Vec<_>>()).await?;
    let parts: HashMap<&str, String> =
        parts.iter().filter_map(|part| Some((text(part, "lag")?, INTERFACE.key(part)))).collect();
    let lost = changed.into_iter().filter_map(|it| {
        let part = parts.get(it.key.as_str())?;
        Some((it, Complaint::new("type", format!("{part} is a part of it"))))
    });
    Ok(lost.collect())
}

type All<'b> = HashMap<String, &'b Record>;

/// A bundle is of the same device, and is one.
fn bundled<'a>(all: &All<'_>, (it, after): (&'a Touched, &'a Record)) -> Option<Wrong<'a>> {
    let lag = text(after, "lag")?;
    let message = match all.get(lag) {
        None => format!("{lag} is not of the same device"),
        Some(other) if text(other, "type") != Some("lag") => format!("{lag} is not of type lag"),
        Some(_) if lag == it.key => "it is no part of itself".to_owned(),
        Some(_) => return None,
    };
    Some((it, Complaint::new("lag", message)))
}

fn cut_out<'a>(all: &All<'_>, (it, after): (&'a Touched, &'a Record)) -> Option<Wrong<'a>> {
    let parent = text(after, "parent")?;
    if !all.contains_key(parent) {
        return Some((it, Complaint::new("parent", format!("{parent} is not of the same device"))));
    }
    let above = |key: &str| all.get(key).and_then(|it| text(it, "parent"));
    let circle = parents::check(&it.key, parent, above).err()?;
    Some((it, Complaint::new("parent", circle)))
}

/// Of each cable two ends, and of each interface one cable.
async fn cables<'a>(look: &mut Look<'_>, touched: &'a [Touched]) -> Result<Vec<Wrong<'a>>, Error> {
    let wanted: Vec<&str> =
        those(touched, &LINK).flat_map(|(_, it)| ends_of(it)).filter_map(|(_, end)| end).collect();
    let mut cables = look.whose(&LINK, "a", wanted.iter().copied()).await?;
    cables.extend(look.whose(&LINK, "b", wanted).await?);
    let mut by_end: HashMap<&str, Vec<String>> = HashMap::new();
    for cable in &cables {
        for (_, end) in ends_of(cable) {
            by_end.entry(end.unwrap_or_default()).or_default().push(LINK.key(cable));
        }
    }
    let mut wrong = Vec::new();
    for (it, link) in those(touched, &LINK) {
        for (field, end) in ends_of(link) {
            let there = end.and_then(|end| by_end.get(end)).into_iter().flatten();
            if let Some(other) = there.into_iter().find(|other| **other != it.key) {
                let message = format!("{} has a cable already: {other}", end.unwrap_or_default());
                wrong.push((it, Complaint::new(field, message)));
            }
        }
    }
    Ok(wrong)
}

fn ends_of(link: &Record) -> [(&'static str, Option<&str>); 2] {
    [("a", text(link, "a")), ("b", text(link, "b"))]
}
