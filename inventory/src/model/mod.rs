//! The records. Pure: no SQL, no clock. `check` says whether a record makes sense by
//! itself; what only others can tell (is the name taken) the store knows.

mod appliance;
mod content_group;
mod disk;
mod s3_origin;
mod site;
mod site_fill;

pub use appliance::{Appliance, PlayerListener};
pub(crate) use appliance::{OF_DEVICE, is_serial};
pub use content_group::{ContentGroup, DEFAULT_DEMAND_SHARE_PERCENT, DEVICE_PLACEHOLDER};
pub use disk::{Disk, DiskClass};
pub use s3_origin::S3Origin;
pub use site::Site;
pub use site_fill::SiteFill;

use crate::Complaint;
use std::fmt::Display;

/// Gathers everything that is wrong with a record, so that a person sees it at once.
#[derive(Default)]
struct Found(Vec<Complaint>);

impl Found {
    fn add(&mut self, field: impl Display, message: impl Display) {
        self.0.push(Complaint { field: field.to_string(), message: message.to_string() });
    }

    fn or_else_ok(self) -> Result<(), Vec<Complaint>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
