//! Sites, appliances and content groups: what there is, where it stands, whose it is.
//!
//! The source of truth that operators write and every other part of the fleet reads. It
//! says what was *intended*, and of what boxes report it keeps what they are made of; all else is the
//! health collector's. It renders nothing and plans nothing.
//!
//! ```text
//! region ─< region                          tag ─ on anything
//!    └──< site >── provider
//!           ├──< rack ──────────┐
//!           ├──< prefix         │ position
//!           │      └──< address │
//!           └──< device <───────┘── device type
//!                  ├──< component (moves between devices, and keeps its history) ── firmware policy
//!                  ├──< difference (between it and what it says of itself)
//!                  ├──< interface ──< address
//!                  │        └── link ── interface
//!                  ├──< BGP session
//!                  ├──> cluster           content group
//!                  └──< config context (or of its site, of its model, of all)
//! ```
//!
//! What all kinds of records have in common is written once, over what is declared of each: [`schema`]
//! (what a kind, a field, a record is), [`kinds`] (what there is), [`query`] (which of it), [`changes`]
//! (who made it so), [`rules`] (what holds between records), [`observed`] (what machines say of themselves),
//! [`records`] (all of it in SQL). [`model`] and [`Store`] are the same for planners, who want types and see
//! no rows; [`zones`] are the names of boxes.

pub mod changes;
mod error;
pub mod kinds;
pub mod model;
pub mod netbox;
pub mod observed;
pub mod query;
pub mod records;
pub mod rules;
pub mod schema;
mod store;
pub mod texts;
pub mod zones;

pub use error::{Complaint, InventoryError};
pub use model::{
    Appliance, ContentGroup, DEFAULT_DEMAND_SHARE_PERCENT, Disk, DiskClass, PlayerListener,
    S3Origin, Site, SiteFill,
};
pub use store::{Inventory, Store};
