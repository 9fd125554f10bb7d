//! A question as a condition in SQL, the same for both databases. Names of columns are those of fields,
//! which are declared; all that somebody else has written is bound.

use super::{Cursor, Filter, Lookup, Query, Sort};
use crate::schema::{Column, Field, Kind, Shape};
use db::BYTEWISE;
use serde_json::Value;

/// What follows `WHERE`, and what it binds, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Condition {
    /// With `$1`, `$2`, ….
    pub text: String,
    /// What they are, and of which type.
    pub binds: Vec<(Column, Value)>,
}

impl Query {
    /// What a record has to be to be told.
    #[must_use]
    pub fn condition(&self, kind: &Kind) -> Condition {
        let mut made = Condition { text: "1 = 1".to_owned(), binds: Vec::new() };
        for filter in &self.filters {
            made.text.push_str(" AND ");
            made.filter(kind, filter);
        }
        if let Some(keys) = &self.keys {
            made.text.push_str(" AND ");
            made.one_of(keys);
        }
        if let Some(provider) = &self.provider {
            made.text.push_str(" AND ");
            made.seen(kind, provider, 0);
        }
        if let Some(after) = &self.page.after {
            made.text.push_str(" AND ");
            made.after(kind, &self.sort, after);
        }
        made
    }

    /// What follows `ORDER BY`.
    #[must_use]
    pub fn order(&self, kind: &Kind) -> String {
        let mut text = String::new();
        for (field, is_from_end) in &self.sort.by {
            let way = if *is_from_end { "DESC" } else { "ASC" };
            text += &format!("{} {way} NULLS LAST, ", quoted(kind, field));
        }
        text + "\"key\" ASC"
    }
}

impl Condition {
    pub(super) fn bind(&mut self, column: Column, value: Value) -> String {
        self.binds.push((column, value));
        format!("${}", self.binds.len())
    }

    fn one_of(&mut self, keys: &[String]) {
        let binds = keys.iter().map(|key| self.bind(Column::Text, Value::from(key.as_str())));
        let binds: Vec<String> = binds.collect();
        self.text += &match binds.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("\"key\" IN ({})", binds.join(", ")),
        };
    }

    /// What is compared with a field.
    fn bind_as(&mut self, field: &Field, value: &Value) -> String {
        self.bind(field.shape.column(), field.shape.to_column(value))
    }

    fn filter(&mut self, kind: &Kind, filter: &Filter) {
        let column = quoted(kind, filter.field);
        if filter.lookup == Lookup::Empty {
            return self.empty(&column, &filter.values);
        }
        let (lookup, is_negative) = match filter.lookup.positive() {
            Some(positive) => (positive, true),
            None => (filter.lookup, false),
        };
        let each: Vec<String> = filter
            .values
            .iter()
            .map(|value| self.compare(filter.field, &column, lookup, value))
            .collect();
        let any = each.join(" OR ");
        let text = match is_negative {
            true => format!("({column} IS NULL OR NOT ({any}))"),
            false => format!("({any})"),
        };
        self.text.push_str(&text);
    }

    fn empty(&mut self, column: &str, values: &[Value]) {
        let is_asked = |wanted: bool| values.iter().any(|value| value.as_bool() == Some(wanted));
        let text = match (is_asked(true), is_asked(false)) {
            (true, false) => format!("({column} IS NULL)"),
            (false, true) => format!("({column} IS NOT NULL)"),
            _ => "1 = 1".to_owned(),
        };
        self.text.push_str(&text);
    }

    fn compare(&mut self, field: &Field, column: &str, lookup: Lookup, value: &Value) -> String {
        let pattern = |before: &str, after: &str| {
            let text = escaped(value.as_str().unwrap_or_default());
            Value::from(format!("{before}{}{after}", text.to_ascii_lowercase()))
        };
        if let (Shape::Tags, Some(tag)) = (field.shape, value.as_str()) {
            let bound = self.bind(Column::Text, Value::from(holding_tag(tag)));
            return format!("{column} LIKE {bound}");
        }
        let operator = match lookup {
            Lookup::Above => ">",
            Lookup::AtLeast => ">=",
            Lookup::Below => "<",
            Lookup::AtMost => "<=",
            Lookup::Holds => return self.like(column, pattern("%", "%")),
            Lookup::Begins => return self.like(column, pattern("", "%")),
            Lookup::Ends => return self.like(column, pattern("%", "")),
            Lookup::Same => return self.like(column, pattern("", "")),
            _ => "=",
        };
        format!("{column} {operator} {}", self.bind_as(field, value))
    }

    /// Without the collation PostgreSQL's LOWER would know more letters than SQLite's.
    fn like(&mut self, column: &str, pattern: Value) -> String {
        let bound = self.bind(Column::Text, pattern);
        format!("LOWER({column}{BYTEWISE}) LIKE {bound} ESCAPE '\\'")
    }

    /// Those that come after a record in this order.
    fn after(&mut self, kind: &Kind, sort: &Sort, cursor: &Cursor) {
        let mut close = String::new();
        self.text.push('(');
        for ((field, is_from_end), value) in sort.by.iter().zip(&cursor.values) {
            let (beyond, same) = self.beyond(kind, field, *is_from_end, value);
            self.text += &format!("{beyond} OR ({same} AND (");
            close.push_str("))");
        }
        let key = self.bind(Column::Text, Value::from(cursor.key.as_str()));
        self.text += &format!("\"key\" > {key}{close})");
    }

    /// Whether a field comes after a value, and whether it is the same.
    fn beyond(
        &mut self,
        kind: &Kind,
        field: &Field,
        is_from_end: bool,
        value: &Value,
    ) -> (String, String) {
        let column = quoted(kind, field);
        if value.is_null() {
            return ("1 = 0".to_owned(), format!("{column} IS NULL"));
        }
        let operator = if is_from_end { '<' } else { '>' };
        let beyond = self.bind_as(field, value);
        let beyond = format!("({column} {operator} {beyond} OR {column} IS NULL)");
        let same = self.bind_as(field, value);
        (beyond, format!("{column} = {same}"))
    }
}

/// What a list with a tag looks like. Names of tags hold nothing that LIKE takes for itself.
pub(crate) fn holding_tag(tag: &str) -> String {
    format!("%\"{tag}\"%")
}

fn quoted(kind: &Kind, field: &Field) -> String {
    format!("\"{}\"", kind.column(field))
}

/// What LIKE takes for itself.
fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for it in text.chars() {
        if matches!(it, '\\' | '%' | '_') {
            all.push('\\');
        }
        all.push(it);
    }
    all
}
