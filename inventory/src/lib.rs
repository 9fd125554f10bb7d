//! Sites, appliances and content groups: what there is, where it stands, whose it is.
//!
//! The source of truth that operators write and every other part of the fleet reads. It
//! says what was *intended*; what boxes report is kept by the health collector. It renders
//! nothing and plans nothing.
//!
//! Read in this order: [`model`] (pure: the records and what makes sense of them), then
//! [`Store`] (the same records in SQL).

pub mod changes;
mod error;
pub mod kinds;
pub mod model;
pub mod query;
pub mod records;
pub mod rules;
pub mod schema;
mod store;

pub use error::{Complaint, InventoryError, RecordKind};
pub use model::{
    Appliance, ContentGroup, DEFAULT_DEMAND_SHARE_PERCENT, Disk, DiskClass, PlayerListener,
    S3Origin, Site, SiteFill,
};
pub use store::{Inventory, Store};
