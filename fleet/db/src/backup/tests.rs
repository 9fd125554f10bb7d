//! From either database to either, while others write; and what is refused.

use super::restore::restore;
use super::tables::{LEFT_OUT, MIGRATIONS, TABLES, found};
use super::write::{write, write_as};
use super::{BackupError, check};
use crate::counters::{Counter, raise, value};
use crate::testing::{self, TestDb};
use crate::{Db, schema};
use sqlx::AssertSqlSafe;

const AS_OF_US: i64 = 1_700_000_000_000_000;

async fn backup(db: &Db) -> Vec<u8> {
    let mut file = Vec::new();
    write(db, &mut file, AS_OF_US, |_, _| {}).await.expect("written");
    file
}

/// What is not text, not a number, not there, or not small.
const ROWS: &[&str] = &[
    "INSERT INTO regions (\"key\", version, created_at_us, changed_at_us, description) \
     VALUES ('eu', 9223372036854775807, -9223372036854775808, 0, 'a \"b\" \n c \\ é 😀 ''')",
    "INSERT INTO providers (\"key\", version, created_at_us, changed_at_us) VALUES ('isp', 1, 2, 3)",
    "INSERT INTO sites (\"key\", latitude, longitude, created_at_us) VALUES ('a', 0.1, -1e-300, 7)",
    "INSERT INTO sites (\"key\", created_at_us, description) VALUES ('b', 7, '')",
    "INSERT INTO devices (\"key\", site, created_at_us, \"position\") VALUES ('x.a', 'a', 7, 3)",
    "INSERT INTO people (name, role, password_hash, created_at_us, password_at_us, provider) \
     VALUES ('eve', 'partner', '', 1, 1, 'isp')",
    "INSERT INTO sessions (token_digest, person, made_at_us, expires_at_us) VALUES ('d', 'eve', 1, 2)",
];

async fn seed(db: &Db) {
    let mut tx = db.begin().await.expect("begun");
    for row in ROWS {
        sqlx::query(AssertSqlSafe(*row)).execute(&mut *tx).await.expect(row);
    }
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for (digest, bytes) in [("00", bytes), ("01", Vec::new())] {
        let row = "INSERT INTO catalogue_segments (digest, bytes, last_used_us) VALUES ($1, $2, 5)";
        let query = sqlx::query(row).bind(digest).bind(bytes);
        query.execute(&mut *tx).await.expect("a segment");
    }
    // More than one statement's worth.
    for number in 0..3000 {
        let row = "INSERT INTO slice_hashes (blake3, hashes) VALUES ($1, $2)";
        let query = sqlx::query(row).bind(format!("{number:064x}")).bind(vec![7_u8; 64]);
        query.execute(&mut *tx).await.expect("slices");
    }
    raise(&mut tx, Counter::Purge, 17).await.expect("raised");
    tx.commit().await.expect("written");
}

/// A place for a backup: the file is there, and nothing in it.
async fn nowhere(name: &str) -> TestDb {
    match name {
        "sqlite" => testing::sqlite_from(0).await,
        _ => testing::postgres_from(0).await,
    }
}

#[tokio::test]
async fn from_either_to_either_and_back() {
    for source in testing::both().await {
        seed(&source.db).await;
        let file = backup(&source.db).await;
        let contents = check(&file[..]).expect("whole");
        assert_eq!((contents.schema, contents.made_at_us), (schema::newest(), AS_OF_US));
        for target in testing::both().await {
            let (from, to) = (source.name, target.name);
            let mut rows = 0;
            let watch = |done| rows = done;
            let db = restore(&target.address, &file[..], &contents, watch).await.expect(to);
            assert_eq!(rows, contents.rows);
            assert!(backup(&db).await == file, "{from} to {to}: the same, to the last bit");
            let sql = "SELECT COUNT(*) FROM sessions";
            let sessions: i64 = sqlx::query_scalar(sql).fetch_one(db.read()).await.expect(to);
            assert_eq!(sessions, 0, "nobody is logged in");
            assert_eq!(value(&db, Counter::Purge).await.expect(to), 17);
        }
    }
}

/// A migration that adds a table has to say here whether it is in a backup, and after which others.
#[tokio::test]
async fn all_tables_are_known() {
    for test in testing::both().await {
        let mut tx = test.db.snapshot().await.expect(test.name);
        let mut there = found(&mut tx, test.db.engine()).await.expect(test.name);
        let ours = TABLES.iter().map(|(name, _)| *name);
        let mut known: Vec<_> = ours.chain(LEFT_OUT.iter().copied()).chain([MIGRATIONS]).collect();
        there.sort();
        known.sort_unstable();
        assert_eq!(there, known, "{}", test.name);
    }
}

/// Two counters that rise together are never seen apart.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_as_of_one_moment() {
    for test in testing::both().await {
        let db = test.db.clone();
        let writer = tokio::spawn(async move {
            for number in 0.. {
                let mut tx = db.begin().await.expect("begun");
                raise(&mut tx, Counter::Purge, 1).await.expect("raised");
                let row = "INSERT INTO tags (\"key\", version, created_at_us, changed_at_us) VALUES ($1, 0, 0, 0)";
                let query = sqlx::query(row).bind(format!("t{number}"));
                query.execute(&mut *tx).await.expect("a tag");
                tx.commit().await.expect("written");
            }
        });
        let mut last = 0;
        while last < 20 {
            let file = backup(&test.db).await;
            let contents = check(&file[..]).expect("whole");
            let target = nowhere("sqlite").await;
            let db =
                restore(&target.address, &file[..], &contents, |_| {}).await.expect("restored");
            let sql = "SELECT COUNT(*) FROM tags";
            let tags: i64 = sqlx::query_scalar(sql).fetch_one(db.read()).await.expect("tags");
            last = value(&db, Counter::Purge).await.expect("a counter");
            assert_eq!(tags, last, "{}", test.name);
        }
        writer.abort();
    }
}

#[tokio::test]
async fn what_was_cut_off_or_changed_is_none() {
    let test = testing::sqlite().await;
    seed(&test.db).await;
    let file = backup(&test.db).await;
    for length in [0, 1, 10, file.len() / 2, file.len() - 20, file.len() - 1] {
        let err = check(&file[..length]).expect_err("cut off");
        assert!(matches!(err, BackupError::Broken(_)), "{length}: {err}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(check(&longer[..]).is_err());
    let text = zstd::decode_all(&file[..]).expect("lines");
    let changed = String::from_utf8(text).expect("text").replacen("isp", "isq", 1);
    let again = zstd::encode_all(changed.as_bytes(), 1).expect("a file");
    let err = check(&again[..]).expect_err("changed");
    assert_eq!(err.to_string(), "it is no whole backup: it was changed: its sum is another");
    // Bits that fell over are found by the compressor, or by the sum.
    for at in (0..file.len()).step_by(file.len() / 200) {
        let mut broken = file.clone();
        broken[at] ^= 0x10;
        let is_same = check(&broken[..])
            .is_ok_and(|_| zstd::decode_all(&broken[..]).ok() == zstd::decode_all(&file[..]).ok());
        assert!(check(&broken[..]).is_err() || is_same, "octet {at}");
    }
}

/// Who has looked at another file than that which he restores has written nothing.
#[tokio::test]
async fn what_breaks_off_in_the_middle_is_not_there() {
    let source = testing::sqlite().await;
    seed(&source.db).await;
    let file = backup(&source.db).await;
    let contents = check(&file[..]).expect("whole");
    for target in testing::both().await {
        let half = &file[..file.len() / 2];
        let done = restore(&target.address, half, &contents, |_| {}).await;
        assert!(matches!(done, Err(BackupError::Broken(_))), "{done:?}");
        let done = restore(&target.address, &file[..], &contents, |_| {}).await;
        done.expect("it was empty still");
    }
}

#[tokio::test]
async fn only_what_is_empty_is_filled() {
    let source = testing::sqlite().await;
    let file = backup(&source.db).await;
    let contents = check(&file[..]).expect("whole");
    for target in testing::both().await {
        seed(&target.db).await;
        let before = backup(&target.db).await;
        let err = restore(&target.address, &file[..], &contents, |_| {}).await.expect_err("full");
        assert!(matches!(err, BackupError::NotEmpty(_)), "{err}");
        assert!(backup(&target.db).await == before);
    }
    for target in [nowhere("sqlite").await, nowhere("postgres").await] {
        let query = sqlx::query("CREATE TABLE theirs (a BIGINT)");
        let mut tx = target.db.begin().await.expect("begun");
        query.execute(&mut *tx).await.expect("a table");
        tx.commit().await.expect("made");
        let err = restore(&target.address, &file[..], &contents, |_| {}).await.expect_err("full");
        assert!(err.to_string().contains("there is a table theirs"), "{err}");
    }
}

#[tokio::test]
async fn older_ones_are_brought_up_to_date_and_newer_ones_refused() {
    let older = schema::newest() - 1;
    for source in testing::both_from(older).await {
        let err = write(&source.db, Vec::new(), AS_OF_US, |_, _| {}).await.expect_err("old");
        assert!(matches!(err, BackupError::Schema { .. }), "{err}");
        let mut file = Vec::new();
        write_as(&source.db, older, &mut file, AS_OF_US, |_, _| {}).await.expect("written");
        let contents = check(&file[..]).expect("whole");
        let target = nowhere(source.name).await;
        let db = restore(&target.address, &file[..], &contents, |_| {}).await.expect(source.name);
        check(&backup(&db).await[..]).expect("of the newest schema");
        let err = restore(&testing::sqlite().await.address, &file[..], &contents, |_| {}).await;
        assert!(matches!(err, Err(BackupError::NotEmpty(_))), "{err:?}");
        let mut file = Vec::new();
        write_as(&source.db, 1000, &mut file, AS_OF_US, |_, _| {}).await.expect("written");
        let err = check(&file[..]).expect_err("newer");
        assert!(matches!(err, BackupError::Newer { found: 1000, .. }), "{err}");
    }
}
