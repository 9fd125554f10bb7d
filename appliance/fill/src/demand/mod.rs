//! Brings what nobody ordered, because somebody asks for it: one question to the origins
//! however many ask, one request for each slice however many read.
//!
//! The cache says what it would like to have ([`cache::Bring`]); this asks the home of the key
//! (`homes`), unless this box is that, and the origins of the content group, one
//! after the other, under the same caps and windows as everything that is
//! filled: viewers wait, so it counts as what cannot wait. A source that fails rests.
//!
//! Nothing is brought that nobody asked for, but for [`READ_AHEAD`] slices before somebody who
//! reads one after the other, and the rest of what an origin sends because it knows no ranges.
//! Who goes away leaves the slice running that he waited for: it is a megabyte at the most.
//!
//! Read in this order: `reply` (what an answer says), `draw` (content as the caps allow), `ask`
//! (one question to one origin), `arriving` (slices on their way), `resolve` (what there is under a key), `slices` (more of what
//! is known); and `ordered`: what is to be here, and has not come.

mod arriving;
mod ask;
mod draw;
mod ordered;
mod reply;
mod resolve;
mod slices;

use crate::filler::Filler;
use crate::offload;
use crate::origins::Origins;
use crate::transfer::Transfers;
use cache::received::Ticket;
use cache::{Bring, Cache, Object, Resolving};
use contract::catalogue::CatalogueEntry;
use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::sources::Source;
use contract::time::TimeUs;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

/// Questions under way at once. Each is a key that somebody waits for; a box with more of them
/// has an origin that does not answer.
const MOST_QUESTIONS: usize = 1024;

/// Of these one group may have this part, where there are several: what one of them has to wait
/// for, or is made to ask for, leaves room for the others.
const MOST_OF_GROUP: usize = MOST_QUESTIONS / 2;

/// Slices under way at once: 64 MiB of memory, and more than any origin gives at once.
const MOST_SLICES: usize = 64;

/// Slices that may wait for their turn, or be under way.
const MOST_WAITING: usize = 4096;

/// So many slices are asked for before somebody who reads one after the other has come to them:
/// enough to hide a round trip behind a megabyte at any bitrate.
const READ_AHEAD: u32 = 2;

/// Players give up on a segment after some 10 to 20 s; who waits for origins longer waits for
/// nobody.
const PATIENCE: Duration = Duration::from_secs(12);

/// What the home of a key may take of that: longer than an origin that is well, and the origins
/// have their time after it.
const HOME_PATIENCE: Duration = Duration::from_secs(4);

/// And what one may that did not answer before.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);

/// The home, and whoever takes its place. Where both are gone, a site has more to bear than a
/// question more to its origins.
const MOST_HOMES: usize = 2;

/// How often the books are kept.
const BETWEEN_BOOKS: Duration = Duration::from_secs(1);

/// What it is made of.
pub struct Setup {
    /// Where content goes.
    pub cache: Arc<Cache>,
    /// Whose caps, windows and knowledge of sources count.
    pub filler: Arc<Filler>,
    /// Who is asked.
    pub origins: Arc<dyn Origins>,
    /// Where: the groups that may be filled by demand, each with its origins, best first.
    pub groups: Vec<(GroupName, Vec<Source>)>,
    /// Where questions run: whoever asks may be on any thread.
    pub runtime: Handle,
}

/// Brings what somebody asks for.
pub struct Demand {
    me: Weak<Self>,
    cache: Arc<Cache>,
    filler: Arc<Filler>,
    origins: Arc<dyn Origins>,
    groups: HashMap<GroupName, Vec<Source>>,
    runtime: Handle,
    questions: Mutex<HashMap<ObjectKey, Waiting>>,
    /// Slices that are being brought, by the number of their object.
    coming: Mutex<HashSet<(u64, u32)>>,
    /// Of these those that were asked for alone.
    alone: AtomicUsize,
    turns: Semaphore,
}

impl Demand {
    /// Makes one, and has the cache turn to it.
    #[must_use]
    pub fn new(setup: Setup) -> Arc<Self> {
        let demand = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            cache: setup.cache,
            filler: setup.filler,
            origins: setup.origins,
            groups: setup.groups.into_iter().collect(),
            runtime: setup.runtime,
            questions: Mutex::default(),
            coming: Mutex::default(),
            alone: AtomicUsize::new(0),
            turns: Semaphore::new(MOST_SLICES),
        });
        let me: Weak<Self> = Arc::downgrade(&demand);
        demand.cache.set_bring(me);
        demand
    }

    /// Keeps the books until `stop` turns true.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                () = tokio::time::sleep(BETWEEN_BOOKS) => {}
            }
            let cache = Arc::clone(&self.cache);
            // Files go: that blocks.
            let kept = offload::begin(&self.transfers().offload, move || cache.keep_books());
            if kept.await.is_none() {
                break;
            }
        }
    }

    fn transfers(&self) -> &Transfers {
        self.filler.transfers()
    }

    fn now(&self) -> TimeUs {
        (self.transfers().clock)()
    }

    /// The boxes of the site that are asked before the origins; none, where this one is the home.
    fn homes_of(&self, key: &ObjectKey) -> Vec<Source> {
        let routes = self.filler.routes();
        routes.homes_of(key).into_iter().take(MOST_HOMES).cloned().collect()
    }

    /// Who is asked, and until when: one that says nothing leaves the others their time.
    fn turns_of<'a>(
        &'a self,
        homes: &'a [Source],
        group: &GroupName,
    ) -> impl Iterator<Item = (&'a Source, Instant)> {
        let sources = self.groups.get(group).map_or(&[][..], Vec::as_slice);
        let (began, all) = (Instant::now(), u32::try_from(sources.len()).unwrap_or(1).max(1));
        let then = if homes.is_empty() { began } else { began + HOME_PATIENCE };
        // What caps let it wait for does not count against a home.
        let homes = homes.iter().map(move |home| (home, began + PATIENCE));
        let origins = (1..).zip(sources);
        homes.chain(origins.map(move |(turn, source)| (source, then + PATIENCE * turn / all)))
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<ObjectKey, Waiting>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn coming(&self) -> MutexGuard<'_, HashSet<(u64, u32)>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing more of a group is to be asked now.
    fn has_enough_of(&self, group: &GroupName, under_way: &HashMap<ObjectKey, Waiting>) -> bool {
        let of_it = || under_way.keys().filter(|key| key.group == *group).count();
        let is_too_much = under_way.len() >= MOST_OF_GROUP && of_it() >= MOST_OF_GROUP;
        under_way.len() >= MOST_QUESTIONS || (self.groups.len() > 1 && is_too_much)
    }

    /// What was asked for begins to arrive: who waits for no more goes on.
    fn begins(&self, key: &ObjectKey) {
        let begun = self.questions().get_mut(key).and_then(|asked| asked.begun.take());
        drop(begun);
    }

    /// Joins a question, or begins it: about what was ordered, or what was not. `join` says what
    /// of it is waited for.
    fn question(
        &self,
        key: &ObjectKey,
        offset: u64,
        ordered: Option<Arc<CatalogueEntry>>,
        join: impl Fn(&Waiting, bool) -> Resolving,
    ) -> Option<Resolving> {
        let mut questions = self.questions();
        if let Some(asked) = questions.get(key) {
            return Some(join(asked, false));
        }
        let me = self.me.upgrade()?;
        if !self.groups.contains_key(&key.group) || self.has_enough_of(&key.group, &questions) {
            return None;
        }
        let asked = Waiting { answered: Ticket::default(), begun: Some(Ticket::default()) };
        let resolving = join(&asked, true);
        questions.insert(key.clone(), asked);
        drop(questions);
        let question = Question { demand: me, key: key.clone() };
        match ordered {
            Some(entry) => self.runtime.spawn(ordered::answer(question, entry, offset)),
            None => self.runtime.spawn(resolve::answer(question, offset)),
        };
        Some(resolving)
    }
}

/// Those who wait for a question.
struct Waiting {
    /// Until it is known what there is.
    answered: Ticket,
    /// Until it begins to arrive, which may have been.
    begun: Option<Ticket>,
}

impl Waiting {
    fn answered(&self, is_first: bool) -> Resolving {
        self.answered.join(is_first)
    }

    fn begun(&self, is_first: bool) -> Resolving {
        self.begun.as_ref().map_or_else(Resolving::over, |begun| begun.join(is_first))
    }
}

/// A question under way. Whoever waits is woken when it goes, however that comes.
struct Question {
    demand: Arc<Demand>,
    key: ObjectKey,
}

impl Drop for Question {
    fn drop(&mut self) {
        let asked = self.demand.questions().remove(&self.key);
        drop(asked);
    }
}

impl Bring for Demand {
    fn resolve(&self, key: &ObjectKey, offset: u64) -> Option<Resolving> {
        self.question(key, offset, self.cache.lacking(key), Waiting::answered)
    }

    fn hasten(&self, key: &ObjectKey, offset: u64) -> Option<Resolving> {
        // What came meanwhile, or is not wanted any more, no origin is asked for.
        match self.cache.lacking(key) {
            Some(entry) => self.question(key, offset, Some(entry), Waiting::begun),
            None => Some(Resolving::over()),
        }
    }

    fn bring(&self, object: &Arc<Object>, slice: u32) {
        self.bring_slice(object, slice);
    }

    fn refresh(&self, object: &Arc<Object>) {
        if self.question(&object.entry.key(), 0, None, Waiting::answered).is_none() {
            let now = self.now();
            self.cache.excuse(object, now, now);
        }
    }
}
