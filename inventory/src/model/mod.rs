//! The records. Pure: no SQL, no clock. `check` says whether a record makes sense by
//! itself; what only others can tell (is the name taken) the store knows.

mod appliance;
mod content_group;
mod disk;
mod s3_origin;
mod site;
mod site_fill;

pub use appliance::{Appliance, PlayerListener};
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

/// Names for people end in tables and logs: one line of sane length, no control characters
/// (PostgreSQL takes no NUL, terminals take every escape).
pub const MAX_TEXT_CHARS: usize = 200;

/// Whether a free text can be kept.
///
/// # Errors
/// What is wrong with it.
pub fn check_text(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() {
        Err("must not be empty")
    } else if text.chars().count() > MAX_TEXT_CHARS {
        Err("must not have more than 200 characters")
    } else if text.chars().any(char::is_control) {
        Err("must not hold control characters")
    } else {
        Ok(())
    }
}
