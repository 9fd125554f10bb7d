//! Settings of a device: what is shipped, and over it what operators say of all devices, of its model, of its
//! site, of itself, and for a while. Every value knows who has said it. Pure.
//!
//! Read in this order: [`Rank`] and [`Layer`], [`Contexts`] (which of them count for a device), [`Settings`]
//! (what they come to), [`Known`] (which settings there are).

mod contexts;
mod known;
mod layer;
mod settings;

pub use contexts::{Contexts, Place};
pub use known::{Known, Unknown};
pub use layer::{Layer, Rank};
pub use settings::{Explained, Said, Settings};

#[cfg(test)]
mod tests;
