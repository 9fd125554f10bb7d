//! The origin of what nobody orders: which versions it has had, and what it says of them.

use super::plan::UnorderedPlan;
use crate::content::{self, SHELF};
use crate::plan::random_for;
use bytes::Bytes;
use cache::received::Validator;
use contract::names::{GroupName, TagName};
use contract::object::ObjectKey;
use contract::time::TimeUs;
use hyper::HeaderMap;
use hyper::header::{CACHE_CONTROL, DATE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED};
use rand::Rng;
use rand::rngs::StdRng;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Each path has contents of its own: those whose number leaves its own when divided by this.
pub const MOST_PATHS: usize = 5;

/// So many versions a path has at most: each has another content.
const MOST_VERSIONS: usize = SHELF / MOST_PATHS;

/// The content group of it.
#[must_use]
pub fn group() -> GroupName {
    static GROUP: LazyLock<GroupName> =
        LazyLock::new(|| GroupName::new("live").unwrap_or_else(|_| unreachable!("it is a name")));
    GROUP.clone()
}

/// How a path's versions are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marks {
    Tag,
    /// A weak one, which says nothing of bytes; and an instant beside it.
    WeakTag,
    Instant,
    Nothing,
}

/// What is said of how a version may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Says {
    max_age_s: Option<u64>,
    while_revalidate_s: u64,
    if_error_s: u64,
    word: Option<&'static str>,
}

impl Says {
    fn draw(random: &mut StdRng) -> Self {
        let words = [Some("no-cache"), Some("no-store"), Some("private"), None];
        let mut some =
            |most| if random.random_bool(0.5) { random.random_range(0..most) } else { 0 };
        let (while_revalidate_s, if_error_s) = (some(20), some(60));
        Self {
            max_age_s: random.random_bool(0.85).then(|| random.random_range(0..30)),
            while_revalidate_s,
            if_error_s,
            word: words[random.random_range(0..24).min(3)],
        }
    }

    /// Whether it may be kept by whoever serves many.
    #[must_use]
    pub fn may_be_kept(&self) -> bool {
        !matches!(self.word, Some("no-store" | "private"))
    }

    /// For how long it is fresh, and may be served after that while it is asked for again, and
    /// where there is no answer; `silent_s` where it says nothing of the first.
    #[must_use]
    pub fn spans_s(&self, silent_s: u64) -> [u64; 3] {
        match self.word {
            Some(_) => [0; 3],
            None => {
                let fresh_s = self.max_age_s.unwrap_or(silent_s);
                [fresh_s, fresh_s + self.while_revalidate_s, fresh_s + self.if_error_s]
            }
        }
    }

    /// For how long it says that it is fresh; `None` where it says nothing.
    #[must_use]
    pub fn explicit_s(&self) -> Option<u64> {
        if self.word == Some("no-cache") { Some(0) } else { self.max_age_s }
    }

    fn text(&self) -> String {
        let Self { max_age_s, while_revalidate_s, if_error_s, word } = self;
        let stale =
            [("stale-while-revalidate", while_revalidate_s), ("stale-if-error", if_error_s)];
        let stale = stale.into_iter().filter(|(_, span_s)| **span_s > 0);
        let spans = max_age_s.iter().map(|span_s| ("max-age", span_s)).chain(stale);
        let spans = spans.map(|(name, span_s)| format!("{name}={span_s}"));
        let words = word.iter().map(|word| (*word).to_owned());
        words.chain(spans).collect::<Vec<_>>().join(", ")
    }
}

/// What the origin has under a path for a while.
#[derive(Debug, Clone)]
pub struct Version {
    /// `None`: nothing.
    pub content: Option<usize>,
    made: TimeUs,
    /// What is said of it.
    pub says: Says,
    marks: Marks,
    /// Of which path, and its place among its versions.
    pub number: (usize, usize),
}

impl Version {
    /// All of its bytes.
    #[must_use]
    pub fn bytes(&self) -> Option<Bytes> {
        self.content.map(|content| content::of(content).bytes.clone())
    }

    fn tag(&self) -> String {
        format!("\"{}-{}\"", self.number.0, self.number.1)
    }

    /// Whether a condition speaks of this one.
    #[must_use]
    pub fn is_it(&self, validator: &Validator) -> bool {
        match validator {
            Validator::Etag(tag) => self.marks == Marks::Tag && **tag == *self.tag(),
            Validator::Modified(s) => self.made.unix_s() <= *s,
            Validator::Nothing => false,
        }
    }

    /// What holds its slices together for whoever hears of it now.
    #[must_use]
    pub fn validator(&self, now: TimeUs) -> Validator {
        let made_s = self.made.unix_s();
        match self.marks {
            Marks::Tag => Validator::Etag(self.tag().into()),
            // There may be another one before this second is over.
            Marks::WeakTag | Marks::Instant if made_s < now.unix_s() => Validator::Modified(made_s),
            _ => Validator::Nothing,
        }
    }

    /// For how long it may be taken to be fresh where nothing is said of that.
    #[must_use]
    pub fn guess_s(&self, now: TimeUs) -> u64 {
        let has_instant = matches!(self.marks, Marks::WeakTag | Marks::Instant);
        let age_s = now.unix_s() - self.made.unix_s();
        if has_instant { u64::try_from(age_s / 10).unwrap_or(0) } else { 0 }
    }

    /// The fields of any answer about it.
    #[must_use]
    pub fn fields(&self, now: TimeUs, path: &Path) -> HeaderMap {
        let mut fields = HeaderMap::new();
        set(&mut fields, DATE, &date(now));
        set(&mut fields, HeaderName::from_static("cache-tag"), path.tag.as_str());
        match self.marks {
            Marks::Tag => set(&mut fields, ETAG, &self.tag()),
            Marks::WeakTag => set(&mut fields, ETAG, &format!("W/{}", self.tag())),
            Marks::Instant | Marks::Nothing => {}
        }
        if matches!(self.marks, Marks::WeakTag | Marks::Instant) && self.content.is_some() {
            set(&mut fields, LAST_MODIFIED, &date(self.made));
        }
        self.say(&mut fields);
        fields
    }

    fn say(&self, fields: &mut HeaderMap) {
        let says = self.says.text();
        if !says.is_empty() {
            set(fields, CACHE_CONTROL, &says);
        }
    }
}

/// Sets a field of an answer.
pub fn set(fields: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        fields.insert(name, value);
    }
}

/// An instant as fields have it.
#[must_use]
pub fn date(at: TimeUs) -> String {
    let seconds = u64::try_from(at.unix_s()).unwrap_or(0);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A path, and all that the origin has ever had there, the latest last.
#[derive(Debug, Clone)]
pub struct Path {
    /// What it is asked for by.
    pub key: ObjectKey,
    /// What it is purged by.
    pub tag: TagName,
    marks: Marks,
    /// With which of its contents.
    begins: usize,
    /// In the order in which they were made.
    pub versions: Vec<Arc<Version>>,
}

impl Path {
    fn new(number: usize, random: &mut StdRng) -> Self {
        let marks = [Marks::Tag, Marks::Tag, Marks::Tag, Marks::WeakTag, Marks::Instant];
        let marks = marks.get(random.random_range(0..6)).copied().unwrap_or(Marks::Nothing);
        let path = format!("/live/{}/{number}.m4s", number % 2).into();
        let tag = TagName::new(format!("t{}", number / 2));
        let tag = tag.unwrap_or_else(|_| unreachable!("it is a name"));
        let key = ObjectKey { group: group(), path };
        let begins = random.random_range(0..MOST_VERSIONS);
        let mut it = Self { key, tag, marks, begins, versions: Vec::new() };
        it.change(number, true, TimeUs(0), random);
        it
    }

    /// Whether it can have another version.
    fn can_change(&self) -> bool {
        self.versions.len() < MOST_VERSIONS
    }

    fn change(&mut self, path: usize, is_there: bool, made: TimeUs, random: &mut StdRng) {
        let place = self.versions.len();
        // Seven has nothing in common with their number: all come before one comes again.
        let content = path + MOST_PATHS * ((self.begins + place * 7) % MOST_VERSIONS);
        self.versions.push(Arc::new(Version {
            content: is_there.then_some(content),
            made,
            says: Says::draw(random),
            marks: self.marks,
            number: (path, place),
        }));
    }
}

/// The origin.
#[derive(Debug)]
pub struct Origin {
    state: Mutex<(StdRng, Vec<Path>)>,
}

impl Origin {
    /// With the first version of each path.
    #[must_use]
    pub fn new(seed: u64, plan: UnorderedPlan) -> Self {
        let mut random = random_for(seed, "origin");
        let paths = (0..plan.paths).map(|number| Path::new(number, &mut random)).collect();
        Self { state: Mutex::new((random, paths)) }
    }

    fn state(&self) -> MutexGuard<'_, (StdRng, Vec<Path>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A path by its number.
    #[must_use]
    pub fn path(&self, number: usize) -> Path {
        self.state().1[number].clone()
    }

    /// The number of a path.
    #[must_use]
    pub fn number_of(&self, key: &ObjectKey) -> Option<usize> {
        self.state().1.iter().position(|path| path.key == *key)
    }

    /// From now on there is another version, or nothing; gives its place, and that of the one
    /// before where it can have no more.
    pub fn change(&self, path: usize, is_there: bool, now: TimeUs) -> usize {
        let (random, paths) = &mut *self.state();
        let it = &mut paths[path];
        if it.can_change() {
            it.change(path, is_there, now, random);
        }
        it.versions.len() - 1
    }

    /// Draws: whether something happens that happens so often in a thousand times.
    pub fn happens(&self, of_a_thousand: u32) -> bool {
        of_a_thousand > 0 && self.state().0.random_range(0..1000) < of_a_thousand
    }

    /// Draws a number below a bound that is not 0.
    pub fn below(&self, bound: usize) -> usize {
        self.state().0.random_range(0..bound)
    }
}
