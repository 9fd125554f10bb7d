//! Many at once.

use crate::reading;
use config_render::revisions::{Kept, Store};
use contract::time::TimeUs;
use db::testing;
use std::collections::HashSet;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn two_of_one_device_make_one_revision() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        for round in 0..20 {
            let text = format!("hostname r{round}\n");
            let mut writers = JoinSet::new();
            for _ in 0..6 {
                let (store, text) = (store.clone(), text.clone());
                writers.spawn(async move {
                    let files = [("/etc/frr/frr.conf", &*text), ("/etc/hosts", "x\n")];
                    store.keep(&reading("a", round, &files)).await.expect("kept")
                });
            }
            let kept = writers.join_all().await;
            let new = kept.iter().filter(|kept| matches!(kept, Kept::New(_))).count();
            assert_eq!(new, 1, "{}, round {round}", test.name);
            let head = |kept: &Kept| match kept {
                Kept::New(head) | Kept::Unchanged(head) => head.number,
            };
            assert!(kept.iter().all(|kept| head(kept) == round + 1), "{kept:?}");
        }
    }
}

/// Who reads on meanwhile sees each revision once, in order, and whole; and a text that is forgotten by one and
/// kept by another is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_misses_none_while_others_keep_and_forget() {
    const WRITERS: i64 = 4;
    const EACH: i64 = 25;
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let store = store.clone();
            writers.spawn(async move {
                for round in 0..EACH {
                    // Texts that come and go at all devices.
                    let texts = [0, 1].map(|at| format!("hostname r{}\n", (round + at) % 5));
                    let files = [("/a", &*texts[0]), ("/b", &*texts[1])];
                    let device = format!("r{writer}");
                    store.keep(&reading(&device, round, &files)).await.expect("kept");
                }
            });
        }
        let forgetting = store.clone();
        let forgetter = tokio::spawn(async move {
            loop {
                // All revisions are younger: texts alone may go.
                assert_eq!(forgetting.forget(TimeUs(-1), 1).await.expect("forgotten"), 0);
            }
        });
        let mut seen: Vec<(i64, String, i64)> = Vec::new();
        while seen.len() < usize::try_from(WRITERS * EACH).expect("few") {
            let last = seen.last().map_or(0, |(id, ..)| *id);
            for revision in store.after(last, 7).await.expect("read") {
                assert_eq!(revision.files.len(), 2, "{}", test.name);
                seen.push((revision.head.id, revision.head.device, revision.head.number));
            }
        }
        writers.join_all().await;
        forgetter.abort();
        let ids: Vec<i64> = seen.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids, (1..=WRITERS * EACH).collect::<Vec<_>>(), "{}", test.name);
        let distinct: HashSet<_> =
            seen.iter().map(|(_, device, number)| (device, number)).collect();
        assert_eq!(distinct.len(), seen.len());
    }
}

/// Revisions go while others with the same texts come.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_again_while_it_is_forgotten_is_there() {
    for test in testing::both().await {
        let store = Store::new(test.db.clone());
        let mut tasks = JoinSet::new();
        for writer in 0..3 {
            let store = store.clone();
            tasks.spawn(async move {
                for round in 0..40 {
                    let text = format!("hostname r{}\n", round % 2);
                    let files = [("/a", &*text)];
                    store.keep(&reading(&format!("r{writer}"), round, &files)).await.expect("kept");
                }
            });
        }
        let forgetting = store.clone();
        let mut gone = 0;
        while !tasks.is_empty() {
            gone += forgetting.forget(TimeUs(i64::MAX), 1).await.expect("forgotten");
            while tasks.try_join_next().is_some() {}
        }
        gone += store.forget(TimeUs(i64::MAX), 1).await.expect("forgotten");
        assert_eq!(gone, 3 * 39, "{}", test.name);
        for writer in 0..3 {
            let latest = store.revision(&format!("r{writer}"), None).await.expect("read");
            assert_eq!(latest.expect("there").files[0].text, "hostname r1\n");
        }
    }
}
