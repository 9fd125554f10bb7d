//! Content that nobody ordered: readable slice by slice, found again, evicted within its share,
//! and gone when it is purged, whatever was under way.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use cache::received::{Absence, Facts, NotReceived, Terms, Validator};
use cache::{
    Bring, Cache, Demanded, IntakeError, Object, ReadFailed, Resolving, Share, VerifiedBlock,
};
use contract::catalogue::{CatalogueEntry, Common};
use contract::names::{GroupName, TagName};
use contract::object::ObjectKey;
use contract::slices::{SLICE_BYTES, slice_range};
use contract::tags::Tags;
use contract::time::TimeUs;
use parts::{Box_, content, entry, open, poll};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::Poll;

const NOW: TimeUs = TimeUs(1_000_000_000);
const MIB: usize = 1 << 20;

/// Remembers which slices somebody waits for.
#[derive(Default)]
struct Asked(Mutex<Vec<u32>>);

impl Bring for Asked {
    fn hasten(&self, _: &ObjectKey, _: u64) -> Option<Resolving> {
        None
    }

    fn resolve(&self, _: &ObjectKey, _: u64) -> Option<Resolving> {
        None
    }

    fn bring(&self, _: &Arc<Object>, slice: u32) {
        self.0.lock().expect("lock").push(slice);
    }

    fn refresh(&self, _: &Arc<Object>) {}
}

impl Asked {
    fn take(&self) -> Vec<u32> {
        std::mem::take(&mut *self.0.lock().expect("lock"))
    }
}

fn group() -> GroupName {
    GroupName::new("g").expect("name")
}

fn facts(path: &str, size: usize) -> Facts {
    let tag = TagName::new("show-1").expect("name");
    Facts {
        key: ObjectKey { group: group(), path: path.into() },
        size_bytes: size as u64,
        validator: Validator::Etag("\"v1\"".into()),
        media_type: None,
        modified: None,
        tags: Tags::new(vec![tag]).expect("one"),
        terms: Terms {
            born: NOW,
            validated: NOW,
            fresh_until: NOW.plus_s(60),
            players_until: None,
            while_revalidate_until: NOW.plus_s(60),
            if_error_until: NOW.plus_s(60),
        },
    }
}

fn opened(folder: &Path, share_bytes: u64) -> (Box_, Arc<Asked>) {
    let host = open(folder, 64 << 20);
    host.cache.set_shares(&[Share { group: group(), bytes: share_bytes }]);
    let asked = Arc::new(Asked::default());
    let weak = Arc::downgrade(&asked);
    host.cache.set_bring(weak);
    (host, asked)
}

fn begin(cache: &Cache, path: &str, size: usize) -> Arc<Object> {
    let since = cache.since();
    let object = cache.lay_out_received(facts(path, size)).expect("room");
    cache.show_received(&object, since).expect("in sight");
    object
}

fn put(cache: &Cache, object: &Arc<Object>, whole: &[u8], slice: u32) -> Result<(), IntakeError> {
    let range = slice_range(whole.len() as u64, slice);
    let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).expect("small"));
    cache.put_received(object, slice, &whole[start..end])
}

fn usable(cache: &Cache, path: &str) -> Option<Arc<Object>> {
    match cache.demanded(&group(), path, None, NOW) {
        Demanded::Usable(object) => Some(object),
        _ => None,
    }
}

/// What a block comes to once the disk has answered.
fn read(host: &Box_, object: &Arc<Object>, block: u32) -> Poll<Result<VerifiedBlock, ReadFailed>> {
    let mut read = host.cache.read(object, block);
    host.io.complete_all();
    poll(&mut read)
}

fn is_block(read: &Poll<Result<VerifiedBlock, ReadFailed>>, whole: &[u8], block: usize) -> bool {
    let expected = whole.chunks(256 << 10).nth(block).expect("a block");
    matches!(read, Poll::Ready(Ok(block)) if block.bytes() == expected)
}

#[test]
fn slices_are_read_as_they_come_and_found_again() {
    let folder = tempfile::tempdir().expect("folder");
    let whole = content(3 * MIB + 500, 1);
    {
        let (host, asked) = opened(folder.path(), 32 << 20);
        let object = begin(&host.cache, "/a", whole.len());
        let mut waiting = host.cache.read(&object, 4);
        assert!(poll(&mut waiting).is_pending());
        assert_eq!(asked.take(), [1]);
        put(&host.cache, &object, &whole, 1).expect("put");
        assert!(is_block(&poll(&mut waiting), &whole, 4));
        assert!(is_block(&read(&host, &object, 7), &whole, 7));
        put(&host.cache, &object, &whole, 3).expect("put");
        assert!(is_block(&read(&host, &object, 12), &whole, 12));
        let short = host.cache.put_received(&object, 0, b"short");
        assert!(matches!(short, Err(IntakeError::WrongLength { .. })));
    }
    // A process that was killed: nothing was synchronised, and nothing is sealed.
    let (host, asked) = opened(folder.path(), 32 << 20);
    let object = usable(&host.cache, "/a").expect("found again");
    assert_eq!(object.received().expect("received").facts(), &facts("/a", whole.len()));
    assert!(is_block(&read(&host, &object, 5), &whole, 5) && asked.take().is_empty());
    assert!(read(&host, &object, 0).is_pending());
    assert_eq!(asked.take(), [0]);
    // Who has waited hears that it does not come, and who asks then asks anew.
    let mut waiting = host.cache.read(&object, 1);
    host.cache.not_coming(&object, 0);
    assert!(matches!(poll(&mut waiting), Poll::Ready(Err(ReadFailed::NotComing { block: 1 }))));
}

#[test]
fn what_a_crash_has_torn_is_fetched_again_and_blames_no_disk() {
    let folder = tempfile::tempdir().expect("folder");
    let whole = content(2 * MIB, 2);
    let file = {
        let (host, _asked) = opened(folder.path(), 32 << 20);
        let object = begin(&host.cache, "/a", whole.len());
        put(&host.cache, &object, &whole, 0).expect("put");
        put(&host.cache, &object, &whole, 1).expect("put");
        object.file()
    };
    let torn = std::fs::File::options().write(true).open(&file).expect("there");
    torn.write_all_at(&[9; 4096], 8192 + SLICE_BYTES + 300_000).expect("torn");
    let (host, asked) = opened(folder.path(), 32 << 20);
    let object = usable(&host.cache, "/a").expect("found again");
    assert!(is_block(&read(&host, &object, 0), &whole, 0));
    assert!(matches!(read(&host, &object, 5), Poll::Ready(Err(ReadFailed::Corrupt { block: 5 }))));
    assert_eq!(host.cache.disks()[0].bad_blocks(), 0);
    assert!(read(&host, &object, 5).is_pending());
    assert_eq!(asked.take(), [1]);
    put(&host.cache, &object, &whole, 1).expect("put");
    assert!(is_block(&read(&host, &object, 5), &whole, 5));
}

#[test]
fn a_purge_takes_what_is_arriving_and_what_is_being_asked() {
    let folder = tempfile::tempdir().expect("folder");
    let whole = content(2 * MIB, 3);
    {
        let (host, _asked) = opened(folder.path(), 32 << 20);
        let cache = &host.cache;
        let object = begin(cache, "/a/1", whole.len());
        let other = begin(cache, "/b/1", whole.len());
        put(cache, &object, &whole, 0).expect("put");
        let mut waiting = cache.read(&object, 4);
        let since = cache.since();
        let asked_before = cache.lay_out_received(facts("/a/2", whole.len())).expect("room");
        let gone = cache.purge(|entry| entry.path.starts_with("/a/")).expect("purged");
        assert_eq!(gone, 1);
        assert!(usable(cache, "/a/1").is_none() && usable(cache, "/b/1").is_some());
        let cut = poll(&mut waiting);
        assert!(matches!(cut, Poll::Ready(Err(ReadFailed::NotComing { .. }))), "{cut:?}");
        // Whoever was bringing it brings nothing more, and nobody begins to wait.
        assert!(matches!(put(cache, &object, &whole, 1), Err(IntakeError::Withdrawn)));
        assert!(matches!(read(&host, &object, 4), Poll::Ready(Err(ReadFailed::NotComing { .. }))));
        let late = cache.show_received(&asked_before, since);
        assert!(matches!(late, Err(NotReceived::Purged)), "{late:?}");
        assert!(usable(cache, "/a/2").is_none());
        // By tag, after that: it stands on the disk with the object.
        drop(other);
    }
    let (host, _asked) = opened(folder.path(), 32 << 20);
    assert!(usable(&host.cache, "/a/1").is_none(), "no later process finds it");
    assert!(usable(&host.cache, "/b/1").is_some());
    let tag = TagName::new("show-1").expect("name");
    assert_eq!(host.cache.purge(|entry| entry.common.tags.contains(&tag)).expect("purged"), 1);
    assert!(usable(&host.cache, "/b/1").is_none());
}

/// A catalogue that this box holds nothing of says when something may be served.
#[test]
fn what_the_catalogue_has_a_window_for_is_served_within_it_alone() {
    let folder = tempfile::tempdir().expect("folder");
    let (host, _asked) = opened(folder.path(), 32 << 20);
    let cache = &host.cache;
    let mut entry = CatalogueEntry::clone(&entry("/a", b"content"));
    let common = Common { group: group(), ..Common::clone(&entry.common) };
    let (from, until) = (Some(NOW.plus_s(10)), Some(NOW.plus_s(20)));
    entry.common = Common { serve_from_us: from, serve_until_us: until, ..common }.share();
    begin(cache, "/a", 100);
    begin(cache, "/b", 100);
    cache.set_withheld([Arc::new(entry)]);
    for (at_s, is_open) in [(0, false), (10, true), (19, true), (20, false)] {
        for asked in [None, Some(NOW)] {
            let found = cache.demanded(&group(), "/a", asked, NOW.plus_s(at_s));
            let is_withheld = matches!(found, Demanded::Withheld);
            assert_eq!(is_withheld, !is_open, "after {at_s} s: {found:?}");
        }
    }
    assert!(usable(cache, "/b").is_some());
    assert_eq!(cache.served_until(&group(), "/a"), until);
    assert_eq!(cache.served_until(&group(), "/b"), None);
    cache.set_withheld([]);
    assert!(usable(cache, "/a").is_some());
}

/// What comes again takes no room beside what is there, and gives all of it back with the object.
#[test]
fn a_slice_that_comes_again_takes_no_more_memory() {
    let folder = tempfile::tempdir().expect("folder");
    let (host, _asked) = opened(folder.path(), 32 << 20);
    let (cache, whole) = (&host.cache, content(MIB, 5));
    let object = begin(cache, "/a", whole.len());
    for _ in 0..3 {
        put(cache, &object, &whole, 0).expect("put");
        assert_eq!(cache.ram_used_bytes(), MIB as u64);
    }
    assert!((0..4).all(|block| is_block(&read(&host, &object, block), &whole, block as usize)));
    drop(object);
    cache.purge(|_| true).expect("purged");
    assert_eq!(cache.ram_used_bytes(), 0);
}

#[test]
fn a_share_holds_and_what_is_asked_for_stays() {
    const SHARE: u64 = 16 << 20;
    let folder = tempfile::tempdir().expect("folder");
    let whole = content(MIB, 4);
    {
        let (host, _asked) = opened(folder.path(), SHARE);
        for round in 0..60 {
            let object = begin(&host.cache, &format!("/once/{round}"), whole.len());
            put(&host.cache, &object, &whole, 0).expect("put");
            drop(object);
            if usable(&host.cache, "/often").is_none() {
                let object = begin(&host.cache, "/often", whole.len());
                put(&host.cache, &object, &whole, 0).expect("put");
            }
            host.cache.keep_books();
            let used = host.cache.disks()[0].used_bytes();
            assert!(used <= SHARE && host.cache.demand_bytes(&group()) <= SHARE, "{used}");
        }
        assert!(usable(&host.cache, "/often").is_some(), "asked for sixty times");
        let held = (0..60).filter(|it| usable(&host.cache, &format!("/once/{it}")).is_some());
        assert!(held.count() > 5, "the share is used");
        let large = host.cache.lay_out_received(facts("/large", 17 << 20));
        assert!(matches!(large, Err(NotReceived::NoRoom { .. })));
    }
    // A smaller share, and none.
    let (host, _asked) = opened(folder.path(), SHARE / 4);
    assert!(host.cache.disks()[0].used_bytes() <= SHARE / 4);
    host.cache.set_shares(&[]);
    assert_eq!(host.cache.disks()[0].used_bytes(), 0);
    assert!(usable(&host.cache, "/often").is_none());
}

#[test]
fn times_decide_what_a_request_finds() {
    let folder = tempfile::tempdir().expect("folder");
    let (host, _asked) = opened(folder.path(), 32 << 20);
    let cache = &host.cache;
    let object = begin(cache, "/a", 100);
    let at = |now: TimeUs, asked: Option<TimeUs>| cache.demanded(&group(), "/a", asked, now);
    let is_usable = |found: Demanded| matches!(found, Demanded::Usable(_));
    let later = NOW.plus_s(60);
    assert!(is_usable(at(NOW, None)) && matches!(at(later, None), Demanded::Ask(true)));
    assert!(is_usable(at(later, Some(NOW))), "it was said after this request had come");
    let terms = Terms { while_revalidate_until: later.plus_s(5), ..facts("/a", 100).terms };
    cache.refreshed(&object, terms);
    assert!(is_usable(at(later, None)) && !is_usable(at(later.plus_s(5), None)));
    // The origin is away: as long as the terms allow, and no longer.
    let terms = Terms { if_error_until: later.plus_s(9), ..facts("/a", 100).terms };
    cache.refreshed(&object, terms);
    assert!(!is_usable(at(later, None)));
    assert!(cache.excuse(&object, later, later.plus_s(100)));
    assert!(is_usable(at(later.plus_s(8), None)) && !is_usable(at(later.plus_s(9), None)));
    assert!(!cache.excuse(&object, later.plus_s(9), later.plus_s(100)));
    cache.note_absent(&object.entry.key(), Absence::NoAnswer, later, later.plus_s(20));
    let absent = at(later.plus_s(19), None);
    assert!(matches!(absent, Demanded::Absent(Absence::NoAnswer)), "{absent:?}");
    assert!(matches!(at(later.plus_s(20), None), Demanded::Ask(true)));
}

/// Sessions walk through forty titles, each followed by another two segments behind; how often
/// a segment has to be brought. `name` gives the path of a segment.
fn brought(name: impl Fn(u64, u64) -> String) -> usize {
    let folder = tempfile::tempdir().expect("folder");
    let (host, _asked) = opened(folder.path(), 60 * 12_288 * 16 / 15);
    let mut brought = 0;
    for segment in 0..150_u64 {
        for title in 0..40 {
            for at in [Some(segment), segment.checked_sub(2)].into_iter().flatten() {
                let path = name(title, at);
                if usable(&host.cache, &path).is_none() {
                    begin(&host.cache, &path, 4096);
                    brought += 1;
                }
                host.cache.keep_books();
            }
        }
    }
    brought
}

#[test]
fn what_a_session_asks_for_next_is_known_by_its_name() {
    // Fifteen titles have numbers that say what comes next; or none has.
    let letters = |number: u64| {
        let letter = |digit: char| char::from(b'a' + digit as u8 - b'0');
        number.to_string().chars().map(letter).collect::<String>()
    };
    let numbered = brought(|title, at| match title {
        0..15 => format!("/{title}/seg-{at}.m4s"),
        _ => format!("/{title}/seg-{}.m4s", letters(at)),
    });
    let named = brought(|title, at| format!("/{title}/seg-{}.m4s", letters(at)));
    assert!(numbered < named, "{numbered} with look-ahead, {named} without");
}
