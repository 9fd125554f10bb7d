use super::*;
use crate::disk::{Disk, DiskSetup};
use crate::layout;
use crate::recover::FoundObject;
use crate::storage::Kernel;
use crate::sums::Sums;
use contract::object::ObjectId;
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// Makes objects, of which no byte stands anywhere.
struct Maker {
    disk: Arc<Disk>,
    serial: u64,
    _folder: TempDir,
}

impl Maker {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (capacity_bytes, reserve_bytes) = (1 << 30, 0);
        let setup = DiskSetup {
            folder: folder.path().into(),
            class: contract::config::DiskClass::Ssd,
            capacity_bytes,
            reserve_bytes,
        };
        let disk = Arc::new(Disk::open(setup, Arc::new(Kernel), None).expect("a disk"));
        Self { disk, serial: 0, _folder: folder }
    }

    fn whole(&mut self, entry: &Arc<CatalogueEntry>) -> Arc<Object> {
        self.object(entry, Sums::whole(entry.size_bytes, std::iter::empty()))
    }

    fn arriving(&mut self, entry: &Arc<CatalogueEntry>) -> Arc<Object> {
        self.object(entry, Sums::none(entry.size_bytes, true))
    }

    fn object(&mut self, entry: &Arc<CatalogueEntry>, sums: Sums) -> Arc<Object> {
        self.serial += 1;
        let (entry, disk) = (Arc::clone(entry), Arc::clone(&self.disk));
        let serial = self.serial;
        let found = FoundObject { entry, disk, serial, sums, received: None };
        Object::found(found)
    }
}

/// A version of one of a few paths.
fn entry(path: u8, version: u8) -> Arc<CatalogueEntry> {
    Arc::new(layout::tests::entry(&format!("/{path}"), &[version]))
}

/// What the index should say, in the plainest form.
#[derive(Default)]
struct Model {
    held: HashMap<Arc<str>, (ObjectId, u64)>,
    arriving: HashMap<Arc<str>, (ObjectId, u64)>,
    wanted: Vec<Arc<CatalogueEntry>>,
}

impl Model {
    fn wants(&self, path: &str) -> Option<ObjectId> {
        self.wanted.iter().find(|entry| &*entry.path == path).map(|entry| entry.id())
    }

    fn missing(&self) -> Vec<Arc<CatalogueEntry>> {
        let held = |entry: &CatalogueEntry| self.held.get(&entry.path).map(|held| held.0);
        self.wanted.iter().filter(|entry| held(entry) != Some(entry.id())).cloned().collect()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Restore(Vec<(u8, u8)>),
    Want(Vec<(u8, u8)>),
    Begin(u8, u8),
    Publish(u8),
    Withdraw(u8),
    Purge(u8),
    Relocate(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = (0u8..12, 0u8..3);
    let keys = proptest::collection::btree_map(0u8..12, 0u8..3, 0..12);
    let keys = keys.prop_map(|keys| keys.into_iter().collect::<Vec<_>>()).prop_shuffle();
    let step = prop_oneof![
        2 => keys.clone().prop_map(Step::Want),
        1 => keys.prop_map(Step::Restore),
        6 => key.prop_map(|(path, version)| Step::Begin(path, version)),
        6 => (0u8..12).prop_map(Step::Publish),
        2 => (0u8..12).prop_map(Step::Withdraw),
        1 => (0u8..3).prop_map(Step::Purge),
        2 => (0u8..12).prop_map(Step::Relocate),
    ];
    proptest::collection::vec(step, 1..60)
}

fn serials(objects: &[Arc<Object>]) -> Vec<u64> {
    let mut serials: Vec<_> = objects.iter().map(|object| object.body.serial).collect();
    serials.sort_unstable();
    serials
}

fn sorted(serials: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut serials: Vec<_> = serials.collect();
    serials.sort_unstable();
    serials
}

/// Takes one step with both; what leaves is the same.
fn take(step: Step, index: &Index, model: &mut Model, maker: &mut Maker) {
    let (gone, expected) = match step {
        Step::Restore(keys) => {
            let objects: Vec<_> =
                keys.iter().map(|(path, version)| maker.whole(&entry(*path, *version))).collect();
            let twins = objects.iter().flat_map(|object| {
                let (path, held) = (&object.entry.path, (object.entry.id(), object.body.serial));
                let twin = model.held.insert(Arc::clone(path), held);
                // What was to become a copy of it, and did not.
                let is_leftover = model.arriving.get(path).is_some_and(|it| it.0 == held.0);
                let leftover = is_leftover.then(|| model.arriving.remove(path)).flatten();
                twin.into_iter().chain(leftover).map(|gone| gone.1)
            });
            let twins = sorted(twins);
            (serials(&index.restore(objects.into_iter())), twins)
        }
        Step::Want(keys) => {
            model.wanted = keys.iter().map(|(path, version)| entry(*path, *version)).collect();
            let wanted: HashMap<_, _> =
                model.wanted.iter().map(|entry| (Arc::clone(&entry.path), entry.id())).collect();
            let held = model.held.extract_if(|path, _| !wanted.contains_key(path));
            // What has come of another version than the wanted one is of no use.
            let arriving = &mut model.arriving;
            let coming = arriving.extract_if(|path, held| wanted.get(path) != Some(&held.0));
            let out = sorted(held.chain(coming).map(|out| out.1.1));
            (serials(&index.set_wanted(model.wanted.clone())), out)
        }
        Step::Begin(path, version) => {
            let object = maker.arriving(&entry(path, version));
            let (id, serial) = (object.entry.id(), object.body.serial);
            let expected = if model.wants(&object.entry.path) == Some(id) {
                let before = model.arriving.insert(Arc::clone(&object.entry.path), (id, serial));
                before.map(|before| before.1)
            } else {
                Some(serial)
            };
            let gone: Vec<_> = index.begin(object).into_iter().collect();
            (serials(&gone), expected.into_iter().collect())
        }
        Step::Publish(path) => {
            let path = entry(path, 0).path.clone();
            let group = entry(0, 0).common.group.clone();
            let object = index.look(&group, &path, |seen| seen.arriving.cloned()).flatten();
            let expected = model.arriving.remove(&path);
            assert_eq!(object.as_ref().map(|object| object.body.serial), expected.map(|it| it.1));
            let before = expected.and_then(|arrived| model.held.insert(path, arrived));
            let gone: Vec<_> =
                object.and_then(|object| publish(index, &object)).into_iter().collect();
            (serials(&gone), before.map(|before| before.1).into_iter().collect())
        }
        Step::Withdraw(path) => {
            let path = entry(path, 0).path.clone();
            let group = entry(0, 0).common.group.clone();
            let object = index.look(&group, &path, |seen| seen.held.cloned()).flatten();
            if let Some(object) = object {
                assert!(index.withdraw(&object) && !index.withdraw(&object));
                model.held.remove(&path);
            }
            (vec![], vec![])
        }
        Step::Relocate(path) => {
            let key = entry(path, 0);
            let held =
                index.look(&key.common.group, &key.path, |seen| seen.held.cloned()).flatten();
            if let Some(old) = held {
                let copy = maker.whole(&old.entry);
                old.body.sums.complete();
                assert!(index.relocate(&old, &copy) && !index.relocate(&old, &copy));
                model.held.insert(Arc::clone(&key.path), (old.entry.id(), copy.body.serial));
            }
            (vec![], vec![])
        }
        Step::Purge(version) => {
            let digest = entry(0, version).blake3;
            let gone = index.purge(|entry| entry.blake3 == digest);
            let ids: Vec<_> = (0..12).map(|path| entry(path, version).id()).collect();
            let held = model.held.extract_if(|_, held| ids.contains(&held.0));
            let coming = model.arriving.extract_if(|_, held| ids.contains(&held.0));
            (serials(&gone), sorted(held.chain(coming).map(|out| out.1.1)))
        }
    };
    assert_eq!(gone, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_index_says_what_a_plain_map_says(steps in steps()) {
        let (index, mut model, mut maker) = (Index::default(), Model::default(), Maker::new());
        for step in steps {
            let (losses, missing) = (index.losses(), index.missing());
            take(step, &index, &mut model, &mut maker);
            let is_new = |entry: &Arc<CatalogueEntry>| !missing.contains(entry);
            prop_assert!(index.losses() > losses || !index.missing().iter().any(is_new));
            for path in 0..12 {
                let key = entry(path, 0);
                let found = index.look(&key.common.group, &key.path, |seen| {
                    let known = |object: &Arc<Object>| (object.entry.id(), object.body.serial);
                    let here = [seen.held, seen.arriving].map(|it| it.map(known));
                    (here, seen.wanted.map(|wanted| wanted.id()))
                });
                let here = [&model.held, &model.arriving].map(|it| it.get(&key.path).copied());
                let wanted = model.wants(&key.path);
                let is_known = here.iter().any(Option::is_some) || wanted.is_some();
                let expected = is_known.then_some((here, wanted));
                prop_assert_eq!(found, expected);
            }
            prop_assert_eq!(index.missing(), model.missing());
            let [wanted, held] = index.totals();
            prop_assert_eq!(wanted.0, model.wanted.len() as u64);
            prop_assert_eq!(held.0, (model.wanted.len() - model.missing().len()) as u64);
        }
    }
}

#[test]
fn readers_see_one_version_or_the_next_whatever_is_written() {
    let (index, mut maker) = (Index::default(), Maker::new());
    let versions = [entry(1, 1), entry(1, 2)];
    let beside: Vec<_> = (2..200).map(|path| entry(path, 1)).collect();
    index.set_wanted(vec![Arc::clone(&versions[0])]);
    let mut arrive = |version| {
        let object = maker.arriving(version);
        let replaced = index.begin(Arc::clone(&object));
        assert!(replaced.is_none());
        publish(&index, &object)
    };
    assert!(arrive(&versions[0]).is_none());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = || {
            let mut looks = 0;
            while !is_over.load(Ordering::Relaxed) {
                let key = &versions[0];
                let held = index.look(&key.common.group, &key.path, |seen| seen.held.cloned());
                let held = held.flatten().expect("held all the time");
                assert!(versions.iter().any(|version| version.is_same(&held.entry)));
                looks += 1;
            }
            looks
        };
        let readers = [scope.spawn(reader), scope.spawn(reader)];
        for round in 0..300 {
            let version = &versions[round % 2];
            let mut wanted = beside[..round % beside.len()].to_vec();
            wanted.push(Arc::clone(version));
            index.set_wanted(wanted);
            arrive(version);
            index.purge(|entry| &*entry.path != "/1");
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(readers.into_iter().all(|reader| reader.join().expect("no panic") > 0));
    });
}

/// All of it has arrived; gives what it replaces.
fn publish(index: &Index, object: &Object) -> Option<Arc<Object>> {
    object.body.sums.complete();
    match index.publish(object) {
        Published::InPlaceOf(before) => before,
        other => panic!("{other:?}"),
    }
}

/// An index that wants one object, which is to begin.
fn wanted() -> (Index, Arc<Object>, Maker) {
    let (index, mut maker) = (Index::default(), Maker::new());
    let version = entry(1, 1);
    index.set_wanted(vec![Arc::clone(&version)]);
    (index, maker.arriving(&version), maker)
}

#[test]
fn what_has_lost_a_slice_before_anybody_saw_it_goes_on_arriving() {
    let (index, object, _maker) = wanted();
    assert!(index.begin(Arc::clone(&object)).is_none());
    object.body.sums.complete();
    object.body.sums.lose(0);
    assert!(matches!(index.publish(&object), Published::Lacking));
    assert!(index.lacks(&object.entry) && index.arriving(&object.entry).is_some());
    index.purge(|_| true);
    assert!(matches!(index.publish(&object), Published::OutOfSight));
}

#[test]
fn nothing_begins_on_a_disk_that_was_ejected_meanwhile() {
    let (index, object, _maker) = wanted();
    object.body.disk.eject();
    let refused = index.begin(Arc::clone(&object)).expect("given back");
    assert!(refused.is_same(&object) && index.arriving(&object.entry).is_none());
}
