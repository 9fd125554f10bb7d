//! Whatever is read, failed and forgotten, in whatever order: the same is read back as from a model in memory.

use crate::reading;
use config_render::archive::DeviceKind;
use config_render::revisions::{
    BackupState, Cause, FileKept, Head, Kept, Reading, Revision, Store,
};
use contract::time::TimeUs;
use db::testing;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Keep(Reading),
    Failed { device: String, at: TimeUs, why: String },
    Forget { before: TimeUs, keep: i64 },
}

const DEVICES: [&str; 3] = ["oca1.munich", "r1", "é/../x"];
const PATHS: [&str; 4] = ["/etc/frr/frr.conf", "/etc/a", "running-config", "B"];
const TEXTS: [&str; 4] = ["hostname a\n", "hostname b\n!\nrouter bgp 65000\n", "", "é\n"];

fn device() -> impl Strategy<Value = String> {
    prop::sample::select(&DEVICES[..]).prop_map(str::to_owned)
}

fn at() -> impl Strategy<Value = TimeUs> {
    (0..20_i64).prop_map(|at_s| TimeUs(at_s * 1_000_000))
}

fn read() -> impl Strategy<Value = Step> {
    let files = prop::sample::subsequence(&PATHS[..], 1..=2);
    let texts = prop::collection::vec(prop::sample::select(&TEXTS[..]), 2);
    let kinds = prop::sample::select(&[DeviceKind::Frr, DeviceKind::Bird][..]);
    let causes = prop::sample::select(&[Cause::Schedule, Cause::Asked, Cause::Change][..]);
    (device(), at(), files.prop_shuffle(), texts, kinds, causes).prop_map(
        |(device, at, paths, texts, kind, cause)| {
            let files: Vec<_> = paths.into_iter().zip(texts).collect();
            Step::Keep(Reading { kind, cause, ..reading(&device, at.unix_s(), &files) })
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let why = prop::sample::select(&["no route", "a\nb"][..]).prop_map(str::to_owned);
    prop_oneof![
        12 => read(),
        2 => (device(), at(), why).prop_map(|(device, at, why)| Step::Failed { device, at, why }),
        1 => (at(), 0..4_i64).prop_map(|(before, keep)| Step::Forget { before, keep }),
    ]
}

/// All that a store should hold.
#[derive(Default)]
struct Model {
    revisions: Vec<Revision>,
    states: BTreeMap<String, BackupState>,
    last_id: i64,
}

impl Model {
    fn of(&self, device: &str) -> impl DoubleEndedIterator<Item = &Revision> {
        self.revisions.iter().filter(move |it| it.head.device == device)
    }

    fn state(&mut self, device: &str, at: TimeUs) -> (&mut BackupState, bool) {
        let new = BackupState {
            device: device.to_owned(),
            tried_at: at,
            taken_at: None,
            latest: None,
            why: None,
        };
        let state = self.states.entry(device.to_owned()).or_insert(new);
        let is_last = at >= state.tried_at;
        state.tried_at = state.tried_at.max(at);
        (state, is_last)
    }

    fn keep(&mut self, reading: &Reading) -> Kept {
        let mut files: Vec<FileKept> = (reading.files.iter())
            .map(|it| FileKept { path: it.path.clone(), text: it.redacted.text.clone() })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let latest = self.of(&reading.device).next_back().cloned();
        let (state, is_last) = self.state(&reading.device, reading.taken_at);
        state.taken_at = state.taken_at.max(Some(reading.taken_at));
        if is_last {
            state.why = None;
        }
        let number = match latest {
            Some(latest) if latest.files == files => return Kept::Unchanged(latest.head),
            Some(latest) => latest.head.number + 1,
            None => 1,
        };
        state.latest = Some(number);
        self.last_id += 1;
        let head = Head {
            id: self.last_id,
            device: reading.device.clone(),
            number,
            kind: reading.kind,
            taken_at: reading.taken_at,
            cause: reading.cause,
            redacted: reading.files.iter().map(|it| it.redacted.count).sum(),
            files: files.len(),
        };
        self.revisions.push(Revision { head: head.clone(), files });
        Kept::New(head)
    }

    fn failed(&mut self, device: &str, at: TimeUs, why: &str) {
        let (state, is_last) = self.state(device, at);
        if is_last {
            state.why = Some(why.replace('\n', " "));
        }
    }

    fn forget(&mut self, before: TimeUs, keep: i64) -> u64 {
        let newer = |it: &Revision| {
            self.of(&it.head.device).filter(|other| other.head.number > it.head.number).count()
        };
        let goes = |it: &Revision| {
            it.head.taken_at < before && newer(it) >= usize::try_from(keep.max(1)).expect("few")
        };
        let stay: Vec<Revision> = self.revisions.iter().filter(|it| !goes(it)).cloned().collect();
        let gone = self.revisions.len() - stay.len();
        self.revisions = stay;
        gone as u64
    }
}

async fn carry_out(store: &Store, model: &mut Model, step: &Step) {
    match step {
        Step::Keep(reading) => {
            assert_eq!(store.keep(reading).await.expect("kept"), model.keep(reading));
        }
        Step::Failed { device, at, why } => {
            store.failed(device, *at, why).await.expect("noted");
            model.failed(device, *at, why);
        }
        Step::Forget { before, keep } => {
            let gone = store.forget(*before, *keep).await.expect("forgotten");
            assert_eq!(gone, model.forget(*before, *keep));
        }
    }
}

async fn all_pages(store: &Store, page: i64) -> Vec<Revision> {
    let (mut all, mut last) = (Vec::new(), 0);
    loop {
        let some = store.after(last, page).await.expect("read");
        assert!(some.len() <= usize::try_from(page).expect("few"));
        let Some(end) = some.last() else { return all };
        last = end.head.id;
        all.extend(some);
    }
}

async fn whole_log(store: &Store, device: Option<&str>, page: i64) -> Vec<Head> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let some = store.log(device, before, page).await.expect("read");
        let Some(end) = some.last() else { return all };
        before = Some(end.id);
        all.extend(some);
    }
}

async fn compare(store: &Store, model: &Model, page: i64) {
    assert_eq!(all_pages(store, page).await, model.revisions);
    let heads = model.revisions.iter().rev().map(|it| it.head.clone());
    assert_eq!(whole_log(store, None, page).await, heads.collect::<Vec<_>>());
    for device in DEVICES {
        let heads = model.of(device).rev().map(|it| it.head.clone());
        assert_eq!(whole_log(store, Some(device), page).await, heads.collect::<Vec<_>>());
        let latest = store.revision(device, None).await.expect("read");
        assert_eq!(latest.as_ref(), model.of(device).next_back());
        for number in 0..4 {
            let one = store.revision(device, Some(number)).await.expect("read");
            assert_eq!(one.as_ref(), model.of(device).find(|it| it.head.number == number));
        }
    }
    let states: Vec<_> = model.states.values().cloned().collect();
    assert_eq!(store.states().await.expect("read"), states);
}

/// Texts that nobody names are none.
async fn texts(db: &db::Db) -> usize {
    let rows = sqlx::query("SELECT digest FROM config_texts").fetch_all(db.read());
    rows.await.expect("read").len()
}

#[tokio::test]
async fn the_same_is_read_back() {
    for test in testing::both().await {
        let (store, mut runner) = (Store::new(test.db.clone()), TestRunner::deterministic());
        for round in 0..40 {
            let steps = prop::collection::vec(step(), 1..30).new_tree(&mut runner);
            let steps = steps.expect("steps").current();
            let mut model = begun_anew(&test.db).await;
            for step in &steps {
                carry_out(&store, &mut model, step).await;
            }
            compare(&store, &model, 1 + round % 5).await;
            let _ = store.forget(TimeUs(0), 1).await.expect("forgotten");
            let mut named: Vec<_> =
                model.revisions.iter().flat_map(|it| &it.files).map(|it| &it.text).collect();
            named.sort();
            named.dedup();
            assert_eq!(texts(&test.db).await, named.len(), "{}: {steps:?}", test.name);
        }
    }
}

/// Nothing is there; ids go on.
async fn begun_anew(db: &db::Db) -> Model {
    for table in ["config_revision_files", "config_revisions", "config_texts", "config_backups"] {
        let text = sqlx::AssertSqlSafe(format!("DELETE FROM {table}"));
        sqlx::query(text).execute(db.write()).await.expect(table);
    }
    let last = db::counters::value(db, db::counters::Counter::ConfigRevision).await;
    Model { last_id: last.expect("a counter"), ..Model::default() }
}
