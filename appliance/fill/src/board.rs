//! What is under way, from whom, and how far each title has come.

use crate::arrivals::Arrivals;
use contract::catalogue::{CatalogueEntry, Version};
use contract::names::{GroupName, TitleName};
use contract::progress::{
    FillState, MAX_SOURCES, MAX_TITLE_SOURCES, MAX_TITLES, SourceProgress, TitleProgress, WaitingOn,
};
use contract::sources::SourceKind;
use contract::time::TimeUs;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

type TitleKey = (GroupName, TitleName);

/// What has come lately, by source.
type Drawn = BTreeMap<SourceKind, Arrivals>;

/// Titles whose sources are known. Of more that come at once, what they draw is not told.
const MOST_DRAWN: usize = 1024;

/// Told by transfers, asked by whoever wants to know.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Those that the manifest lists.
    titles: HashMap<TitleKey, Title>,
    under_way: BTreeMap<Version, u64>,
    sources: Drawn,
    /// Titles of which something has come in the past seconds.
    drawn: HashMap<TitleKey, Drawn>,
}

#[derive(Debug, Default)]
struct Title {
    objects: u64,
    bytes: u64,
    under_way: u32,
    source: Option<SourceKind>,
    came_last: Option<TimeUs>,
}

/// An object under way, as long as it is.
#[derive(Debug)]
pub(crate) struct UnderWay<'a> {
    board: &'a Board,
    object: Version,
    title: TitleKey,
    source: &'a SourceKind,
}

impl Board {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the manifest lists from now on.
    pub(crate) fn expect(&self, ranked: &[Arc<CatalogueEntry>]) {
        let mut sums: HashMap<TitleKey, (u64, u64)> = HashMap::new();
        for entry in ranked {
            let sum = sums.entry(key(entry)).or_default();
            *sum = (sum.0 + 1, sum.1 + entry.size_bytes);
        }
        let state = &mut *self.state();
        let mut before = std::mem::take(&mut state.titles);
        let titles = sums.into_iter().map(|(key, (objects, bytes))| {
            let title = before.remove(&key).unwrap_or_default();
            (key, Title { objects, bytes, ..title })
        });
        state.titles = titles.collect();
    }

    /// A source is asked for what is missing of an object, of which `done` bytes are here.
    pub(crate) fn begin<'a>(
        &'a self,
        entry: &CatalogueEntry,
        source: &'a SourceKind,
        done: u64,
    ) -> UnderWay<'a> {
        let (state, key) = (&mut *self.state(), key(entry));
        state.under_way.insert(entry.version(), done);
        if let Some(title) = state.titles.get_mut(&key) {
            title.under_way += 1;
            title.source = Some(source.clone());
        }
        UnderWay { board: self, object: entry.version(), title: key, source }
    }

    /// All of an object is here.
    pub(crate) fn published(&self, entry: &CatalogueEntry, at: TimeUs) {
        if let Some(title) = self.state().titles.get_mut(&key(entry)) {
            title.came_last = Some(at);
        }
    }

    /// What each source gives.
    pub(crate) fn sources(&self, now: Instant) -> Vec<SourceProgress> {
        rates(&mut self.state().sources, now).take(MAX_SOURCES).collect()
    }

    /// How far the titles have come of which some is `missing`, best first, and those that
    /// came last. `waiting` says why an object does not come.
    pub(crate) fn titles(
        &self,
        missing: &[Arc<CatalogueEntry>],
        waiting: impl Fn(&CatalogueEntry) -> Option<WaitingOn>,
    ) -> Titles {
        // What is missing may be long, and pieces arrive meanwhile.
        let under_way = self.state().under_way.clone();
        let Lacking { titles: lacks, places, bytes: bytes_missing } = lacking(missing, &under_way);
        let (state, now) = (&mut *self.state(), Instant::now());
        state.forget(now);
        let mut shown = Vec::new();
        for lack in lacks.iter().take(MAX_TITLES) {
            let key = key(lack.first);
            let Some(all_here) = state.all_here(&key, now) else { continue };
            let Some(title) = state.titles.get(&key) else { continue };
            let waiting = waiting(lack.first);
            let state = match (title.under_way, waiting) {
                (1.., _) => FillState::Arriving,
                (0, Some(_)) => FillState::Waiting,
                (0, None) => FillState::Queued,
            };
            let progress = TitleProgress {
                state,
                waiting: waiting.filter(|_| state == FillState::Waiting),
                objects_held: title.objects.saturating_sub(lack.objects),
                bytes_done: title.bytes.saturating_sub(lack.bytes),
                ..all_here
            };
            shown.push((progress, lack.bytes_up_to_its_end));
        }
        let is_lacking = |(group, title): &TitleKey| places.contains_key(&(group, title));
        let came = state.came_last(is_lacking, now, MAX_TITLES - shown.len());
        let left_out = lacks.len().saturating_sub(MAX_TITLES) as u64;
        Titles { lacking: shown, came, left_out, bytes_missing }
    }
}

/// How far titles have come.
pub(crate) struct Titles {
    /// Of which something is missing, each with the bytes that are missing up to its end.
    pub(crate) lacking: Vec<(TitleProgress, u64)>,
    /// Of which nothing is, the last first.
    pub(crate) came: Vec<TitleProgress>,
    /// How many lack something and are not among these.
    pub(crate) left_out: u64,
    /// Of all titles.
    pub(crate) bytes_missing: u64,
}

/// What is missing of one title.
struct Lack<'a> {
    first: &'a CatalogueEntry,
    objects: u64,
    bytes: u64,
    /// All that comes before the last of it, in the manifest's order, and itself.
    bytes_up_to_its_end: u64,
}

/// What is missing of all titles.
struct Lacking<'a> {
    titles: Vec<Lack<'a>>,
    /// Where each of them stands.
    places: HashMap<(&'a GroupName, &'a TitleName), usize>,
    bytes: u64,
}

fn lacking<'a>(
    missing: &'a [Arc<CatalogueEntry>],
    under_way: &BTreeMap<Version, u64>,
) -> Lacking<'a> {
    let mut all = Lacking { titles: Vec::new(), places: HashMap::new(), bytes: 0 };
    for entry in missing {
        let done = under_way.get(&entry.version()).copied().unwrap_or(0);
        let bytes = entry.size_bytes.saturating_sub(done);
        all.bytes = all.bytes.saturating_add(bytes);
        let place = *all
            .places
            .entry((&entry.common.group, &entry.common.title))
            .or_insert(all.titles.len());
        if place == all.titles.len() {
            all.titles.push(Lack { first: entry, objects: 0, bytes: 0, bytes_up_to_its_end: 0 });
        }
        if let Some(lack) = all.titles.get_mut(place) {
            lack.objects += 1;
            lack.bytes = lack.bytes.saturating_add(bytes);
            lack.bytes_up_to_its_end = all.bytes;
        }
    }
    all
}

impl State {
    /// Titles of which nothing is missing, the last first.
    fn came_last(
        &mut self,
        is_lacking: impl Fn(&TitleKey) -> bool,
        now: Instant,
        most: usize,
    ) -> Vec<TitleProgress> {
        if most == 0 {
            return Vec::new();
        }
        let came = self.titles.iter().filter_map(|(key, title)| Some((title.came_last?, key)));
        let mut came: Vec<_> = came.filter(|(_, key)| !is_lacking(key)).collect();
        came.sort_unstable_by(|one, other| other.cmp(one));
        came.truncate(most);
        let came: Vec<_> = came.into_iter().map(|(at, key)| (at, key.clone())).collect();
        let titles = came.into_iter().filter_map(|(at, key)| {
            let all_here = self.all_here(&key, now)?;
            Some(TitleProgress { finish_at_us: Some(at), ..all_here })
        });
        titles.collect()
    }

    /// What a title is of which nothing is missing.
    fn all_here(&mut self, key: &TitleKey, now: Instant) -> Option<TitleProgress> {
        let title = self.titles.get(key)?;
        let drawn = self.drawn.get_mut(key);
        let mut sources: Vec<_> = drawn.into_iter().flat_map(|it| rates(it, now)).collect();
        sources.sort_by_key(|source| Reverse(source.rate_bytes_per_s));
        let rate_bytes_per_s = sources.iter().map(|source| source.rate_bytes_per_s).sum();
        sources.truncate(MAX_TITLE_SOURCES);
        Some(TitleProgress {
            group: key.0.clone(),
            title: key.1.clone(),
            state: FillState::Held,
            source: title.source.clone(),
            sources,
            objects_wanted: title.objects,
            objects_held: title.objects,
            bytes_wanted: title.bytes,
            bytes_done: title.bytes,
            rate_bytes_per_s,
            waiting: None,
            finish_at_us: None,
        })
    }

    /// Of what came long ago, nothing is told.
    fn forget(&mut self, now: Instant) {
        self.drawn.retain(|_, drawn| {
            drawn.retain(|_, arrivals| arrivals.is_recent(now));
            !drawn.is_empty()
        });
    }
}

/// What each source gives.
fn rates(drawn: &mut Drawn, now: Instant) -> impl Iterator<Item = SourceProgress> {
    drawn.iter_mut().map(move |(source, arrivals)| SourceProgress {
        source: source.clone(),
        rate_bytes_per_s: arrivals.rate_bytes_per_s(now),
    })
}

/// So many bytes came from a source; of those that gave nothing lately, none is kept once there
/// are too many.
fn note(drawn: &mut Drawn, source: &SourceKind, bytes: u64, now: Instant) {
    if let Some(arrivals) = drawn.get_mut(source) {
        arrivals.arrived(bytes, 0, now);
        return;
    }
    if drawn.len() >= MAX_SOURCES {
        drawn.retain(|_, arrivals| arrivals.is_recent(now));
    }
    let arrivals = drawn.entry(source.clone());
    arrivals.or_insert_with(|| Arrivals::new(now)).arrived(bytes, 0, now);
}

impl UnderWay<'_> {
    /// So many bytes came.
    pub(crate) fn arrived(&self, bytes: u64) {
        let (state, now) = (&mut *self.board.state(), Instant::now());
        if let Some(done) = state.under_way.get_mut(&self.object) {
            *done = done.saturating_add(bytes);
        }
        note(&mut state.sources, self.source, bytes, now);
        if let Some(drawn) = state.drawn.get_mut(&self.title) {
            note(drawn, self.source, bytes, now);
            return;
        }
        if state.drawn.len() >= MOST_DRAWN {
            state.forget(now);
        }
        if state.drawn.len() < MOST_DRAWN {
            let drawn = state.drawn.entry(self.title.clone());
            note(drawn.or_default(), self.source, bytes, now);
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let state = &mut *self.board.state();
        state.under_way.remove(&self.object);
        if let Some(title) = state.titles.get_mut(&self.title) {
            title.under_way = title.under_way.saturating_sub(1);
        }
    }
}

fn key(entry: &CatalogueEntry) -> TitleKey {
    (entry.common.group.clone(), entry.common.title.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::catalogue::Common;
    use contract::names::DeviceName;
    use contract::object::Digest;
    use std::time::Duration;

    fn entry(number: u8) -> Arc<CatalogueEntry> {
        let group = GroupName::new("studio-a").expect("name");
        let title = TitleName::new("big-demo").expect("name");
        Arc::new(CatalogueEntry {
            ordinal: number.into(),
            path: format!("/{number}.m4s").into(),
            size_bytes: 1000,
            blake3: Digest::of(&[number]),
            modified_us: TimeUs(0),
            common: Common::of(group, title).share(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_title_names_all_that_it_comes_from_the_most_first_and_for_ten_seconds() {
        let board = Board::default();
        let missing = [entry(1), entry(2)];
        board.expect(&missing);
        let peer = SourceKind::Peer(DeviceName::new("oca2.site-a").expect("name"));
        let (from_origin, from_peer) =
            (board.begin(&missing[0], &SourceKind::Origin, 0), board.begin(&missing[1], &peer, 0));
        from_origin.arrived(300);
        from_peer.arrived(500);
        from_peer.arrived(100);
        let seen = || board.titles(&missing, |_| None).lacking.remove(0).0;
        let expected = [(&peer, 60), (&SourceKind::Origin, 30)].map(|(source, rate)| {
            SourceProgress { source: source.clone(), rate_bytes_per_s: rate }
        });
        assert_eq!(seen().sources, expected);
        assert_eq!((seen().rate_bytes_per_s, seen().bytes_done), (90, 900));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!((seen().sources, seen().rate_bytes_per_s), (Vec::new(), 0));
        assert_eq!(board.state().drawn.len(), 0);
    }
}
