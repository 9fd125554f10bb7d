//! Secrets that were planted in what devices say are nowhere in the database.

use crate::draw::{corpora, plant, seeded};
use config_render::archive::{Known, fit};
use config_render::revisions::{Cause, FileRead, Reading, Store};
use contract::time::TimeUs;
use db::{Db, testing};
use sqlx::Row;

#[tokio::test]
async fn no_secret_reaches_the_database() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let mut secrets = Vec::new();
        for (corpus, seed) in corpora().zip(0..) {
            let planted = plant(corpus.text, &mut seeded(seed));
            // As the fleet does with what it knows word for word.
            let known = Known::new(planted.secrets.iter().map(String::as_str).filter(is_telling));
            let redacted = fit(corpus.kind, planted.text.as_bytes(), &known.expect("few"));
            let file = FileRead { path: "all".to_owned(), redacted: redacted.expect("short") };
            let reading = Reading {
                device: corpus.kind.as_str().to_owned(),
                kind: corpus.kind,
                taken_at: TimeUs(1),
                cause: Cause::Change,
                files: vec![file],
            };
            store.keep(&reading).await.expect("kept");
            secrets.extend(planted.secrets.into_iter().filter(|it| is_telling(&&**it)));
        }
        let heads = store.log(None, None, 100).await.expect("read");
        assert!(heads.len() == 8 && heads.iter().all(|head| head.redacted > 10), "{heads:?}");
        let all = everything(&test.db).await;
        assert!(all.contains("router bgp"), "all that is kept is in it");
        let there: Vec<_> = secrets.iter().filter(|secret| all.contains(&***secret)).collect();
        assert!(secrets.len() > 100 && there.is_empty(), "{}: {there:?}", test.name);
    }
}

/// All text that a reading has brought into the database.
async fn everything(db: &Db) -> String {
    let columns = [
        "text FROM config_texts",
        "path FROM config_revision_files",
        "device FROM config_revisions",
        "COALESCE(why, '') FROM config_backups",
    ];
    let mut all = String::new();
    for column in columns {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {column}")));
        for row in rows.fetch_all(db.read()).await.expect(column) {
            all.push_str(row.get::<&str, _>(0));
            all.push('\n');
        }
    }
    all
}

/// Whether a secret is no word that stands in configurations anyhow.
fn is_telling(secret: &&str) -> bool {
    secret.len() >= 10
}
