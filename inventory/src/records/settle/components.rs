//! Parts: what goes back to its maker, or to the scrap, has nothing of anybody's on it, and that was seen.

use super::{Touched, Wrong, text, those};
use crate::Complaint;
use crate::kinds::COMPONENT;
use crate::schema::Record;

/// States in which a part is not in the house any more.
const GONE: [&str; 2] = ["rma", "retired"];

pub(super) fn check(touched: &[Touched]) -> Vec<Wrong<'_>> {
    let leaves = |it: &Touched, after: &Record| {
        let is_gone = |record: &Record| text(record, "status").is_some_and(|it| GONE.contains(&it));
        it.before.as_ref().is_some_and(|before| !is_gone(before)) && is_gone(after)
    };
    let is_full =
        |disk: &Record| text(disk, "type") == Some("disk") && disk.get("erased_at").is_null();
    let leaving = those(touched, &COMPONENT);
    let leaving = leaving.filter(|(it, after)| leaves(it, after) && is_full(after));
    leaving.map(|(it, _)| (it, Complaint::new("status", not_seen(&it.key)))).collect()
}

fn not_seen(key: &str) -> String {
    format!("{key} was not seen to be empty (erased_at); it can wait on the shelf, as failed")
}
