//! What the other boxes of a site say, beside purges that come while they are asked.

mod parts;

use cache::Cache;
use contract::config::Fill;
use contract::names::{DeviceName, GroupName};
use contract::object::ObjectKey;
use contract::sources::{Neighbour, Source, SourceKind, Sources};
use contract::time::TimeUs;
use contract::tombstones::PurgedUpTo;
use fill::neighbours::Known;
use fill::{FetchFailed, Filler, Neighbours, Offers, Promise, Routes, Rules};
use parts::{Nobody, open_cache};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

const NOW: TimeUs = TimeUs(1_000_000_000);

/// A sibling that holds everything, and has purged so far.
struct Sibling {
    purged: PurgedUpTo,
    asked: Mutex<Vec<PurgedUpTo>>,
    /// The first answer is under way until told.
    is_asked: Notify,
    may_answer: Notify,
}

impl Offers for Sibling {
    fn offers<'a>(
        &'a self,
        _: &'a Source,
        _: &'a ObjectKey,
        purged: PurgedUpTo,
    ) -> Promise<'a, Result<bool, FetchFailed>> {
        Box::pin(async move {
            let is_first = {
                let mut asked = self.asked.lock().expect("lock");
                asked.push(purged);
                asked.len() == 1
            };
            if is_first {
                self.is_asked.notify_one();
                self.may_answer.notified().await;
            }
            Ok(self.purged.covers(purged))
        })
    }
}

fn key() -> ObjectKey {
    ObjectKey { group: GroupName::new("g").expect("name"), path: "/a.mp4".into() }
}

fn up_to(version: u64) -> PurgedUpTo {
    PurgedUpTo { epoch: 1, version }
}

fn sources() -> Sources {
    let source = Source {
        kind: SourceKind::Peer(DeviceName::new("oca2").expect("name")),
        address: ([127, 0, 0, 1], 1).into(),
        tls_name: None,
        origin: None,
        after_s: 0,
        cap_bytes_per_s: None,
    };
    let viewers = BTreeMap::from([(key().group, "oca2.test".to_owned())]);
    let neighbours = vec![Neighbour { source, viewers }];
    Sources { schema: 1, manifest_version: 1, batches: vec![], neighbours }
}

fn neighbours(cache: &Arc<Cache>, sibling: &Arc<Sibling>) -> Arc<Neighbours> {
    let filler = Filler::new(fill::Setup {
        cache: Arc::clone(cache),
        upstream: Arc::new(Nobody),
        offload: Arc::new(fill::Threads),
        seed: 7,
        rules: Rules::of(&Fill::default()).expect("rules"),
        clock: Arc::new(|| NOW),
        watch: Arc::new(Nobody),
    });
    filler.set_routes(Routes::new(&DeviceName::new("oca1").expect("name"), sources()));
    Neighbours::new(filler, Arc::clone(sibling) as _, tokio::runtime::Handle::current())
}

#[tokio::test]
async fn a_purge_makes_what_boxes_have_said_worth_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let cache = open_cache(folder.path(), 64 << 20);
    cache.has_purged(up_to(6)).expect("marked");
    let sibling = Arc::new(Sibling {
        purged: up_to(6),
        asked: Mutex::default(),
        is_asked: Notify::new(),
        may_answer: Notify::new(),
    });
    let neighbours = neighbours(&cache, &sibling);
    assert_eq!(neighbours.known(&key(), NOW), Known::Ask);

    // It has yes on its lips when this box carries a purge out.
    let resolving = neighbours.ask(&key()).expect("it is asked");
    sibling.is_asked.notified().await;
    cache.begin_purges(up_to(7));
    sibling.may_answer.notify_one();
    resolving.await;
    assert_eq!(neighbours.known(&key(), NOW), Known::Nobody);
    assert_eq!(*sibling.asked.lock().expect("lock"), [up_to(6), up_to(7)]);

    // One that says yes is believed until the next purge, and no longer.
    cache.has_purged(up_to(6)).expect("marked");
    neighbours.ask(&key()).expect("it is asked").await;
    assert_eq!(neighbours.known(&key(), NOW), Known::At("oca2.test".into()));
    cache.has_purged(up_to(7)).expect("marked");
    assert_eq!(neighbours.known(&key(), NOW), Known::Ask);
}
