//! The port to whoever knows which box of the site would serve what this one does not hold.

use cache::Resolving;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use std::sync::{Arc, OnceLock};

/// What is known of who would serve a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sibling {
    /// This one: `host[:port]` for viewers, nothing else.
    At(Arc<str>),
    /// None of them.
    Nobody,
    /// They have to be asked first.
    Ask,
}

/// Knows the other boxes of the site. No call blocks; all may come from any thread.
pub trait Siblings: Send + Sync {
    /// Who would serve a key, as far as that is known.
    fn known(&self, key: &ObjectKey, now: TimeUs) -> Sibling;

    /// Whether this box is the one that asks origins for a key, for all of the site.
    fn is_home(&self, key: &ObjectKey) -> bool;

    /// Has them asked. `None`: too much is being asked already.
    fn ask(&self, key: &ObjectKey) -> Option<Resolving>;
}

/// Whoever it is, for as long as the server runs: there is nobody before the box is complete.
#[derive(Clone, Default)]
pub(crate) struct SiblingsPlace(Arc<OnceLock<Arc<dyn Siblings>>>);

impl SiblingsPlace {
    pub(crate) fn set(&self, siblings: Arc<dyn Siblings>) {
        // There is one box in a process.
        let _ = self.0.set(siblings);
    }

    pub(crate) fn get(&self) -> Option<&dyn Siblings> {
        self.0.get().map(|siblings| &**siblings)
    }
}
