//! What both databases must do alike, on both.

use crate::counters::{Counter, raise, value};
use crate::{Db, OpenError, testing};
use sqlx::Row;

#[tokio::test]
async fn a_rolled_back_counter_has_not_risen() {
    for test in testing::both().await {
        let mut tx = test.db.begin().await.expect(test.name);
        assert_eq!(raise(&mut tx, Counter::Ordinal, 5).await.expect(test.name), 5);
        drop(tx);
        let mut tx = test.db.begin().await.expect(test.name);
        assert_eq!(raise(&mut tx, Counter::Ordinal, 2).await.expect(test.name), 2);
        tx.commit().await.expect(test.name);
        assert_eq!(value(&test.db, Counter::Ordinal).await.expect(test.name), 2);
    }
}

#[tokio::test]
async fn writers_follow_one_another() {
    for test in testing::both().await {
        let writers = (0..8).map(|_| {
            let db = test.db.clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    let mut tx = db.begin().await.expect("begin");
                    raise(&mut tx, Counter::Purge, 1).await.expect("raise");
                    tx.commit().await.expect("commit");
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("a writer panicked");
        }
        assert_eq!(value(&test.db, Counter::Purge).await.expect(test.name), 40);
    }
}

#[tokio::test]
async fn keys_sort_bytewise_and_errors_say_what_they_are() {
    for test in testing::both().await {
        let mut tx = test.db.begin().await.expect(test.name);
        for name in ["b", "a-c", "ab", "a.b"] {
            sqlx::query("INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ($1, 0.5, 1.5, 7)")
                .bind(name)
                .execute(&mut *tx)
                .await
                .expect(test.name);
        }
        tx.commit().await.expect(test.name);
        let rows = sqlx::query("SELECT \"key\" FROM sites ORDER BY \"key\"")
            .fetch_all(test.db.read())
            .await
            .expect(test.name);
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(names, ["a-c", "a.b", "ab", "b"], "{}", test.name);

        let again = sqlx::query(
            "INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ($1, 0.5, 1.5, 7)",
        )
        .bind("b");
        let err = again.execute(test.db.read()).await.map_err(crate::Error::from);
        assert!(err.expect_err(test.name).is_duplicate(), "{}", test.name);
        let orphan = sqlx::query(
            "INSERT INTO devices (\"key\", site, created_at_us) VALUES ('x', 'nowhere', 7)",
        );
        let err = orphan.execute(test.db.read()).await.map_err(crate::Error::from);
        assert!(err.expect_err(test.name).is_reference(), "{}", test.name);
    }
}

#[tokio::test]
async fn bytes_come_back() {
    for test in testing::both().await {
        let bytes: Vec<u8> = (0..=255).collect();
        sqlx::query("INSERT INTO catalogue_segments VALUES ($1, $2, $3)")
            .bind("d")
            .bind(bytes.clone())
            .bind(1i64)
            .execute(test.db.read())
            .await
            .expect(test.name);
        let row = sqlx::query("SELECT bytes FROM catalogue_segments").fetch_one(test.db.read());
        let back: Vec<u8> = row.await.expect(test.name).get(0);
        assert_eq!(back, bytes, "{}", test.name);
    }
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused_without_its_password() {
    let err = Db::open("mysql://me:secret@host/db").await.expect_err("not ours");
    assert!(matches!(err, OpenError::Address(_)));
    assert!(!err.to_string().contains("secret"), "{err}");
}

#[tokio::test]
async fn opening_again_keeps_what_is_there() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("with space & ü%.db");
    let db = Db::open_file(&path).await.expect("first");
    let mut tx = db.begin().await.expect("begin");
    raise(&mut tx, Counter::Catalogue, 3).await.expect("raise");
    tx.commit().await.expect("commit");
    db.close().await;
    assert!(path.is_file());
    let db = Db::open_file(&path).await.expect("second");
    assert_eq!(value(&db, Counter::Catalogue).await.expect("value"), 3);
}

#[tokio::test]
async fn a_database_from_before_bitrates_keeps_its_objects() {
    for test in testing::both().await {
        let before = "ALTER TABLE objects DROP COLUMN bitrate_bits_per_s;
            ALTER TABLE import_objects DROP COLUMN bitrate_bits_per_s;
            DELETE FROM _sqlx_migrations WHERE version = 2;
            INSERT INTO objects VALUES (7, 'g', 't', '/t/a', 1, 'd', 5, NULL)";
        sqlx::raw_sql(before).execute(test.db.read()).await.expect(test.name);
        let db = Db::open(&test.address).await.expect(test.name);
        let row = sqlx::query("SELECT ordinal, bitrate_bits_per_s FROM objects")
            .fetch_one(db.read())
            .await
            .expect(test.name);
        let found: (i64, Option<i64>) = (row.get(0), row.get(1));
        assert_eq!(found, (7, None), "{}", test.name);
    }
}
