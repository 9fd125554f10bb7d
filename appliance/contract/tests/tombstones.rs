//! What purges take, one by one and many at once, and which tombstones are refused.

use contract::SCHEMA;
use contract::catalogue::{CatalogueEntry, Common};
use contract::names::{GroupName, TagName, TitleName};
use contract::object::Digest;
use contract::tags::Tags;
use contract::time::TimeUs;
use contract::tombstones::{BadTombstones, MAX_PURGES, Purge, Purged, Rules, Tombstones};
use proptest::prelude::*;

fn group(name: &str) -> GroupName {
    GroupName::new(name).expect("name")
}

fn entry(group_name: &str, title: &str, path: &str, tags: &[&str]) -> CatalogueEntry {
    let tags = tags.iter().map(|tag| TagName::new(*tag).expect("name")).collect();
    let tags = Tags::new(tags).expect("tags");
    let title = TitleName::new(title).expect("name");
    let common = Common { tags, ..Common::of(group(group_name), title) };
    CatalogueEntry {
        ordinal: 0,
        path: path.into(),
        size_bytes: 1,
        blake3: Digest::of(path.as_bytes()),
        modified_us: TimeUs(0),
        common: common.share(),
    }
}

fn purge(version: u64, what: Purged) -> Purge {
    Purge { version, group: group("g"), what }
}

fn tag(name: &str) -> TagName {
    TagName::new(name).expect("name")
}

#[test]
fn each_kind_takes_what_it_names() {
    let all = [
        entry("g", "t", "/t/a", &["x"]),
        entry("g", "t", "/t/ab?lang=de", &[]),
        entry("g", "u", "/t/ab", &["x", "y"]),
        entry("h", "t", "/t/a", &["x"]),
    ];
    let taken = |what: Purged| {
        let purge = purge(1, what);
        all.iter().map(|entry| purge.takes(entry)).collect::<Vec<_>>()
    };
    assert_eq!(taken(Purged::Object(all[0].id())), [true, false, false, false]);
    assert_eq!(taken(Purged::Path("/t/a".into())), [true, false, false, false]);
    assert_eq!(taken(Purged::Path("/t/ab".into())), [false, true, true, false]);
    let title = TitleName::new("t").expect("name");
    assert_eq!(taken(Purged::Title(title)), [true, true, false, false]);
    assert_eq!(taken(Purged::Prefix("/t/a".into())), [true, true, true, false]);
    assert_eq!(taken(Purged::Tag(tag("x"))), [true, false, true, false]);
}

#[test]
fn what_was_carried_out_is_not_due_again() {
    let purges = vec![purge(4, Purged::Path("/t/a".into())), purge(6, Purged::Path("/t/b".into()))];
    let tombstones = Tombstones { schema: SCHEMA, version: 7, after: 3, purges };
    let takes = |up_to, path| tombstones.due(up_to).expect("due").take(&entry("g", "t", path, &[]));
    assert!(takes(3, "/t/a") && takes(3, "/t/b"));
    assert!(!takes(4, "/t/a") && takes(4, "/t/b"));
    assert!(tombstones.due(6).expect("due").is_empty());
    assert!(tombstones.due(9).expect("due").is_empty(), "a box that is ahead has nothing to do");
    let gap = BadTombstones::Gap { after: 3, purged_up_to: 2 };
    assert_eq!(tombstones.due(2), Err(gap));
}

#[test]
fn nonsense_is_refused() {
    let due = |version, after, versions: &[u64]| {
        let each = |version: &u64| purge(*version, Purged::Prefix("/".into()));
        let purges = versions.iter().map(each).collect();
        Tombstones { schema: SCHEMA, version, after, purges }.due(9).map(drop)
    };
    assert_eq!(due(5, 0, &[1, 3, 5]), Ok(()));
    assert_eq!(due(5, 0, &[1, 1]), Err(BadTombstones::OutOfOrder(1)));
    assert_eq!(due(5, 2, &[2]), Err(BadTombstones::OutOfOrder(2)));
    assert_eq!(due(5, 0, &[6]), Err(BadTombstones::OutOfOrder(6)));
    let many: Vec<u64> = (1..=MAX_PURGES as u64 + 1).collect();
    assert_eq!(due(10_000, 0, &many), Err(BadTombstones::TooMany(MAX_PURGES + 1)));
}

fn any_purge() -> impl Strategy<Value = Purge> {
    let path = "/[ab]{0,3}(/[ab]{0,2})?";
    let what = prop_oneof![
        path.prop_map(|path| Purged::Object(entry("g", "t", &path, &[]).id())),
        path.prop_map(Purged::Path),
        "[tu]".prop_map(|title| Purged::Title(TitleName::new(title).expect("name"))),
        path.prop_map(Purged::Prefix),
        "[xy]".prop_map(|name| Purged::Tag(tag(&name))),
    ];
    ("[gh]", what).prop_map(|(name, what)| Purge { version: 1, group: group(&name), what })
}

proptest! {
    #[test]
    fn many_take_what_one_of_them_takes(
        purges in proptest::collection::vec(any_purge(), 0..12),
        entries in proptest::collection::vec(
            ("[gh]", "[tuv]", "/[ab]{0,4}(/[ab]{0,3})?([?]a)?", proptest::option::of("[xyz]")),
            1..12,
        ),
    ) {
        let rules: Rules = purges.iter().collect();
        for (group, title, path, tag) in entries {
            let tags: Vec<&str> = tag.iter().map(String::as_str).collect();
            let entry = entry(&group, &title, &path, &tags);
            let one = purges.iter().any(|purge| purge.takes(&entry));
            prop_assert_eq!(rules.take(&entry), one, "{:?}", entry);
        }
    }
}
