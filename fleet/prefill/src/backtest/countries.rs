//! The published lists of countries: ten films and ten seasons each, by rank.

use super::table::{self, BadLine, Fields, Why};
use crate::forecast::country::{Format, Listed, ListsWeek};
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

const COLUMNS: [&str; 7] = [
    "week",
    "country_iso2",
    "category",
    "weekly_rank",
    "show_title",
    "season_title",
    "cumulative_weeks_in_top_10",
];

type Key = (String, String, String, String);

/// The weeks of the file by date, numbered from 0.
///
/// # Errors
/// [`BadLine`], with its number.
pub fn parse(text: impl BufRead) -> Result<Vec<ListsWeek>, BadLine> {
    let mut weeks: BTreeMap<String, (BTreeSet<Key>, Vec<Listed>)> = BTreeMap::new();
    table::read(text, COLUMNS, |fields| {
        let row = listed(fields)?;
        row.check()?;
        let (keys, rows) = weeks.entry(fields.date(0)?.to_owned()).or_default();
        if !keys.insert([1, 2, 4, 5].map(|at| fields.text(at).to_owned()).into()) {
            return Err(Why::Twice(format!("{} in {}", row.show, row.country)));
        }
        rows.push(row);
        Ok(())
    })?;
    let rows = weeks.into_values().map(|(_, rows)| rows);
    Ok((0..).zip(rows).map(|(number, rows)| ListsWeek { number, rows }).collect())
}

fn listed(fields: &Fields<'_, 7>) -> Result<Listed, Why> {
    let format = match fields.text(2) {
        "Films" => Format::Films,
        "TV" => Format::Tv,
        _ => return Err(fields.is_no(2, "category")),
    };
    Ok(Listed {
        country: fields.text(1).into(),
        format,
        show: fields.text(4).into(),
        season: fields.text(5).into(),
        rank: fields.number(3)?,
        weeks_listed: fields.number(6)?,
    })
}
