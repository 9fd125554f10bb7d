//! What layers come to, and who has said what of it.

use super::{Layer, Rank};
use inventory::rules::settings::{is_secret, leaves, overlap};
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The settings of one device.
#[derive(Debug, Clone)]
pub struct Settings {
    tree: Value,
    /// What counts more stands later.
    layers: Vec<Arc<Layer>>,
}

/// Who has said a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// For how many devices.
    pub rank: Rank,
    /// By which config context; of what is shipped, the file.
    pub by: String,
    /// Until when, where it does not count for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at_us: Option<i64>,
    /// What.
    pub value: Value,
}

/// A setting, and all who have said something of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// The names that lead to it.
    pub path: String,
    /// What counts.
    pub value: Value,
    /// Who says it: first what counts, then what would if that were not said.
    pub said: Vec<Said>,
}

impl Settings {
    /// What layers come to, the later over the earlier: trees are laid over one another name by name, all
    /// else stands in the place of what stood there.
    #[must_use]
    pub fn of(layers: Vec<Arc<Layer>>) -> Self {
        let mut tree = Value::Object(Map::new());
        for layer in &layers {
            lay(&mut tree, &layer.data);
        }
        Self { tree, layers }
    }

    /// All of them.
    #[must_use]
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// The config contexts that say something of it.
    #[must_use]
    pub fn contexts(&self) -> Vec<&str> {
        let said = self.layers.iter().filter(|layer| layer.rank != Rank::Shipped);
        said.map(|layer| layer.name.as_str()).collect()
    }

    /// One of them, or a tree of them.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        at(&self.tree, path)
    }

    /// Who has said what stands there; of a tree, each of its leaves. Nothing, where there is no such setting.
    #[must_use]
    pub fn explain(&self, path: &str) -> Vec<Explained> {
        let Some(value) = self.get(path) else { return Vec::new() };
        let below = leaves(value).into_iter();
        below.map(|(below, value)| self.explained(joined(path, &below), value)).collect()
    }

    /// Who has said the value of a leaf, or of what stands in it: `bgp.routes[0].to`.
    #[must_use]
    pub fn origin(&self, path: &str) -> Option<Said> {
        let path = path.split('[').next().unwrap_or_default();
        self.said(path).into_iter().next()
    }

    fn explained(&self, path: String, value: &Value) -> Explained {
        Explained { said: self.said(&path), value: value.clone(), path }
    }

    /// What counts comes first. What says something of the tree above has taken away what stood below.
    fn said(&self, path: &str) -> Vec<Said> {
        let layers = self.layers.iter().rev();
        let each = layers.filter_map(|layer| {
            let (_, value) = leaves(&layer.data).into_iter().find(|(it, _)| overlap(it, path))?;
            Some(Said {
                rank: layer.rank,
                by: layer.name.clone(),
                expires_at_us: layer.expires_at_us,
                value: at(&layer.data, path).unwrap_or(value).clone(),
            })
        });
        each.collect()
    }
}

fn joined(path: &str, below: &str) -> String {
    match (path, below) {
        ("", below) => below.to_owned(),
        (path, "") => path.to_owned(),
        (path, below) => format!("{path}.{below}"),
    }
}

fn at<'a>(tree: &'a Value, path: &str) -> Option<&'a Value> {
    let names = path.split('.').filter(|name| !name.is_empty());
    names.into_iter().try_fold(tree, |at, name| at.as_object()?.get(name))
}

fn is_tree(value: &Value) -> bool {
    value.is_object() && !is_secret(value)
}

fn lay(below: &mut Value, above: &Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                match below.get_mut(name) {
                    Some(under) if is_tree(under) && is_tree(value) => lay(under, value),
                    _ => drop(below.insert(name.clone(), value.clone())),
                }
            }
        }
        (below, above) => *below = above.clone(),
    }
}
