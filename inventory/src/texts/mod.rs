//! Parts of texts, found in memory.
//!
//! No index of a database knows what stands in the middle of a text on both of them; a table of half a million
//! parts is read through for it. What can be asked for so is kept here beside the tables, small
//! letters in one piece for each field, and brought up to date by the changes that were written down. Where a
//! question finds few records here, it asks the database for these by their keys; of many, for those of the page,
//! where nothing else says which these are. Of what is left the database has a page soon enough.
//!
//! Read in this order: `column` (the texts of a field), `table` (those of a kind), then [`Texts`].

mod column;
mod table;

use crate::query::{Filter, Lookup, Page, Query};
use crate::records::statements;
use crate::schema::{Kind, Shape};
use db::counters::{self, Counter};
use db::{Db, Error};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{HashMap, HashSet};
use table::Table;
use tokio::sync::{Mutex, MutexGuard};

/// Of more the database has a page without much looking.
const FEW: usize = 4000;

/// After more changes all is read again.
const MOST_CHANGES: i64 = 20_000;

/// The texts of all kinds, as far as somebody has asked for them.
#[derive(Debug, Default)]
pub struct Texts {
    tables: HashMap<&'static str, Mutex<Table>>,
}

impl Texts {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let table = |kind: &&'static Kind| (kind.name, Mutex::new(Table::new(names(kind))));
        Self { tables: crate::kinds::ALL.iter().map(table).collect() }
    }

    /// The same question; where few records have what it asks for, with their keys. And whether these are those
    /// of the page alone: a record that changes meanwhile may be missing there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn narrowed(
        &self,
        db: &Db,
        kind: &'static Kind,
        mut query: Query,
    ) -> Result<(Query, bool), Error> {
        let parts: Vec<&Filter> = query.filters.iter().filter(|it| is_part(it)).collect();
        let Some(table) = self.tables.get(kind.name).filter(|_| !parts.is_empty()) else {
            return Ok((query, false));
        };
        let mut table = table.lock().await;
        bring_up_to_date(db, kind, &mut table).await?;
        let mut found: Option<HashSet<u32>> = None;
        for filter in parts {
            let Some(own) = table.find(filter) else { continue };
            found = Some(match found {
                Some(before) => before.intersection(&own).copied().collect(),
                None => own,
            });
        }
        let Some(found) = found else { return Ok((query, false)) };
        let is_all = query.filters.iter().all(|filter| table.decides(filter));
        let is_page = is_all && query.sort.by.is_empty() && query.provider.is_none();
        let mut keys = match is_page || found.len() <= FEW {
            true => table.keys(&found),
            false => return Ok((query, false)),
        };
        let is_cut = is_page && cut(&mut keys, &query.page);
        query.keys = Some(keys.into_iter().map(str::to_owned).collect());
        Ok((query, is_cut))
    }
}

/// Leaves the keys of a page, and of one more, which says that there is another; says whether there were others.
fn cut(keys: &mut Vec<&str>, page: &Page) -> bool {
    keys.retain(|key| page.after.as_ref().is_none_or(|after| after.key.as_str() < *key));
    let (last, are_more) = (page.limit as usize, keys.len() > page.limit as usize + 1);
    if are_more {
        keys.select_nth_unstable(last);
        keys.truncate(last + 1);
    }
    are_more
}

/// The fields of a kind whose parts can be asked for; notes are too long to be kept twice.
fn names(kind: &Kind) -> Vec<&'static str> {
    let is_short = |shape: &Shape| {
        matches!(shape, Shape::Line | Shape::Label(_) | Shape::Name | Shape::Mac | Shape::Of(_))
    };
    let short = kind.fields.iter().filter(|field| is_short(&field.shape));
    short.map(|field| field.name).collect()
}

fn is_part(filter: &Filter) -> bool {
    matches!(filter.lookup, Lookup::Holds | Lookup::Begins | Lookup::Ends | Lookup::Same)
}

async fn bring_up_to_date(
    db: &Db,
    kind: &'static Kind,
    table: &mut MutexGuard<'_, Table>,
) -> Result<(), Error> {
    // First: what is changed meanwhile is read, or read again next time.
    let version = counters::value(db, Counter::Inventory).await?;
    if table.version == Some(version) {
        return Ok(());
    }
    let changed = match table.version {
        Some(from) => changed(db, kind, from, version).await?,
        None => None,
    };
    match changed.filter(|_| !table.is_mostly_gone()) {
        Some(keys) => {
            table.forget(&keys);
            read(db, kind, Some(&keys), table).await?;
        }
        None => {
            **table = Table::new(names(kind));
            read(db, kind, None, table).await?;
        }
    }
    table.version = Some(version);
    Ok(())
}

/// Keys that changes name; nothing where there are too many.
async fn changed(db: &Db, kind: &Kind, from: i64, to: i64) -> Result<Option<Vec<String>>, Error> {
    let text =
        "SELECT \"key\" FROM changes WHERE version > $1 AND version <= $2 AND kind = $3 LIMIT $4";
    let asked = sqlx::query(text).bind(from).bind(to).bind(kind.name).bind(MOST_CHANGES);
    let rows = asked.fetch_all(db.read()).await?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) >= MOST_CHANGES {
        return Ok(None);
    }
    let mut keys = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
    keys.sort_unstable();
    keys.dedup();
    Ok(Some(keys))
}

/// Reads those that have these keys, or all.
async fn read(
    db: &Db,
    kind: &Kind,
    keys: Option<&[String]>,
    table: &mut Table,
) -> Result<(), Error> {
    let names: Vec<&str> = names(kind);
    let columns = names.iter().filter_map(|name| Some(kind.column(kind.field(name)?)));
    let columns: Vec<String> = columns.map(|column| format!(", \"{column}\"")).collect();
    let mut text = format!("SELECT \"key\"{} FROM {}", columns.concat(), kind.table());
    if keys.is_some() {
        text += &format!(" WHERE {}", statements::is_one_of("key", db.engine()));
    }
    let mut asked = sqlx::query(AssertSqlSafe(text));
    if let Some(keys) = keys {
        asked = asked.bind(statements::together(keys.iter().map(String::as_str)));
    }
    for row in asked.fetch_all(db.read()).await? {
        let mut texts = Vec::with_capacity(names.len());
        for at in 0..names.len() {
            texts.push(row.try_get::<Option<String>, _>(at + 1)?);
        }
        table.add(row.try_get(0)?, &texts);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
