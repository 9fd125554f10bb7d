//! Settings beside one another: of what counts for as many devices, each is said once.

use super::look::Look;
use super::{Touched, Wrong, has, text, those};
use crate::Complaint;
use crate::kinds::{CONFIG_CONTEXT, NARROWED_BY};
use crate::rules::settings::{leaves, overlap};
use crate::schema::Record;
use db::Error;
use std::collections::BTreeMap;

/// For which devices one counts, and whether only until a time.
type Rank<'a> = ([Option<&'a str>; NARROWED_BY.len()], bool);

pub(super) async fn check<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
    now_us: i64,
) -> Result<Vec<Wrong<'a>>, Error> {
    if !has(touched, &CONFIG_CONTEXT) {
        return Ok(Vec::new());
    }
    let all = look.all(&CONFIG_CONTEXT).await?;
    let mut beside: BTreeMap<Rank<'_>, Vec<&Record>> = BTreeMap::new();
    for context in all.iter().filter(|it| !is_over(it, now_us)) {
        beside.entry(rank(context)).or_default().push(context);
    }
    let counts = |(_, context): &(&Touched, &Record)| !is_over(context, now_us);
    let twice = those(touched, &CONFIG_CONTEXT).filter(counts).filter_map(|(it, context)| {
        let others = beside.get(&rank(context))?;
        let mut others = others.iter().filter(|other| CONFIG_CONTEXT.key(other) != it.key);
        let message = others.find_map(|other| said_by(other, context))?;
        Some((it, Complaint::new("data", message)))
    });
    Ok(twice.collect())
}

fn rank(context: &Record) -> Rank<'_> {
    (NARROWED_BY.map(|field| text(context, field)), text(context, "expires").is_some())
}

/// Whether its time is over: it is in nobody's way.
fn is_over(context: &Record, now_us: i64) -> bool {
    let expires = text(context, "expires").and_then(|at| at.parse::<jiff::Timestamp>().ok());
    expires.is_some_and(|at| at.as_microsecond() <= now_us)
}

fn said_by(other: &Record, context: &Record) -> Option<String> {
    let theirs = leaves(other.get("data"));
    let (path, _) = leaves(context.get("data"))
        .into_iter()
        .find(|(path, _)| theirs.iter().any(|(other, _)| overlap(path, other)))?;
    let other = CONFIG_CONTEXT.key(other);
    Some(format!("{path} is set by config context {other}, for the same devices"))
}
