//! Joins who serves viewers with who knows the other boxes of the site.

use cache::Resolving;
use contract::object::ObjectKey;
use contract::time::TimeUs;
use fill::Neighbours;
use fill::neighbours::Known;
use serve::{Sibling, Siblings};
use std::sync::Arc;

/// The other boxes of the site, as the server needs them.
pub(crate) struct Redirecting(pub(crate) Arc<Neighbours>);

impl Siblings for Redirecting {
    fn known(&self, key: &ObjectKey, now: TimeUs) -> Sibling {
        match self.0.known(key, now) {
            Known::At(authority) => Sibling::At(authority),
            Known::Nobody => Sibling::Nobody,
            Known::Ask => Sibling::Ask,
        }
    }

    fn is_home(&self, key: &ObjectKey) -> bool {
        self.0.is_home(key)
    }

    fn ask(&self, key: &ObjectKey) -> Option<Resolving> {
        self.0.ask(key)
    }
}
