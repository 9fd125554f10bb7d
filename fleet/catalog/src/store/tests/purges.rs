//! Purges, tags and rights windows on both databases.

use super::*;
use crate::purge::{PurgeHistory, PurgeTarget};
use crate::{RightsWindow, Title};
use contract::names::TagName;

const DAY_S: i64 = 86_400;

fn tagged(name: &str, tags: &[&str]) -> TitleSpec {
    let tags = tags.iter().map(|tag| TagName::new(*tag).expect("name")).collect();
    TitleSpec { tags: Tags::new(tags).expect("tags"), ..spec(name) }
}

fn prefix(of: &str) -> PurgeTarget {
    PurgeTarget::Prefix(of.into())
}

fn whole(path: &str) -> PurgeTarget {
    PurgeTarget::Object { path: path.into(), version: None }
}

/// Version, group, what and whether it is folded, of all that is kept.
fn kept(history: &PurgeHistory) -> Vec<(u64, &str, Purged, bool)> {
    let row = |it: &crate::RecordedPurge| {
        (it.purge.version, it.purge.group.as_str().to_owned(), it.purge.what.clone(), it.folded)
    };
    let names = |group: String| if group == "g" { "g" } else { "h" };
    let rows = history.purges.iter().map(row);
    rows.map(|(version, group, what, folded)| (version, names(group), what, folded)).collect()
}

#[tokio::test]
async fn what_a_purge_would_take_is_counted_and_shown() {
    for test in testing::both().await {
        let store = store(&test).await;
        let objects = [object("/t/a", "a"), object("/t/ab", "ab"), object("/t/b", "b")];
        import(&store, &tagged("t", &["hd", "season-1"]), &objects).await.expect(test.name);
        import(&store, &tagged("u", &["season-1"]), &[object("/u/a", "four")]).await.expect("u");
        import(&store, &tagged("v", &["season-11"]), &[object("/v/a", "x")]).await.expect("v");
        let tag = |name: &str| PurgeTarget::Tag(TagName::new(name).expect("name"));
        let version = |content: &str| PurgeTarget::Object {
            path: "/t/a".into(),
            version: Some(Digest::of(content.as_bytes())),
        };
        let cases: [(&[PurgeTarget], u64, u64, &[&str]); 9] = [
            (&[whole("/t/a")], 1, 1, &["/t/a"]),
            (&[whole("/t/a"), whole("/t/b")], 2, 2, &["/t/a", "/t/b"]),
            (&[version("a")], 1, 1, &["/t/a"]),
            (&[version("other")], 0, 0, &[]),
            (&[PurgeTarget::Title(title("u"))], 1, 4, &["/u/a"]),
            (&[prefix("/t/a")], 2, 3, &["/t/a", "/t/ab"]),
            (&[prefix("/")], 5, 9, &["/t/a", "/t/ab", "/t/b", "/u/a", "/v/a"]),
            (&[tag("season-1")], 4, 8, &["/t/a", "/t/ab", "/t/b", "/u/a"]),
            (&[tag("season")], 0, 0, &[]),
        ];
        for (targets, objects, bytes, sample) in cases {
            let found = store.preview_purge(&group(), targets).await.expect(test.name);
            let found = (found.objects, found.bytes, found.sample);
            let sample: Vec<String> = sample.iter().map(|path| (*path).to_owned()).collect();
            assert_eq!(found, (objects, bytes, sample), "{} {targets:?}", test.name);
        }
        assert_eq!(store.purges().await.expect(test.name), PurgeHistory::default());
    }
}

#[tokio::test]
async fn purges_are_numbered_and_kept() {
    for test in testing::both().await {
        let store = store(&test).await;
        let two = [whole("/t/a"), PurgeTarget::Title(title("t"))];
        assert_eq!(store.purge(&group(), &two, NOW).await.expect(test.name), 2);
        assert_eq!(store.purge(&group(), &[prefix("/u/")], NOW.plus_s(1)).await.expect("3"), 3);
        let history = store.purges().await.expect(test.name);
        assert_eq!((history.version, store.purge_version().await.expect(test.name)), (3, 3));
        let expected = [
            (1, "g", Purged::Path("/t/a".into()), false),
            (2, "g", Purged::Title(title("t")), false),
            (3, "g", Purged::Prefix("/u/".into()), false),
        ];
        assert_eq!(kept(&history), expected, "{}", test.name);
        assert_eq!(history.purges[2].made_at, NOW.plus_s(1));
        assert_eq!(history.purges[1].subject, "title t");

        let nowhere = GroupName::new("nowhere").expect("name");
        let many = vec![whole("/a"); 101];
        for (group, targets, message) in [
            (&nowhere, &two[..1], "there is no content group nowhere: create it first"),
            (&group(), &[], "what: expected 1 to 100 at once; for more use a prefix or a tag"),
            (&group(), &many, "what: expected 1 to 100 at once; for more use a prefix or a tag"),
        ] {
            let err = store.purge(group, targets, NOW).await.expect_err(message);
            assert_eq!(err.to_string(), message, "{}", test.name);
            let err = store.preview_purge(group, targets).await.expect_err(message);
            assert_eq!(err.to_string(), message, "{}", test.name);
        }
        assert_eq!(store.purges().await.expect(test.name), history, "{}", test.name);
    }
}

#[tokio::test]
async fn old_purges_are_folded_into_one_of_the_whole_group() {
    for test in testing::both().await {
        let store = store(&test).await;
        let other = GroupName::new("h").expect("name");
        sqlx::query("INSERT INTO content_groups (\"key\", created_at_us) VALUES ('h', 1)")
            .execute(test.db.read())
            .await
            .expect(test.name);
        let purge = async |group: &GroupName, path: &str, day: i64| {
            store.purge(group, &[whole(path)], NOW.plus_s(day * DAY_S)).await.expect(test.name)
        };
        purge(&group(), "/1", 0).await;
        purge(&other, "/2", 1).await;
        purge(&group(), "/3", 2).await;
        purge(&group(), "/4", 50).await;
        purge(&other, "/5", 61).await;
        let everything = || Purged::Prefix("/".into());
        let path = |path: &str| Purged::Path(path.into());
        let expected = [
            // The first went at 61 days, and only the second of its group was not old yet.
            (1, "g", everything(), true),
            (2, "h", path("/2"), false),
            (3, "g", path("/3"), false),
            (4, "g", path("/4"), false),
            (5, "h", path("/5"), false),
        ];
        let history = store.purges().await.expect(test.name);
        assert_eq!(kept(&history), expected, "{}", test.name);
        purge(&other, "/6", 100).await;
        let expected = [
            (2, "h", everything(), true),
            (3, "g", everything(), true),
            (4, "g", path("/4"), false),
            (5, "h", path("/5"), false),
            (6, "h", path("/6"), false),
        ];
        let history = store.purges().await.expect(test.name);
        assert_eq!(kept(&history), expected, "{}", test.name);
        // Who has confirmed the third hears nothing of what was folded.
        let told: Vec<u64> = history.tombstones(3).purges.iter().map(|it| it.version).collect();
        assert_eq!(told, [4, 5, 6]);
    }
}

#[tokio::test]
async fn however_many_come_a_document_can_list_what_is_kept() {
    for test in testing::both().await {
        let store = store(&test).await;
        let batch: Vec<PurgeTarget> = (0..100).map(|at| whole(&format!("/{at}"))).collect();
        for _ in 0..32 {
            store.purge(&group(), &batch, NOW).await.expect(test.name);
        }
        let history = store.purges().await.expect(test.name);
        assert_eq!(history.version, 3200);
        assert_eq!(history.purges.len(), 3073, "{}", test.name);
        assert!(history.purges[0].folded && !history.purges[1].folded);
        assert_eq!(history.purges[0].purge.version, 128);
        history.tombstones(0).due(0).expect("a box can carry it out");
    }
}

#[tokio::test]
async fn a_version_is_named_by_the_beginning_of_its_digest() {
    for test in testing::both().await {
        let store = store(&test).await;
        for content in ["old", "new"] {
            import(&store, &spec("t"), &[object("/t/a", content)]).await.expect(test.name);
        }
        let old = Digest::of(b"old");
        let ask = async |version: &str| store.version_of(&group(), "/t/a", version).await;
        assert_eq!(ask(&old.to_string()[..8]).await.expect(test.name), old);
        assert_eq!(ask(&old.to_string()).await.expect(test.name), old);
        // The whole digest needs no catalogue: boxes may hold what it never had.
        let strange = Digest::of(b"strange");
        assert_eq!(ask(&strange.to_string()).await.expect(test.name), strange);
        let err = ask(&strange.to_string()[..8]).await.expect_err(test.name).to_string();
        assert!(err.starts_with("0 versions of /t/a begin with"), "{err}");
        for bad in ["", "abc", "ABCDEF01", "xyzxyzxyz", &"a".repeat(65)] {
            let err = ask(bad).await.expect_err(bad).to_string();
            assert!(err.starts_with("version: "), "{err}");
        }
    }
}

#[tokio::test]
async fn tags_and_times_reach_every_object_and_move_no_ordinal() {
    for test in testing::both().await {
        let store = store(&test).await;
        let objects = [object("/t/a", "a"), object("/t/b", "b")];
        let first = import(&store, &spec("t"), &objects).await.expect(test.name);
        let spec = tagged("t", &["hd"]);
        let second = import(&store, &spec, &objects).await.expect(test.name);
        assert_eq!((second.unchanged, second.revision), (2, first.revision + 1), "{}", test.name);

        let window = RightsWindow { serve_from: Some(NOW), serve_until: Some(NOW.plus_s(DAY_S)) };
        store.set_window(&group(), &title("t"), window).await.expect(test.name);
        let snapshot = store.snapshot().await.expect(test.name);
        let revisions: Vec<i64> = snapshot.titles.iter().map(|it: &Title| it.revision).collect();
        assert_eq!((snapshot.version, revisions), (3, vec![second.revision]), "{}", test.name);
        for (at, each) in snapshot.objects.iter().enumerate() {
            assert_eq!(each.ordinal as usize, at);
            assert_eq!((&each.tags, each.window), (&spec.tags, window), "{}", test.name);
        }
        let of_title = store.objects_of(&group(), &title("t")).await.expect(test.name);
        assert_eq!(of_title, snapshot.objects, "{}", test.name);

        // The same again changes nothing; an import leaves the times as they are.
        store.set_window(&group(), &title("t"), window).await.expect(test.name);
        import(&store, &spec, &objects).await.expect(test.name);
        assert_eq!(store.snapshot().await.expect(test.name), snapshot, "{}", test.name);
        import(&store, &spec, &objects[..1]).await.expect(test.name);
        let found = store.title(&group(), &title("t")).await.expect(test.name);
        assert_eq!((found.window, found.spec.tags), (window, spec.tags), "{}", test.name);

        let never = RightsWindow { serve_until: Some(NOW), ..window };
        let err = store.set_window(&group(), &title("t"), never).await.expect_err(test.name);
        assert!(err.to_string().starts_with("serve_until: "), "{err}");
        let err = store.set_window(&group(), &title("u"), window).await.expect_err(test.name);
        assert_eq!(err.to_string(), "there is no title g/u");
    }
}
