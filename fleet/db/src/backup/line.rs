//! A line of a backup: the head, a table, a row, the end.

use super::{BackupError, broken};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Holds {
    Integer,
    Real,
    Text,
    Bytes,
}

/// What stands in a column of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// All lines but rows, which are lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Mark {
    /// By which schema the rows are.
    Backup { format: u32, schema: i64, made_at_us: i64 },
    /// The rows that follow are of this table.
    Table { name: String, columns: Vec<(String, Holds)> },
    /// How many rows there were, and the BLAKE3 of all lines before.
    End { rows: u64, blake3: String },
}

impl Cell {
    fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::from(*number),
            // As text it comes back to the last bit.
            Self::Real(number) => Value::from(format!("{number:?}")),
            Self::Text(text) => Value::from(text.as_str()),
            Self::Bytes(bytes) => Value::from(BASE64_STANDARD.encode(bytes)),
        }
    }

    fn read(holds: Holds, value: Value) -> Option<Self> {
        Some(match (holds, value) {
            (_, Value::Null) => Self::Null,
            (Holds::Integer, Value::Number(number)) => Self::Integer(number.as_i64()?),
            (Holds::Real, Value::String(text)) => Self::Real(text.parse().ok()?),
            (Holds::Text, Value::String(text)) => Self::Text(text),
            (Holds::Bytes, Value::String(text)) => Self::Bytes(BASE64_STANDARD.decode(text).ok()?),
            _ => return None,
        })
    }

    /// About as much memory as it takes.
    pub(super) fn size_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 8,
        }
    }
}

pub(super) fn row(cells: &[Cell]) -> String {
    Value::Array(cells.iter().map(Cell::value).collect()).to_string()
}

pub(super) fn is_row(line: &[u8]) -> bool {
    line.first() == Some(&b'[')
}

pub(super) fn read_row(line: &[u8], columns: &[(String, Holds)]) -> Result<Vec<Cell>, BackupError> {
    let values: Vec<Value> = serde_json::from_slice(line).map_err(broken)?;
    if values.len() != columns.len() {
        return Err(broken("a row is not as wide as its table"));
    }
    let cell = |((name, holds), value): (&(String, Holds), Value)| {
        Cell::read(*holds, value).ok_or_else(|| broken(format!("{name} holds something else")))
    };
    columns.iter().zip(values).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(holds: Holds) -> BoxedStrategy<Cell> {
        let some = match holds {
            Holds::Integer => any::<i64>().prop_map(Cell::Integer).boxed(),
            Holds::Real => any::<f64>().prop_map(Cell::Real).boxed(),
            Holds::Text => any::<String>().prop_map(Cell::Text).boxed(),
            Holds::Bytes => any::<Vec<u8>>().prop_map(Cell::Bytes).boxed(),
        };
        prop_oneof![1 => Just(Cell::Null), 4 => some].boxed()
    }

    fn a_row() -> impl Strategy<Value = Vec<(Holds, Cell)>> {
        let holds = [Holds::Integer, Holds::Real, Holds::Text, Holds::Bytes];
        let one = prop::sample::select(holds.to_vec()).prop_flat_map(|it| (Just(it), cell(it)));
        prop::collection::vec(one, 0..8)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(cells in a_row()) {
            let columns: Vec<_> = cells.iter().map(|(holds, _)| (String::new(), *holds)).collect();
            let cells: Vec<Cell> = cells.into_iter().map(|(_, cell)| cell).collect();
            let line = row(&cells);
            prop_assert!(is_row(line.as_bytes()) && !line.contains('\n'), "{}", line);
            prop_assert_eq!(read_row(line.as_bytes(), &columns).expect("read"), cells);
        }

        #[test]
        fn nonsense_is_refused(line: Vec<u8>, text: String) {
            let columns = [("a".to_owned(), Holds::Integer), ("b".to_owned(), Holds::Bytes)];
            let _ = read_row(&line, &columns);
            let _ = read_row(text.as_bytes(), &columns);
            prop_assert!(serde_json::from_slice::<Mark>(&line).is_err());
        }
    }

    #[test]
    fn the_last_bit_of_numbers() {
        let columns = [("a".to_owned(), Holds::Integer), ("b".to_owned(), Holds::Real)];
        for (whole, real) in [(i64::MIN, f64::MIN_POSITIVE), (i64::MAX, 0.1 + 0.2), (0, -0.0)] {
            let cells = [Cell::Integer(whole), Cell::Real(real)];
            assert_eq!(read_row(row(&cells).as_bytes(), &columns).expect("read"), cells);
        }
        assert!(read_row(b"[9223372036854775808, null]", &columns).is_err());
        assert!(read_row(b"[1]", &columns).is_err());
    }
}
