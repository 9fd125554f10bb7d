//! The hashes of an object's slices, asked of the fleet when the object is about to arrive.

use crate::fleet::Refusal;
use crate::fleet_link::FleetLink;
use contract::catalogue::CatalogueEntry;
use contract::slices::SliceHashes;
use fill::Promise;
use fill::fetch::SliceKnowledge;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// No object waits longer: it can be verified as a whole.
const PATIENCE: Duration = Duration::from_secs(3);

/// For so long a fleet that kept an object waiting is not asked again.
const REST: Duration = Duration::from_secs(60);

/// And for so long one that could not be reached: it is not tried for each of a thousand objects.
const AWAY: Duration = Duration::from_secs(1);

/// Who is asked; nobody, for a box without a fleet. What comes back leads to the hash that the
/// catalogue names, or is not used; where nothing comes, the object is verified as a whole.
pub(crate) struct Slices {
    link: Option<Arc<FleetLink>>,
    not_before: Mutex<Option<Instant>>,
}

impl Slices {
    pub(crate) fn asked_of(link: Option<Arc<FleetLink>>) -> Self {
        Self { link, not_before: Mutex::default() }
    }

    fn not_before(&self) -> Option<Instant> {
        *self.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rest(&self, time: Duration) {
        let mut not_before = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *not_before = Some(Instant::now() + time);
    }

    async fn ask(&self, entry: &CatalogueEntry) -> Option<SliceHashes> {
        let link = self.link.as_ref()?;
        if self.not_before().is_some_and(|time| Instant::now() < time) {
            return None;
        }
        let Ok(answer) = timeout(PATIENCE, link.slice_hashes(&entry.blake3)).await else {
            tracing::debug!(path = %entry.path, "the fleet does not say what slices hash to");
            self.rest(REST);
            return None;
        };
        if answer.as_ref().is_err_and(|err| err.downcast_ref::<Refusal>().is_none()) {
            self.rest(AWAY);
        }
        let hashes = answer.and_then(|bytes| {
            Ok(SliceHashes::from_bytes(&bytes, entry.size_bytes, &entry.blake3)?)
        });
        hashes.inspect_err(|err| tracing::debug!(%err, path = %entry.path, "slices unknown")).ok()
    }
}

impl SliceKnowledge for Slices {
    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        Box::pin(self.ask(entry))
    }
}
