//! What has to hold between records, looked at once, when all that a request changes is changed: in the
//! middle of it a device may stand where another has not left yet.

mod addresses;
mod components;
mod contexts;
mod devices;
mod groups;
mod interfaces;
mod look;
mod places;
mod racks;

use crate::Complaint;
use crate::schema::{Kind, Record};
use db::Error;
use serde_json::Value;

pub(super) use look::{At, Look};

/// A record that a request changes.
#[derive(Debug)]
pub(super) struct Touched {
    pub(super) kind: &'static Kind,
    /// Its place, where it is one of several that are changed together.
    pub(super) at: Option<usize>,
    pub(super) key: String,
    pub(super) before: Option<Record>,
    pub(super) after: Option<Record>,
}

/// What is wrong with one of them.
pub(super) type Wrong<'a> = (&'a Touched, Complaint);

/// All that is wrong.
pub(super) async fn settle<'a>(
    at: At<'_>,
    touched: &'a [Touched],
    message: Option<&str>,
    now_us: i64,
) -> Result<Vec<Wrong<'a>>, Error> {
    let mut look = Look::new(at);
    let mut wrong = places::check(&mut look, touched).await?;
    wrong.extend(racks::check(&mut look, touched).await?);
    wrong.extend(devices::check(&mut look, touched, message).await?);
    wrong.extend(components::check(touched));
    wrong.extend(interfaces::check(&mut look, touched).await?);
    wrong.extend(addresses::check(&mut look, touched).await?);
    wrong.extend(groups::check(&mut look, touched).await?);
    wrong.extend(contexts::check(&mut look, touched, now_us).await?);
    Ok(wrong)
}

/// Those of a kind.
fn all_of<'a>(touched: &'a [Touched], kind: &'static Kind) -> impl Iterator<Item = &'a Touched> {
    touched.iter().filter(move |it| std::ptr::eq(it.kind, kind))
}

/// Those of a kind that are there afterwards.
fn those<'a>(
    touched: &'a [Touched],
    kind: &'static Kind,
) -> impl Iterator<Item = (&'a Touched, &'a Record)> {
    all_of(touched, kind).filter_map(|it| Some((it, it.after.as_ref()?)))
}

/// Whether any of a kind is touched.
fn has(touched: &[Touched], kind: &'static Kind) -> bool {
    all_of(touched, kind).next().is_some()
}

fn text<'a>(record: &'a Record, field: &str) -> Option<&'a str> {
    record.get(field).as_str()
}

fn flag(record: &Record, field: &str) -> bool {
    record.get(field) == &Value::Bool(true)
}
