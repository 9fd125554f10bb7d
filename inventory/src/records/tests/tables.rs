//! Migrations have made the tables that the kinds describe.

use crate::kinds::{ALL, SEEN};
use db::{Db, Engine, testing};
use sqlx::Row;
use std::collections::BTreeMap;

/// Columns of a table and their types, by the database's word.
async fn columns(db: &Db, table: &str) -> BTreeMap<String, String> {
    let text = match db.engine() {
        Engine::Sqlite => "SELECT name, type FROM pragma_table_info($1)",
        Engine::Postgres => {
            "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) \
             FROM information_schema.columns WHERE table_name = $1"
        }
    };
    let rows = sqlx::query(text).bind(table).fetch_all(db.read()).await.expect(table);
    let column = |row: &sqlx::any::AnyRow| {
        let kind: String = row.get(1);
        (row.get(0), kind.to_ascii_uppercase())
    };
    rows.iter().map(column).collect()
}

#[tokio::test]
async fn tables_are_what_kinds_say() {
    for test in testing::both().await {
        for kind in ALL.into_iter().chain(SEEN) {
            let own = ["version", "created_at_us", "changed_at_us"].map(|it| (it, "BIGINT"));
            let fields =
                kind.fields.iter().map(|field| (kind.column(field), field.shape.column().sql()));
            let expected = fields.chain(own).chain([("key", "TEXT")]);
            let expected: BTreeMap<String, String> =
                expected.map(|(name, of_type)| (name.to_owned(), of_type.to_owned())).collect();
            assert_eq!(
                columns(&test.db, &kind.table()).await,
                expected,
                "{} {}",
                test.name,
                kind.name
            );
        }
    }
}
