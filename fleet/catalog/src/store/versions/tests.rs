use crate::store::tests::{NOW, group, import, object, spec, store, title};
use crate::versions::{Difference, Finding, Pin};
use crate::{CatalogError, RightsWindow, Snapshot, Store};
use contract::time::TimeUs;
use db::testing;

const DAY_S: i64 = 86_400;

/// So many titles, and what they make together.
async fn titles(store: &Store, count: usize) -> Snapshot {
    for at in 0..count {
        let name = format!("t{at}");
        let objects = [object(&format!("/{name}/a"), &name)];
        import(store, &spec(&name), &objects).await.expect("an import");
    }
    store.snapshot().await.expect("a snapshot")
}

async fn remove(store: &Store, names: std::ops::Range<usize>) -> Snapshot {
    for at in names {
        store.remove_title(&group(), &title(&format!("t{at}")), NOW).await.expect("removed");
    }
    store.snapshot().await.expect("a snapshot")
}

#[tokio::test]
async fn every_version_can_be_had_back() {
    for test in testing::both().await {
        let store = store(&test).await;
        let mut seen = Vec::new();
        for count in [1, 3, 2] {
            let now = titles(&store, count).await;
            let in_force = store.announce(&now, NOW).await.expect(test.name);
            assert!(in_force.is_newest, "{}", test.name);
            seen.push((in_force.version, now));
        }
        // Two titles are there again as they were: that is no version.
        assert_eq!(seen[1].0, seen[2].0, "{}", test.name);
        store
            .set_window(
                &group(),
                &title("t1"),
                RightsWindow { serve_from: Some(NOW), serve_until: None },
            )
            .await
            .expect(test.name);
        let windowed = store.snapshot().await.expect(test.name);
        seen.push((store.announce(&windowed, NOW).await.expect(test.name).version, windowed));
        let removed = remove(&store, 0..1).await;
        seen.push((store.announce(&removed, NOW).await.expect(test.name).version, removed));
        for (version, snapshot) in &seen {
            let had = store.at(*version).await.expect(test.name);
            assert_eq!(
                (&had.titles, &had.objects),
                (&snapshot.titles, &snapshot.objects),
                "{}",
                test.name
            );
        }
        let listed = store.versions(None, 10).await.expect(test.name);
        let numbers: Vec<u64> = listed.iter().map(|it| it.version).collect();
        assert_eq!(numbers, [seen[4].0, seen[3].0, seen[1].0, seen[0].0], "{}", test.name);
        assert!(matches!(store.at(999).await, Err(CatalogError::UnknownVersion(999))));
        let found = store.differences(seen[1].0, seen[4].0).await.expect(test.name);
        let words: Vec<String> =
            found.iter().map(|it| format!("{} {:?}", it.title, it.difference)).collect();
        assert_eq!(
            words,
            [
                "t0 Removed { objects: 1, bytes: 2 }",
                "t1 Changed { what: [\"window\"], objects_added: 0, objects_removed: 0 }"
            ]
        );
        let history = store.history(&group(), &title("t1"), 10).await.expect(test.name);
        let versions: Vec<u64> = history.iter().map(|(version, _)| version.version).collect();
        assert_eq!(versions, [seen[3].0, seen[1].0], "{}", test.name);
        assert!(matches!(history[1].1.difference, Difference::Added { .. }));
        assert!(store.history(&group(), &title("none"), 10).await.is_err());
    }
}

#[tokio::test]
async fn the_last_good_version_stays_until_somebody_says_that_less_is_meant() {
    for test in testing::both().await {
        let store = store(&test).await;
        let whole = titles(&store, 24).await;
        let good = store.announce(&whole, NOW).await.expect(test.name).version;
        let rest = remove(&store, 0..20).await;
        let refused = store.announce(&rest, NOW).await.expect(test.name);
        assert_eq!((refused.version, refused.is_newest), (good, false), "{}", test.name);
        let version = refused.refused.expect("a version");
        assert!(matches!(version.findings[0], Finding::Shrank { before: 24, after: 4, .. }));
        // It is looked at again and again, and stays as it was found.
        let again = store.announce(&rest, NOW).await.expect(test.name);
        assert_eq!(again.refused.as_ref(), Some(&version), "{}", test.name);
        assert_eq!(store.at(good).await.expect(test.name).titles, whole.titles);
        assert_eq!(store.at(version.version).await.expect(test.name).titles, rest.titles);
        let err = store.pin(&pin("", version.version)).await.expect_err(test.name);
        assert!(matches!(err, CatalogError::NotAnnounced(_)), "{err}");

        let before = store.announcements().await.expect(test.name);
        let meant = store.announce_anyway(version.version, "anna", "the archive went", NOW).await;
        let announced = meant.expect(test.name).announced.expect("announced");
        assert_eq!(
            (announced.by.as_deref(), announced.reason.as_deref()),
            (Some("anna"), Some("the archive went"))
        );
        assert!(store.announcements().await.expect(test.name) > before);
        assert_eq!(store.at(good).await.expect(test.name).titles, whole.titles, "the way back");
        let now = store.announce(&rest, NOW).await.expect(test.name);
        assert_eq!((now.version, now.is_newest), (version.version, true));
        let err = store
            .announce_anyway(version.version, "anna", "again", NOW)
            .await
            .expect_err(test.name);
        assert!(matches!(err, CatalogError::Announced(_)), "{err}");
    }
}

#[tokio::test]
async fn small_steps_within_a_day_are_one_step() {
    for test in testing::both().await {
        let store = store(&test).await;
        let whole = titles(&store, 24).await;
        let first = store.announce(&whole, NOW).await.expect(test.name).version;
        let some = remove(&store, 0..8).await;
        assert!(store.announce(&some, NOW.plus_s(10)).await.expect(test.name).is_newest);
        let less = remove(&store, 8..15).await;
        let step = store.announce(&less, NOW.plus_s(20)).await.expect(test.name);
        let refused = step.refused.expect("15 of 24");
        assert!(refused.findings.iter().all(|it| matches!(it,
            Finding::Shrank { beside, .. } | Finding::Changed { beside, .. } if *beside == first)));
        // So is all that is written after it, until somebody says that one is meant; then the others are not
        // announced behind anybody's back.
        let more = titles(&store, 1).await;
        let meant = store.announce(&more, NOW.plus_s(30)).await.expect(test.name).refused;
        let meant = meant.expect("14 of 24").version;
        store.announce_anyway(meant, "anna", "yes", NOW.plus_s(35)).await.expect(test.name);
        let err =
            store.announce_anyway(refused.version, "anna", "no", NOW).await.expect_err(test.name);
        assert!(matches!(err, CatalogError::Overtaken { .. }), "{err}");
        // From there on less is no loss.
        let less = remove(&store, 0..1).await;
        let later = store.announce(&less, NOW.plus_s(40)).await.expect(test.name);
        assert!(later.is_newest, "{}: {later:?}", test.name);
    }
}

fn pin(cohort: &str, version: u64) -> Pin {
    Pin { cohort: cohort.to_owned(), version, at: NOW, by: "anna".to_owned() }
}

#[tokio::test]
async fn what_a_site_is_held_to_stays_and_the_rest_grows_old() {
    for test in testing::both().await {
        let store = store(&test).await;
        let mut versions = Vec::new();
        for (count, day) in [(1, 0), (2, 1), (3, 2), (4, 500)] {
            let now = titles(&store, count).await;
            let at = TimeUs(NOW.0 + day * DAY_S * 1_000_000);
            versions.push(store.announce(&now, at).await.expect(test.name).version);
        }
        store.pin(&pin("canary", versions[1])).await.expect(test.name);
        assert_eq!(store.pins().await.expect(test.name), [pin("canary", versions[1])]);
        let late = NOW.plus_s(500 * DAY_S);
        assert_eq!(store.forget_versions(late).await.expect(test.name), 1, "{}", test.name);
        for (version, titles) in versions.iter().zip(1..).skip(1) {
            assert_eq!(store.at(*version).await.expect(test.name).titles.len(), titles);
        }
        store.unpin("canary").await.expect(test.name);
        assert!(matches!(store.unpin("canary").await, Err(CatalogError::NoPin(_))));
        assert_eq!(store.forget_versions(late).await.expect(test.name), 1, "{}", test.name);
        // It was in force for so long, and another took its place only now.
        assert_eq!(store.at(versions[2]).await.expect(test.name).titles.len(), 3);
        assert!(store.at(versions[1]).await.is_err());
    }
}

#[tokio::test]
async fn what_was_tampered_with_is_not_given() {
    for test in testing::both().await {
        let store = store(&test).await;
        let now = titles(&store, 2).await;
        let version = store.announce(&now, NOW).await.expect(test.name).version;
        let edit = "UPDATE catalogue_versions SET digest = 'x'";
        sqlx::query(edit).execute(test.db.write()).await.expect(test.name);
        let err = store.at(version).await.expect_err(test.name);
        assert!(err.to_string().contains("is not what its digest says"), "{err}");
    }
}

#[tokio::test]
async fn what_was_refused_beside_another_version_is_looked_at_anew() {
    for test in testing::both().await {
        let store = store(&test).await;
        let whole = titles(&store, 24).await;
        store.announce(&whole, NOW).await.expect(test.name);
        let rest = remove(&store, 0..20).await;
        let first = store.announce(&rest, NOW).await.expect(test.name).refused.expect("refused");
        let more = titles(&store, 1).await;
        let second = store.announce(&more, NOW).await.expect(test.name).refused.expect("refused");
        assert_eq!(second.parent, first.parent, "{}", test.name);
        store.announce_anyway(first.version, "anna", "meant", NOW).await.expect(test.name);
        let now = store.announce(&more, NOW).await.expect(test.name);
        assert_eq!((now.version, now.is_newest), (second.version, true), "{}", test.name);
        assert_eq!(now.announcements, store.announcements().await.expect(test.name));
    }
}

#[tokio::test]
async fn of_what_is_refused_again_and_again_the_last_few_stay() {
    for test in testing::both().await {
        let store = store(&test).await;
        let whole = titles(&store, 24).await;
        store.announce(&whole, NOW).await.expect(test.name);
        remove(&store, 0..12).await;
        for at in 12..21 {
            let rest = remove(&store, at..at + 1).await;
            assert!(store.announce(&rest, NOW).await.expect(test.name).refused.is_some());
        }
        let listed = store.versions(None, 100).await.expect(test.name);
        assert_eq!(listed.iter().filter(|it| it.announced.is_none()).count(), 6, "{}", test.name);
    }
}
