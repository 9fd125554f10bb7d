//! The demo: a small CDN on one machine, from origin to player.
//!
//! Read in this order: [`plan`] (who stands where), [`origin`], [`world`] (all of it,
//! started), [`checks`] (what `CHECK=1` proves), [`browser`] and [`network`] (what the checks
//! need).

pub mod browser;
pub mod checks;
pub mod network;
pub mod origin;
pub mod plan;
pub mod world;
