//! A table: in its first line the names of fields, in each other one a record. What is empty is nothing.

use super::files::InFile;
use inventory::schema::{Field, Kind, in_words, one};
use serde_json::{Map, Value};

pub(super) fn read(kind: &'static Kind, text: &str) -> Result<Vec<InFile>, Vec<(u64, String)>> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|err| vec![broken(&err)])?.clone();
    let columns = header.iter().map(|name| column(kind, name)).collect::<Result<Vec<_>, _>>();
    let columns = columns.map_err(|what| vec![(1, what)])?;
    let (mut records, mut wrong) = (Vec::new(), Vec::new());
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(err) => {
                wrong.push(broken(&err));
                break;
            }
        };
        let line = row.position().map_or(0, ::csv::Position::line);
        let mut fields = Map::new();
        for (field, text) in columns.iter().zip(&row) {
            match cell(field, text) {
                Ok(value) => drop(fields.insert(field.name.to_owned(), value)),
                Err(what) => wrong.push((line, format!("column {}: {what}", field.name))),
            }
        }
        records.push((kind, fields, line));
    }
    if wrong.is_empty() { Ok(records) } else { Err(wrong) }
}

fn broken(err: &::csv::Error) -> (u64, String) {
    (err.position().map_or(0, ::csv::Position::line), err.to_string())
}

fn column(kind: &Kind, name: &str) -> Result<&'static Field, String> {
    let known = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    kind.written_fields().find(|field| field.name == known).ok_or_else(|| {
        let names: Vec<&str> = kind.written_fields().map(|field| field.name).collect();
        format!("column {name:?} is no field of {}; there are {}", one(kind.name), names.join(", "))
    })
}

fn cell(field: &Field, text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    field.shape.parse(text).map_err(|wrong| in_words(&wrong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use inventory::kinds::RACK;
    use serde_json::json;

    #[test]
    fn each_cell_is_what_may_stand_there() {
        let text = "site,Name,u-height,desc_units\na,r1,42,no\na,\"r, 2\",,\n";
        let read = read(&RACK, text).map_err(|wrong| format!("{wrong:?}")).expect("two");
        let fields: Vec<Value> = read.iter().map(|it| Value::Object(it.1.clone())).collect();
        assert_eq!(
            fields[0],
            json!({"site": "a", "name": "r1", "u_height": 42, "desc_units": false})
        );
        assert_eq!(
            fields[1],
            json!({"site": "a", "name": "r, 2", "u_height": null, "desc_units": null})
        );
        assert_eq!((read[0].2, read[1].2), (2, 3));
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let wrong = |text: &str| read(&RACK, text).expect_err("wrong");
        assert_eq!(
            wrong("site,name,u_height\na,r1,200\na,r2,x\n"),
            [
                (2, "column u_height: expected a whole number from 1 to 100".to_owned()),
                (3, "column u_height: expected a number, not \"x\"".to_owned()),
            ]
        );
        assert!(wrong("site,colour\na,red\n")[0].1.contains("there are site, name"));
        assert_eq!(wrong("site,name\na\n")[0].0, 2);
    }
}
