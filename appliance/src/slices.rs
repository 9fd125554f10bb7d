//! The hashes of an object's slices, asked of the fleet when the object is about to arrive.

use crate::fleet_link::FleetLink;
use contract::catalogue::CatalogueEntry;
use contract::slices::SliceHashes;
use fill::Promise;
use fill::fetch::SliceKnowledge;
use std::sync::Arc;

/// Who is asked; nobody, for a box without a fleet. What comes back leads to the hash that the
/// catalogue names, or is not used; where nothing comes, the object is verified as a whole.
pub(crate) struct Slices(pub(crate) Option<Arc<FleetLink>>);

impl SliceKnowledge for Slices {
    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        Box::pin(async move {
            let answer = self.0.as_ref()?.slice_hashes(&entry.blake3).await;
            let hashes = answer.and_then(|bytes| {
                Ok(SliceHashes::from_bytes(&bytes, entry.size_bytes, &entry.blake3)?)
            });
            hashes
                .inspect_err(|err| tracing::debug!(%err, path = %entry.path, "slices unknown"))
                .ok()
        })
    }
}
