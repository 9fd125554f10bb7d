//! The sources with caps of their own, and what those are: the lower of what a document names with
//! a source and what the configuration says of all sources of its kind.

use crate::caps::Account;
use contract::config::SourceCaps;
use contract::sources::{Source, SourceKind};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// Sources with caps of their own that are remembered. Those that are being drawn from are
/// kept in any case, and transfers are bounded.
const MAX_LANES: usize = 1024;

type Cap = Option<NonZeroU64>;

/// One source with a cap of its own.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Who is next to draw from it.
    pub(crate) line: tokio::sync::Mutex<()>,
    pub(crate) account: Mutex<Account>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    known: HashMap<SocketAddr, Known>,
    each: SourceCaps,
}

#[derive(Debug)]
struct Known {
    lane: Arc<Lane>,
    kind: SourceKind,
    /// What documents name.
    named: Cap,
}

impl Lane {
    fn new(cap: Cap, now: Instant) -> Arc<Self> {
        let account = Mutex::new(Account::new(cap, now));
        Arc::new(Self { line: tokio::sync::Mutex::default(), account })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        act(&mut self.account.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Known {
    /// Another cap from now on, if it is another.
    fn change(&self, each: SourceCaps, now: Instant) {
        let cap = lower(self.named, cap_of(each, &self.kind));
        self.lane.with(|account| account.bucket.change(cap, None, now));
    }

    fn is_drawn_from(&self, now: Instant) -> bool {
        Arc::strong_count(&self.lane) > 1
            || self.lane.with(|account| account.arrivals.is_recent(now))
    }
}

impl Lanes {
    /// What documents name now. A source that is named with several has the least.
    pub(crate) fn set_sources<'a>(
        &mut self,
        sources: impl IntoIterator<Item = &'a Source>,
        now: Instant,
    ) {
        let mut caps: HashMap<SocketAddr, (&SourceKind, Cap)> = HashMap::new();
        for source in sources {
            let cap = named(source);
            let (_, least) = caps.entry(source.address).or_insert((&source.kind, cap));
            *least = lower(*least, cap);
        }
        for (address, known) in &mut self.known {
            known.named = caps.remove(address).and_then(|(_, cap)| cap);
            known.change(self.each, now);
        }
        // Also for those that are being drawn from without one: they have to hear of it.
        for (address, (kind, named)) in caps {
            if named.is_some() && self.known.len() < MAX_LANES {
                self.add(address, kind, named, now);
            }
        }
    }

    /// What the configuration says of all sources of a kind.
    pub(crate) fn set_each(&mut self, each: SourceCaps, now: Instant) {
        self.each = each;
        self.known.values().for_each(|known| known.change(each, now));
    }

    /// That of a source, if it has a cap of its own or had one.
    pub(crate) fn of(&mut self, source: &Source, now: Instant) -> Option<Arc<Lane>> {
        let cap = named(source);
        if let Some(known) = self.known.get_mut(&source.address) {
            // A document on its way may know a lower cap; only `set_sources` raises it.
            known.named = lower(known.named, cap);
            known.change(self.each, now);
            return Some(Arc::clone(&known.lane));
        }
        lower(cap, cap_of(self.each, &source.kind))?;
        if self.known.len() >= MAX_LANES {
            self.known.retain(|_, known| known.is_drawn_from(now));
        }
        Some(self.add(source.address, &source.kind, cap, now))
    }

    /// Whether a source that has no lane would have one now.
    pub(crate) fn begins_for(&self, kind: &SourceKind) -> bool {
        cap_of(self.each, kind).is_some()
    }

    pub(crate) fn at(&self, address: SocketAddr) -> Option<&Arc<Lane>> {
        self.known.get(&address).map(|known| &known.lane)
    }

    fn add(
        &mut self,
        address: SocketAddr,
        kind: &SourceKind,
        named: Cap,
        now: Instant,
    ) -> Arc<Lane> {
        let lane = Lane::new(lower(named, cap_of(self.each, kind)), now);
        let known = Known { lane: Arc::clone(&lane), kind: kind.clone(), named };
        self.known.insert(address, known);
        lane
    }
}

/// What a document names with a source. Zero is no cap: nothing is asked for there.
fn named(source: &Source) -> Cap {
    source.cap_bytes_per_s.and_then(NonZeroU64::new)
}

fn cap_of(each: SourceCaps, kind: &SourceKind) -> Cap {
    each.of(kind).and_then(|cap| NonZeroU64::new(cap.bytes_per_s()))
}

fn lower(one: Cap, other: Cap) -> Cap {
    [one, other].into_iter().flatten().min()
}
