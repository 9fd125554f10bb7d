//! Which files a device has, what checks each, and what puts it into force.
//!
//! Read in this order: [`Wanted`] (a file before it has a text), `role.rs` (which a device has by its role),
//! [`Service`] (who reads it), `shipped.rs` (the templates), [`job`] (what renders them).

mod render;
mod role;
mod service;
mod shipped;

pub use render::{HIDDEN, Inputs, NoJob, Secrets, job};
pub use role::wanted;
pub use service::{Refused, Service};
pub use shipped::library;

use serde_json::Value;

/// A file that a device is to have.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Where, an absolute path.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// Its user and group, as the device names them.
    pub owner: &'static str,
    /// Who reads it.
    pub service: Service,
    /// Of which template its text is.
    pub template: &'static str,
    /// What the template reads as `item`, where there is a file for each of several.
    pub item: Option<Value>,
}

#[cfg(test)]
mod tests;
