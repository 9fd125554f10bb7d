//! How what stands in a field stands in SQL: what both databases have.

use super::Shape;
use serde_json::Value;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// TEXT, compared by its bytes.
    Text,
    /// BIGINT: numbers, yes and no, points in time in microseconds.
    Integer,
    /// DOUBLE PRECISION.
    Decimal,
}

impl Column {
    /// As SQL has it.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Integer => "BIGINT",
            Self::Decimal => "DOUBLE PRECISION",
        }
    }
}

impl Shape {
    /// The type of its column.
    #[must_use]
    pub fn column(&self) -> Column {
        match self {
            Self::Integer(..) | Self::Flag | Self::Time => Column::Integer,
            Self::Decimal(..) | Self::Half(..) => Column::Decimal,
            _ => Column::Text,
        }
    }

    /// What is written there.
    #[must_use]
    pub fn to_column(&self, value: &Value) -> Value {
        match (self, value) {
            (_, Value::Null) => Value::Null,
            (Self::Flag, value) => Value::from(i64::from(value.as_bool() == Some(true))),
            (Self::Time, Value::String(text)) => {
                let at = text.parse::<jiff::Timestamp>();
                at.map_or(Value::Null, |at| Value::from(at.as_microsecond()))
            }
            (Self::Document(_) | Self::Tags, value) => Value::from(value.to_string()),
            (_, value) => value.clone(),
        }
    }

    /// What was written there; nothing where it was something else.
    #[must_use]
    pub fn from_column(&self, value: Value) -> Option<Value> {
        match (self, value) {
            (_, Value::Null) => Some(Value::Null),
            (Self::Flag, value) => Some(Value::Bool(value.as_i64()? != 0)),
            (Self::Time, value) => {
                let at = jiff::Timestamp::from_microsecond(value.as_i64()?).ok()?;
                Some(Value::from(at.to_string()))
            }
            (Self::Document(_) | Self::Tags, value) => serde_json::from_str(value.as_str()?).ok(),
            (_, value) => Some(value),
        }
    }
}
