//! One filter: a field, how it is compared, with what.

use super::{BadQuery, Lookup, MAX_FILTERS, MAX_VALUES};
use crate::schema::{Field, Kind, Shape, in_words};
use serde_json::Value;

/// A filter.
#[derive(Debug, Clone)]
pub struct Filter {
    /// What is compared.
    pub field: &'static Field,
    /// How.
    pub lookup: Lookup,
    /// With any of these.
    pub values: Vec<Value>,
}

/// Adds a parameter: to the filter that is there with the same name, or as another.
pub(super) fn add(
    kind: &'static Kind,
    filters: &mut Vec<Filter>,
    name: &str,
    text: &str,
) -> Result<(), BadQuery> {
    let (field, lookup) = known(kind, name)?;
    let value = read(field, lookup, text).map_err(|message| BadQuery::new(name, message))?;
    let is_full = filters.len() == MAX_FILTERS;
    let same = filters.iter_mut().find(|it| it.field.name == field.name && it.lookup == lookup);
    match same {
        Some(filter) if filter.values.len() < MAX_VALUES => filter.values.push(value),
        Some(_) => {
            return Err(BadQuery::new(name, format!("more than {MAX_VALUES} values")));
        }
        None if is_full => {
            return Err(BadQuery::new(name, format!("more than {MAX_FILTERS} filters")));
        }
        None => filters.push(Filter { field, lookup, values: vec![value] }),
    }
    Ok(())
}

fn known(kind: &'static Kind, name: &str) -> Result<(&'static Field, Lookup), BadQuery> {
    let (field_name, suffix) = match name.split_once("__") {
        Some((field, suffix)) => (field, Some(suffix)),
        None => (name, None),
    };
    let field = kind.field(field_name);
    let field = field.ok_or_else(|| BadQuery::new(name, kind.no_field(field_name)))?;
    let lookup = suffix.map_or(Some(Lookup::Is), Lookup::of);
    match lookup.filter(|it| Lookup::all_of(field).any(|other| other == *it)) {
        Some(lookup) => Ok((field, lookup)),
        None => Err(BadQuery::new(name, format!("is no filter; there are {}", names(field)))),
    }
}

/// What can be asked of a field.
fn names(field: &Field) -> String {
    Lookup::all_of(field).map(|it| it.of_field(field)).collect::<Vec<_>>().join(", ")
}

/// A part of a text is any text; all else is what could stand in the field.
fn read(field: &Field, lookup: Lookup, text: &str) -> Result<Value, String> {
    let shape = match lookup {
        Lookup::Empty => Shape::Flag,
        // Of a list one is asked for.
        _ if matches!(field.shape, Shape::Tags) => Shape::Name,
        Lookup::Is
        | Lookup::IsNot
        | Lookup::Above
        | Lookup::AtLeast
        | Lookup::Below
        | Lookup::AtMost => field.shape,
        _ if text.contains('\0') || text.len() > 1000 => {
            return Err("expected up to 1000 octets of text".to_owned());
        }
        _ => return Ok(Value::from(text)),
    };
    shape.parse(text).map_err(|wrong| in_words(&wrong))
}
