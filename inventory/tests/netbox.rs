//! Exports of two versions of NetBox become records that both databases take, twice.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use db::testing;
use inventory::changes::Author;
use inventory::kinds::{ALL, DEVICE};
use inventory::netbox::{Export, Imported, Roles, read};
use inventory::records::{self, Applied, Changing};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

fn export(version: &str) -> Export {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/netbox").join(version);
    let mut export = Export::default();
    for entry in std::fs::read_dir(folder).expect("fixtures") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        export.add(serde_json::from_str(&text).expect("JSON")).expect("of NetBox");
    }
    export
}

fn imported(version: &str) -> Imported {
    let roles = Roles::from([("core-router".to_owned(), "router".to_owned())]);
    read(&export(version), &roles)
}

/// Line by line, in the order of kinds.
fn told(imported: &Imported) -> String {
    let mut all = String::new();
    for kind in ALL {
        let own = imported.records.iter().filter(|(of, _)| of.name == kind.name);
        let mut lines: Vec<String> = own
            .map(|(_, fields)| format!("{} {}", kind.name, Value::Object(fields.clone())))
            .collect();
        lines.sort();
        for line in lines {
            writeln!(all, "{line}").expect("written");
        }
    }
    for note in &imported.notes {
        writeln!(all, "note: {note}").expect("written");
    }
    all
}

#[test]
fn what_both_versions_tell_is_the_same() {
    insta::assert_snapshot!(told(&imported("4.6")));
    assert_eq!(told(&imported("3.7")), told(&imported("4.6")));
}

#[tokio::test]
async fn both_databases_take_it_twice() {
    for test in testing::both().await {
        let records = imported("4.6").records;
        for is_first in [true, false] {
            let author = Author { who: "anna".into(), request_id: "r1".into(), message: None };
            let mut changing = Changing::begin(&test.db, author, 10).await.expect("begun");
            let applied = changing.apply(&records).await.expect(test.name);
            changing.commit().await.expect(test.name);
            let count = records.len();
            let expected = match is_first {
                true => Applied { created: count, ..Applied::default() },
                false => Applied { unchanged: count, ..Applied::default() },
            };
            assert_eq!(applied, expected, "{}", test.name);
        }
        let every = DEVICE.everything();
        let devices = records::all(&test.db, &DEVICE, &every).await.expect(test.name);
        assert_eq!(devices.len(), 5, "{}", test.name);
    }
}
