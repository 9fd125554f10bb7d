use super::record::write;
use super::*;
use crate::store::Snapshot;
use crate::{CatalogObject, NewObject, RightsWindow, Title, TitleSpec};
use contract::catalogue::Ordinal;
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::tags::Tags;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn title(name: &str) -> Title {
    let spec = TitleSpec {
        group: GroupName::new("g").expect("name"),
        title: TitleName::new(name).expect("name"),
        name: name.to_owned(),
        base_path: format!("/{name}"),
        hls: None,
        dash: None,
        tags: Tags::default(),
    };
    Title { spec, revision: 1, added_at: TimeUs(1), window: RightsWindow::default(), terms: vec![] }
}

fn object(of: &Title, ordinal: Ordinal, content: &str) -> CatalogObject {
    CatalogObject {
        ordinal,
        group: of.spec.group.clone(),
        title: of.spec.title.clone(),
        file: NewObject {
            path: format!("{}/{ordinal}.m4s", of.spec.base_path),
            size_bytes: content.len() as u64,
            blake3: Digest::of(content.as_bytes()),
            modified: TimeUs(2),
            bitrate_bits_per_s: None,
        },
        tags: of.spec.tags.clone(),
        window: of.window,
    }
}

fn record(name: &str, contents: &[&str]) -> Record {
    let title = title(name);
    let first = u32::from(name.as_bytes()[0]) * 100;
    let objects = contents.iter().zip(first..).map(|(content, at)| object(&title, at, content));
    Record { objects: objects.collect(), title }
}

#[test]
fn what_is_written_is_read() {
    let mut record = record("t", &["a", "bc"]);
    record.title.window.serve_until = Some(TimeUs(9));
    for object in &mut record.objects {
        object.window = record.title.window;
    }
    let (digest, bytes) = write(&record.title, record.objects.iter()).expect("json");
    assert_eq!(Record::read(&bytes).expect("a record"), record);
    assert_eq!(write(&record.title, record.objects.iter()).expect("json"), (digest, bytes));
    assert!(Record::read(b"{}").is_err());
}

/// Another text is another digest: at the first start of a release that writes it otherwise, every title would be
/// another, and the version refused for it.
#[test]
fn what_is_written_stays_as_it_is() {
    let mut record = record("t", &["a"]);
    record.title.spec.hls = Some(crate::Playlist { path: "/t/a".into(), text: "x".into() });
    record.title.window.serve_until = Some(TimeUs(9));
    record.title.terms = vec![crate::terms::Terms {
        region: Some("de".into()),
        window: RightsWindow { serve_from: Some(TimeUs(3)), serve_until: None },
        lacks: vec!["subtitles".into()],
    }];
    let (_, bytes) = write(&record.title, record.objects.iter()).expect("json");
    let expected = concat!(
        r#"{"spec":{"group":"g","title":"t","name":"t","base_path":"/t","hls":{"path":"/t/a","text":"x"},"#,
        r#""dash":null,"tags":[]},"revision":1,"added_at_us":1,"serve_until_us":9,"#,
        r#""terms":[{"region":"de","serve_from_us":3,"lacks":["subtitles"]}],"objects":[{"ordinal":11600,"#,
        r#""path":"/t/11600.m4s","size_bytes":1,"#,
        r#""blake3":"17762fddd969a453925d65717ac3eea21320b66b54342fde15128d6caf21215f","#,
        r#""modified":2,"bitrate_bits_per_s":null}]}"#,
    );
    assert_eq!(String::from_utf8(bytes).expect("text"), expected);
}

#[test]
fn a_snapshot_is_its_records() {
    let records = vec![record("b", &["x"]), record("a", &["y", "z"])];
    let snapshot = Snapshot::of_records(7, records);
    let (state, texts) = State::of(&snapshot).expect("json");
    let again = state.records.values().map(|digest| Record::read(&texts[digest]).expect("record"));
    assert_eq!(Snapshot::of_records(7, again.collect()), snapshot);
    assert_eq!(Size::of(&snapshot), Size { titles: 2, objects: 3, bytes: 3 });
}

#[test]
fn a_difference_names_what_differs() {
    let before = record("t", &["a", "b"]);
    let is = |after: &Record| match TitleDifference::of(Some(&before), Some(after)) {
        Some(TitleDifference {
            difference: Difference::Changed { what, objects_added, objects_removed },
            ..
        }) => Some((what, objects_added, objects_removed)),
        None => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(is(&before), None);
    assert_eq!(is(&record("t", &["a", "c", "d"])), Some((vec!["objects"], 2, 1)));
    let mut named = before.clone();
    named.title.spec.name = "Another".to_owned();
    assert_eq!(is(&named), Some((vec!["name"], 0, 0)));
    let mut open = before.clone();
    open.title.window.serve_from = Some(TimeUs(3));
    for object in &mut open.objects {
        object.window = open.title.window;
    }
    assert_eq!(is(&open), Some((vec!["window"], 0, 0)));
    let added = TitleDifference::of(None, Some(&before)).expect("new").difference;
    assert_eq!(added, Difference::Added { objects: 2, bytes: 2 });
    let removed = TitleDifference::of(Some(&before), None).expect("gone").difference;
    assert_eq!(removed, Difference::Removed { objects: 2, bytes: 2 });
}

fn size(titles: u64) -> Size {
    Size { titles, objects: titles * 10, bytes: titles * 1000 }
}

fn gone(count: u64) -> Vec<Change> {
    let key = |at| {
        let name = TitleName::new(format!("t{at}")).expect("name");
        (GroupName::new("g").expect("name"), name)
    };
    let digest = Some(Digest::of(b"x"));
    (0..count).map(|at| Change { key: key(at), before: digest, after: None }).collect()
}

#[test]
fn a_catalogue_that_shrank_by_half_is_not_announced() {
    let words = |before: u64, after: u64| -> Vec<String> {
        let changes = gone(before.saturating_sub(after));
        let beside = Beside { version: 4, size: size(before), changes: &changes };
        findings(size(after), &[beside]).iter().map(ToString::to_string).collect()
    };
    assert_eq!(words(100, 51), Vec::<String>::new());
    assert_eq!(
        words(100, 50),
        [
            "50 titles are left of 100 in version 4",
            "500 objects are left of 1000 in version 4",
            "50000 bytes are left of 100000 in version 4",
        ]
    );
    assert_eq!(
        words(100, 20).last().expect("more"),
        "80 of the 100 titles of version 4 are gone or another"
    );
    // Few titles go as people please, and what comes is nobody's loss.
    assert_eq!(words(19, 0), Vec::<String>::new());
    assert_eq!(words(20, 5000), Vec::<String>::new());
}

#[test]
fn what_is_another_without_being_less_is_found_too() {
    let mut changes = gone(60);
    for change in &mut changes {
        change.after = Some(Digest::of(b"y"));
    }
    let beside = Beside { version: 4, size: size(100), changes: &changes };
    let found = findings(size(100), &[beside]);
    assert_eq!(found, [Finding::Changed { titles: 60, of: 100, beside: 4 }]);
}

fn state() -> impl Strategy<Value = State> {
    let named =
        |name: String| (GroupName::new("g").expect("name"), TitleName::new(name).expect("name"));
    btree_map("[a-e]", 0u8..4, 0..5).prop_map(move |records| State {
        records: records.into_iter().map(|(name, it)| (named(name), Digest::of(&[it]))).collect(),
    })
}

proptest! {
    #[test]
    fn changes_lead_there_and_back(states in vec(state(), 1..6)) {
        let mut now = State::default();
        let mut steps = Vec::new();
        for state in &states {
            let changes = state.since(&now);
            changes.iter().for_each(|change| now.apply(change));
            prop_assert_eq!(&now, state);
            steps.push(changes);
        }
        let befores = [&[State::default()], states.as_slice()].concat();
        for (changes, state) in steps.iter().zip(&befores[..states.len()]).rev() {
            changes.iter().for_each(|change| now.undo(change));
            prop_assert_eq!(&now, state);
            prop_assert_eq!(now.digest(), state.digest());
        }
    }
}
