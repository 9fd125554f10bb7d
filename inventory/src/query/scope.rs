//! What a provider sees, as a condition: sites that name it, and what stands there.

use super::Condition;
use crate::kinds::kind as kind_of;
use crate::schema::{Column, Kind, Scope, Shape};
use serde_json::Value;

/// From an address to its provider it is four steps.
const DEEPEST: usize = 8;

impl Condition {
    /// What has to hold of what is seen. What leads nowhere is seen by nobody.
    pub(super) fn seen(&mut self, kind: &Kind, provider: &str, depth: usize) {
        match kind.scope {
            Scope::Itself => {
                let own = self.bind(Column::Text, Value::from(provider));
                self.text.push_str(&format!("\"key\" = {own}"));
            }
            Scope::Of(fields) if depth < DEEPEST => {
                for (at, name) in fields.iter().enumerate() {
                    let and = if at == 0 { "" } else { " AND " };
                    let other = kind.field(name).and_then(|field| match field.shape {
                        Shape::Of(other) => kind_of(other),
                        _ => None,
                    });
                    let Some(other) = other else { return self.text.push_str("1 = 0") };
                    let table = other.table();
                    self.text.push_str(&format!(
                        "{and}\"{name}\" IN (SELECT \"key\" FROM {table} WHERE "
                    ));
                    self.seen(other, provider, depth + 1);
                    self.text.push(')');
                }
            }
            Scope::NamedBy(other, field) if depth < DEEPEST => {
                let Some(other) = kind_of(other) else { return self.text.push_str("1 = 0") };
                let table = other.table();
                self.text.push_str(&format!("\"key\" IN (SELECT \"{field}\" FROM {table} WHERE "));
                self.seen(other, provider, depth + 1);
                self.text.push(')');
            }
            _ => self.text.push_str("1 = 0"),
        }
    }
}
