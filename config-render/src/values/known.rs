//! Which settings there are: those that are shipped, with what they usually are. A name that nobody reads is a
//! slip, and is told with the one that was meant.

use super::{Layer, Rank};
use inventory::rules::settings::{is_secret, leaves};
use serde_json::Value;
use std::sync::Arc;

/// Below this everything may stand: for templates of the operator's own.
const OWN: &str = "custom";

const SHIPPED: &str = include_str!("../shipped/settings.yaml");

/// What is shipped.
#[derive(Debug, Clone)]
pub struct Known {
    shipped: Arc<Layer>,
}

/// A setting that there is not, or not like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Unknown {
    /// The names that lead to it.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl Known {
    /// What is shipped with this version.
    ///
    /// # Errors
    /// Where that is no YAML: a fault of ours, that a test would have seen.
    pub fn shipped() -> Result<Self, serde_yaml::Error> {
        let data = serde_yaml::from_str(SHIPPED)?;
        let name = "settings.yaml".to_owned();
        let layer = Layer { rank: Rank::Shipped, name, expires_at_us: None, data };
        Ok(Self { shipped: Arc::new(layer) })
    }

    /// The same as it is written, with what is said of each.
    #[must_use]
    pub fn text() -> &'static str {
        SHIPPED
    }

    /// As the layer below all others.
    #[must_use]
    pub fn layer(&self) -> Arc<Layer> {
        Arc::clone(&self.shipped)
    }

    /// What of these settings there is not, or not like this.
    #[must_use]
    pub fn check(&self, data: &Value) -> Vec<Unknown> {
        let each = leaves(data).into_iter();
        each.filter_map(|(path, value)| {
            let message = self.wrong(&path, value)?;
            Some(Unknown { path, message })
        })
        .collect()
    }

    fn wrong(&self, path: &str, value: &Value) -> Option<String> {
        let mut known = &self.shipped.data;
        let mut names = path.split('.').peekable();
        if names.peek() == Some(&OWN) {
            return None;
        }
        for name in names {
            match known.as_object().map(|tree| tree.get(name)) {
                Some(Some(below)) => known = below,
                Some(None) => return Some(self.unknown(path)),
                None => return Some("there is nothing below that setting".to_owned()),
            }
        }
        let says_more = !(known.is_null() || known.as_array().is_some_and(Vec::is_empty));
        let example = if says_more { format!(", as in {known}") } else { String::new() };
        (!is_like(known, value)).then(|| format!("expected {}{example}", kind_of(known)))
    }

    fn unknown(&self, path: &str) -> String {
        let near = |(it, _): &(String, &Value)| (strsim::damerau_levenshtein(it, path), it.clone());
        let nearest = leaves(&self.shipped.data).iter().map(near).min();
        match nearest.filter(|(steps, _)| *steps <= 1 + path.len() / 4) {
            Some((_, it)) => format!("there is no such setting; did you mean {it}?"),
            None => format!(
                "there is no such setting: `fleet config settings` lists them; what templates of your own \
                 read stands below {OWN}"
            ),
        }
    }
}

/// Whether one could stand in the place of the other. Where nothing stands, anything but a tree may; a secret
/// may stand where text does.
fn is_like(known: &Value, value: &Value) -> bool {
    match (known, value) {
        (Value::Null, value) => !value.is_object() || is_secret(value),
        (Value::Object(tree), value) => {
            tree.is_empty() || value.as_object().is_some_and(|it| it.is_empty())
        }
        (Value::String(_), value) => value.is_string() || is_secret(value),
        (Value::Number(known), Value::Number(value)) => known.is_f64() || !value.is_f64(),
        (Value::Bool(_), Value::Bool(_)) | (Value::Array(_), Value::Array(_)) => true,
        _ => false,
    }
}

fn kind_of(known: &Value) -> &'static str {
    match known {
        Value::Null => "one value",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "names below it",
    }
}
