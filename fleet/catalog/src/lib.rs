//! Titles and their objects as a versioned data set.
//!
//! A title enters by an import: begun, fed in batches, committed in one transaction, after
//! which the title is exactly what was imported. Objects get ordinals that are dense and
//! never given twice; the same bytes under the same path keep theirs. It knows nothing of
//! boxes or of placement, and reads no file: digests come from whoever adds the content.
//!
//! Read in this order: [`model`] (what a title and an object are), [`terms`] (where a title may be shown),
//! [`purge`] (what is to be
//! purged, and the history of it), [`Store`] (SQL),
//! [`versions`] (the catalogue as versions that can be had back, pure),
//! [`segment`] (the contract's content-addressed segments, pure).

mod error;
pub mod model;
pub mod purge;
pub mod segment;
mod store;
pub mod terms;
pub mod versions;

pub use error::CatalogError;
pub use model::{
    CatalogObject, ImportSummary, IncomingObject, MAX_BITRATE, NewObject, Playlist, RightsWindow,
    Title, TitleSpec,
};
pub use purge::{PurgeHistory, PurgePreview, PurgeTarget, RecordedPurge};
pub use store::imports::MAX_BATCH;
pub use store::versions::InForce;
pub use store::{Snapshot, Store};
