//! The published hours of the world: forty titles a week with hours viewed and running time.

use super::table::{self, BadLine, Fields, Why};
use crate::forecast::{Category, Observed, Title, Week};
use std::collections::BTreeMap;
use std::io::BufRead;

const COLUMNS: [&str; 7] = [
    "week",
    "category",
    "show_title",
    "season_title",
    "weekly_hours_viewed",
    "runtime",
    "cumulative_weeks_in_top_10",
];

/// The weeks of the file by date, numbered from 0.
///
/// # Errors
/// [`BadLine`], with its number.
pub fn parse(text: impl BufRead) -> Result<Vec<Week>, BadLine> {
    let mut weeks: BTreeMap<String, BTreeMap<Title, Observed>> = BTreeMap::new();
    table::read(text, COLUMNS, |fields| {
        let row = observed(fields)?;
        row.check()?;
        let week = weeks.entry(fields.date(0)?.to_owned()).or_default();
        match week.insert(row.title.clone(), row) {
            Some(twice) => Err(Why::Twice(twice.title.to_string())),
            None => Ok(()),
        }
    })?;
    let rows = weeks.into_values().map(|rows| rows.into_values().collect());
    Ok((0..).zip(rows).map(|(number, rows)| Week { number, rows }).collect())
}

fn observed(fields: &Fields<'_, 7>) -> Result<Observed, Why> {
    let category = Category::named(fields.text(1)).ok_or_else(|| fields.is_no(1, "category"))?;
    let (show, season) = (fields.text(2).into(), fields.text(3).into());
    Ok(Observed {
        title: Title { category, show, season },
        hours: fields.number(4)?,
        runtime_hours: runtime_hours(fields)?,
        weeks_listed: fields.number(6)?,
    })
}

/// Running times are published since June 2023; before that the field is empty.
fn runtime_hours(fields: &Fields<'_, 7>) -> Result<Option<f64>, Why> {
    match fields.text(5) {
        "" | "N/A" => Ok(None),
        _ => fields.number(5).map(Some),
    }
}
