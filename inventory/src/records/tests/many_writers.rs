//! Several who write at once, and clocks that are set back.

use super::{because, begun, fields};
use crate::kinds::REGION;
use crate::records::{Refused, at, find, history, since};
use db::testing;
use serde_json::json;
use std::collections::BTreeSet;

const WRITERS: usize = 8;
const EACH: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_at_once_follows_one_another() {
    for test in testing::both().await {
        let writers = (0..WRITERS).map(|writer| {
            let db = test.db.clone();
            tokio::spawn(async move {
                let mut versions = Vec::new();
                for at in 0..EACH {
                    let mut changing = begun(&db, 10).await;
                    let one = fields(&json!({"name": format!("r{writer}-{at}")}));
                    changing.create(&REGION, &one).await.expect("a name of its own");
                    versions.push(changing.commit().await.expect("committed"));
                }
                versions
            })
        });
        let mut versions = BTreeSet::new();
        for writer in writers.collect::<Vec<_>>() {
            versions.extend(writer.await.expect("a writer"));
        }
        assert_eq!(versions.len(), WRITERS * EACH, "{}", test.name);
        let told = since(&test.db, 0, 1000).await.expect("changes");
        let told: Vec<i64> = told.changes.iter().map(|it| it.version).collect();
        assert_eq!(told, versions.into_iter().collect::<Vec<_>>(), "{}", test.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_have_seen_the_same_one_is_told_so() {
    for test in testing::both().await {
        let mut changing = begun(&test.db, 10).await;
        changing.create(&REGION, &fields(&json!({"name": "r"}))).await.expect("a region");
        let version = changing.commit().await.expect("committed");
        let writers = (0..WRITERS).map(|writer| {
            let db = test.db.clone();
            tokio::spawn(async move {
                let mut changing = begun(&db, 20).await;
                let patch = fields(&json!({"description": format!("by {writer}")}));
                changing.update(&REGION, "r", &patch, Some(version)).await?;
                changing.commit().await
            })
        });
        let mut won = 0;
        for writer in writers.collect::<Vec<_>>() {
            match writer.await.expect("a writer") {
                Ok(_) => won += 1,
                Err(Refused::Stale { .. }) => {}
                Err(other) => panic!("{}: {other}", test.name),
            }
        }
        assert_eq!(won, 1, "{}", test.name);
        assert_eq!(history(&test.db, &REGION, "r", 10).await.expect("told").len(), 2);
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_mixes_nothing_up() {
    for test in testing::both().await {
        let mut changing = begun(&test.db, 1000).await;
        changing.create(&REGION, &fields(&json!({"name": "r"}))).await.expect("a region");
        changing.commit().await.expect("committed");
        for (now_us, words) in [(500, "first"), (10, "second"), (2000, "third")] {
            let mut changing = because(&test.db, now_us, None).await;
            let patch = fields(&json!({"description": words}));
            changing.update(&REGION, "r", &patch, None).await.expect("changed");
            changing.commit().await.expect("committed");
        }
        let told = history(&test.db, &REGION, "r", 10).await.expect("told");
        let times: Vec<i64> = told.iter().map(|it| it.at_us).collect();
        assert_eq!(times, [2000, 1000, 1000, 1000], "{}", test.name);
        let then = at(&test.db, &REGION, "r", 1500).await.expect("read").expect("there");
        assert_eq!(then["description"], "second", "{}", test.name);
        assert_eq!(at(&test.db, &REGION, "r", 999).await.expect("read"), None);
        let now = find(&test.db, &REGION, "r").await.expect("read").expect("there");
        assert_eq!(now.record.get("description"), "third");
    }
}
