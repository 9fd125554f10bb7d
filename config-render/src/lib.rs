//! From what the inventory intends to the text that a device reads.
//!
//! Today for one kind of device, the appliance: inventory and enrolment give an
//! [`Intent`], a strict template gives text, and the device's own checker reads the text
//! before anybody else does. It applies nothing, compares nothing and keeps no history yet.
//!
//! Read in this order: [`Intent`], [`render`], `templates/appliance.yaml.j2`; then [`engine`],
//! which renders anybody's templates within limits, and [`workers`], which keep it from harm.

pub mod engine;
mod intent;
mod render;
pub mod values;
pub mod workers;

pub use intent::{Files, FleetAddress, Intent, Origin};
pub use render::{RenderError, render};

#[cfg(test)]
mod tests;
