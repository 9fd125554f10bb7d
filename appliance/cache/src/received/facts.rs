//! What is known of a received object: what its origin said.

use arc_swap::ArcSwap;
use contract::catalogue::{CatalogueEntry, Common};
use contract::names::TitleName;
use contract::object::{Digest, ObjectKey};
use contract::tags::Tags;
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// The longest validator that is kept, in octets: it stands in the header page beside the
/// longest path.
pub const MAX_VALIDATOR_LEN: usize = 256;

/// The longest `Content-Type` that is kept.
pub const MAX_MEDIA_TYPE_LEN: usize = 127;

/// A received object belongs to no title of any catalogue. Nor can one have this name: the
/// fleet makes titles, and purges by title ask for those.
const NO_TITLE: &str = "demand-filled";

/// What all slices of an object came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Validator {
    /// A strong entity tag, quotes included (RFC 9110 §8.8.3).
    Etag(Arc<str>),
    /// `Last-Modified`, in seconds since 1970; the length is the other half of it.
    Modified(i64),
    /// The origin gave none: all slices came in one answer, and none can be asked for again.
    Nothing,
}

/// Until when it may be served without asking, and what then. Instants, so that nobody has to
/// do sums for each request (RFC 9111 §4.2, RFC 5861).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// When its age was 0.
    pub born: TimeUs,
    /// When the origin last said that it is so.
    pub validated: TimeUs,
    /// Fresh before.
    pub fresh_until: TimeUs,
    /// The same for players, who keep it for themselves; `None` where the origin makes no
    /// difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub players_until: Option<TimeUs>,
    /// Served before, while the origin is being asked.
    pub while_revalidate_until: TimeUs,
    /// Served before, where the origin does not answer.
    pub if_error_until: TimeUs,
}

/// What an origin's answer said of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Under which key it was asked for.
    pub key: ObjectKey,
    /// Its length.
    pub size_bytes: u64,
    /// What holds its slices together.
    pub validator: Validator,
    /// `Content-Type`; none, where the origin said none.
    pub media_type: Option<Arc<str>>,
    /// `Last-Modified`.
    pub modified: Option<TimeUs>,
    /// What it can be purged by.
    pub tags: Tags,
    /// How long it may be served.
    pub terms: Terms,
}

impl Facts {
    /// The object as the rest of the cache knows objects. The place of the content's hash has one
    /// that follows from what is known instead: equal for equal validators, and for no others.
    pub(crate) fn entry(&self) -> Option<CatalogueEntry> {
        let blake3 = self.stand_in()?;
        let title = TitleName::new(NO_TITLE).ok()?;
        let common =
            Common { tags: self.tags.clone(), ..Common::of(self.key.group.clone(), title) };
        Some(CatalogueEntry {
            ordinal: u32::MAX,
            path: Arc::clone(&self.key.path),
            size_bytes: self.size_bytes,
            blake3,
            modified_us: self.modified.unwrap_or(self.terms.born),
            common: common.share(),
        })
    }

    fn stand_in(&self) -> Option<Digest> {
        let born = (self.validator == Validator::Nothing).then_some(self.terms.born);
        let known = serde_json::to_vec(&(&self.validator, self.size_bytes, born)).ok()?;
        let mut hasher = blake3::Hasher::new_derive_key("headend received content v1");
        hasher.update(&known);
        Some(Digest(*hasher.finalize().as_bytes()))
    }
}

/// What is known of an object, beside its bytes, and changes while it is held.
#[derive(Debug)]
pub struct Received {
    facts: Facts,
    terms: ArcSwap<Terms>,
    /// Its origin does not answer: served until then without asking again.
    excused_until_us: AtomicI64,
    is_refreshing: AtomicBool,
}

impl Received {
    pub(crate) fn new(facts: Facts) -> Self {
        let terms = ArcSwap::from_pointee(facts.terms);
        let excused_until_us = AtomicI64::new(i64::MIN);
        Self { facts, terms, excused_until_us, is_refreshing: AtomicBool::new(false) }
    }

    /// What its origin said when it came. Its terms may be others by now.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its terms now.
    #[must_use]
    pub fn terms(&self) -> Terms {
        **self.terms.load()
    }

    pub(crate) fn set_terms(&self, terms: Terms) {
        self.terms.store(Arc::new(terms));
    }

    pub(crate) fn excuse(&self, until: TimeUs) {
        self.excused_until_us.store(until.0, Ordering::Relaxed);
    }

    pub(crate) fn is_excused(&self, now: TimeUs) -> bool {
        now.0 < self.excused_until_us.load(Ordering::Relaxed)
    }

    /// Whether the caller is the one who is to have its origin asked.
    pub(crate) fn begin_refresh(&self) -> bool {
        !self.is_refreshing.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn end_refresh(&self) {
        self.is_refreshing.store(false, Ordering::Release);
    }
}
