//! The store on both databases.

mod purges;
mod slices;

use super::*;
use crate::model::{IncomingObject, NewObject, Playlist, TitleSpec};
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::quantity::BitRate;
use contract::slices::SliceHashes;
use contract::tags::Tags;
use contract::time::TimeUs;
use contract::tombstones::Purged;
use db::testing;

pub(super) const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

pub(super) fn group() -> GroupName {
    GroupName::new("g").expect("name")
}

pub(super) fn title(name: &str) -> TitleName {
    TitleName::new(name).expect("name")
}

pub(super) fn spec(name: &str) -> TitleSpec {
    let hls = Playlist { path: format!("/{name}/master.m3u8"), text: "#EXTM3U\n".into() };
    TitleSpec {
        group: group(),
        title: title(name),
        name: "A title".into(),
        base_path: format!("/{name}"),
        hls: Some(hls),
        dash: None,
        tags: Tags::default(),
    }
}

pub(super) fn object(path: &str, content: &str) -> NewObject {
    NewObject {
        path: path.into(),
        size_bytes: content.len() as u64,
        blake3: Digest::of(content.as_bytes()),
        modified: NOW,
        bitrate_bits_per_s: None,
    }
}

pub(super) async fn store(test: &testing::TestDb) -> Store {
    sqlx::query("INSERT INTO content_groups (\"key\", created_at_us) VALUES ('g', 1)")
        .execute(test.db.read())
        .await
        .expect(test.name);
    Store::new(test.db.clone())
}

pub(super) async fn import(
    store: &Store,
    spec: &TitleSpec,
    objects: &[NewObject],
) -> Result<crate::ImportSummary, CatalogError> {
    let plain = |object: &NewObject| incoming(object.clone(), None);
    import_all(store, spec, &objects.iter().map(plain).collect::<Vec<_>>()).await
}

fn incoming(object: NewObject, slice_hashes: Option<SliceHashes>) -> IncomingObject {
    IncomingObject { object, slice_hashes }
}

async fn import_all(
    store: &Store,
    spec: &TitleSpec,
    objects: &[IncomingObject],
) -> Result<crate::ImportSummary, CatalogError> {
    store.begin_import("i1", spec, NOW).await?;
    for batch in objects.chunks(2) {
        store.add_objects("i1", batch).await?;
        store.add_objects("i1", batch).await?;
    }
    let result = store.commit_import("i1", NOW).await;
    sqlx::query("DELETE FROM imports").execute(store.db.read()).await?;
    result
}

fn played_at(bits_per_s: u64, object: NewObject) -> NewObject {
    NewObject { bitrate_bits_per_s: Some(BitRate(bits_per_s)), ..object }
}

fn ordinals(snapshot: &Snapshot) -> Vec<(u32, &str)> {
    snapshot.objects.iter().map(|each| (each.ordinal, each.file.path.as_str())).collect()
}

#[tokio::test]
async fn ordinals_are_dense_kept_and_never_given_twice() {
    for test in testing::both().await {
        let store = store(&test).await;
        let first = [object("/t/b", "b"), object("/t/a", "a"), object("/t/c", "c")];
        let summary = import(&store, &spec("t"), &first).await.expect(test.name);
        assert_eq!((summary.added, summary.unchanged, summary.revision), (3, 0, 1));
        let one = store.snapshot().await.expect(test.name);
        assert_eq!(ordinals(&one), [(0, "/t/a"), (1, "/t/b"), (2, "/t/c")], "{}", test.name);

        let again = import(&store, &spec("t"), &first).await.expect(test.name);
        assert_eq!((again.added, again.unchanged, again.revision), (0, 3, 1));
        assert_eq!(store.snapshot().await.expect(test.name), one, "the same again changes nothing");

        let second = [object("/t/a", "a"), object("/t/b", "B"), object("/t/d", "d")];
        let summary = import(&store, &spec("t"), &second).await.expect(test.name);
        let counts = (summary.added, summary.replaced, summary.removed, summary.unchanged);
        assert_eq!(counts, (1, 1, 1, 1), "{}", test.name);
        let two = store.snapshot().await.expect(test.name);
        assert_eq!(two.version, 2);
        assert_eq!(ordinals(&two), [(0, "/t/a"), (3, "/t/b"), (4, "/t/d")], "{}", test.name);
    }
}

#[tokio::test]
async fn another_bitrate_is_another_revision_of_the_same_objects() {
    for test in testing::both().await {
        let store = store(&test).await;
        let (a, b) = (object("/t/a", "a"), object("/t/b", "b"));
        let bitrates = async || {
            let snapshot = store.snapshot().await.expect(test.name);
            let ordinals: Vec<u32> = snapshot.objects.iter().map(|each| each.ordinal).collect();
            assert_eq!(ordinals, [0, 1], "{}", test.name);
            let of_title = store.objects_of(&group(), &title("t")).await.expect(test.name);
            assert_eq!(of_title, snapshot.objects, "{}", test.name);
            let bitrate = |each: &CatalogObject| each.file.bitrate_bits_per_s;
            snapshot.objects.iter().map(bitrate).map(|it| it.map(|it| it.0)).collect::<Vec<_>>()
        };
        let steps = [
            ([a.clone(), b.clone()], [None, None], 1),
            ([a.clone(), played_at(7, b.clone())], [None, Some(7)], 2),
            ([a.clone(), played_at(7, b.clone())], [None, Some(7)], 2),
            ([a.clone(), played_at(10_000_000_000, b.clone())], [None, Some(10_000_000_000)], 3),
            ([a, b], [None, None], 4),
        ];
        for (objects, wanted, revision) in steps {
            let summary = import(&store, &spec("t"), &objects).await.expect(test.name);
            assert_eq!((summary.replaced, summary.removed), (0, 0), "{}", test.name);
            assert_eq!(summary.revision, revision, "{}", test.name);
            assert_eq!(bitrates().await, wanted, "{}", test.name);
        }
    }
}

#[tokio::test]
async fn a_removed_title_leaves_a_tombstone() {
    for test in testing::both().await {
        let store = store(&test).await;
        import(&store, &spec("t"), &[object("/t/a", "a")]).await.expect(test.name);
        store.remove_title(&group(), &title("t"), NOW).await.expect(test.name);
        let snapshot = store.snapshot().await.expect(test.name);
        assert_eq!((snapshot.version, snapshot.titles.len(), snapshot.objects.len()), (2, 0, 0));
        let tombstones = store.purges().await.expect(test.name).tombstones(0);
        assert_eq!(tombstones.version, 1);
        assert_eq!(tombstones.purges[0].what, Purged::Title(title("t")));
        let err = store.remove_title(&group(), &title("t"), NOW).await.expect_err(test.name);
        assert_eq!(err.to_string(), "there is no title g/t");

        import(&store, &spec("t"), &[object("/t/a", "a")]).await.expect(test.name);
        let back = store.snapshot().await.expect(test.name);
        assert_eq!(ordinals(&back), [(1, "/t/a")], "{}: an ordinal came back", test.name);
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_whole() {
    for test in testing::both().await {
        let store = store(&test).await;
        import(&store, &spec("t"), &[object("/t/a", "a")]).await.expect(test.name);
        let before = store.snapshot().await.expect(test.name);
        let mut nested = spec("u");
        nested.base_path = "/t".into();
        nested.hls = Some(Playlist { path: "/t/u.m3u8".into(), text: String::new() });
        let mut elsewhere = spec("t");
        elsewhere.group = GroupName::new("nowhere").expect("name");
        let mut slash = spec("t");
        slash.base_path = "/t/".into();
        let cases = [
            (nested, object("/t/a", "x"), "/t/a belongs to title t already: use another base path"),
            (elsewhere, object("/t/a", "a"), "there is no content group nowhere: create it first"),
            (
                slash,
                object("/t/a", "a"),
                "base_path: expected a path such as /big-demo, in normal form and without / at its end",
            ),
            (
                spec("t"),
                object("/t/../a", "a"),
                "objects[0].path: \"/t/../a\" is no path in normal form below /t",
            ),
            (
                spec("t"),
                object("/tt/a", "a"),
                "objects[0].path: \"/tt/a\" is no path in normal form below /t",
            ),
            (
                spec("t"),
                played_at(0, object("/t/a", "a")),
                "objects[0].bitrate_bits_per_s: expected 1 to 10000000000 bits a second, or nothing",
            ),
            (
                spec("t"),
                played_at(10_000_000_001, object("/t/a", "a")),
                "objects[0].bitrate_bits_per_s: expected 1 to 10000000000 bits a second, or nothing",
            ),
        ];
        for (spec, object, message) in cases {
            let err = import(&store, &spec, &[object]).await.expect_err(message);
            sqlx::query("DELETE FROM imports").execute(test.db.read()).await.expect(test.name);
            assert_eq!(err.to_string(), message, "{}", test.name);
        }
        assert!(matches!(import(&store, &spec("v"), &[]).await, Err(CatalogError::Empty)));
        let gone = store.commit_import("i9", NOW).await;
        assert!(matches!(gone, Err(CatalogError::NoImport(_))));
        assert_eq!(store.snapshot().await.expect(test.name), before, "{}", test.name);
    }
}

#[tokio::test]
async fn segments_are_there_for_boxes_to_fetch() {
    for test in testing::both().await {
        let store = store(&test).await;
        import(&store, &spec("t"), &[object("/t/a", "a")]).await.expect(test.name);
        let snapshot = store.snapshot().await.expect(test.name);
        let built = crate::segment::build(&snapshot.objects).expect("json");
        store.publish_segments(&built, NOW).await.expect(test.name);
        store.publish_segments(&built, NOW).await.expect("again");
        let digest = built[0].reference.digest;
        let bytes = store.segment(&digest).await.expect(test.name);
        assert_eq!(bytes.as_ref(), Some(&built[0].bytes), "{}", test.name);
        assert_eq!(store.segment(&Digest::of(b"other")).await.expect(test.name), None);
        store.publish_segments(&[], NOW.plus_s(61 * 86_400)).await.expect(test.name);
        assert_eq!(store.segment(&digest).await.expect(test.name), None, "{}", test.name);
    }
}
