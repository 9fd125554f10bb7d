//! Every document that crosses between the two halves of Headend.
//!
//! The appliance and the fleet manager meet here and nowhere else. This crate is
//! pure: no file, no clock, no network; time comes in as an argument. It says what a
//! document is, whether it makes sense, and whether its signature holds. What is done
//! with it is the business of the half that receives it.
//!
//! Read in this order: [`names`], [`tags`] and [`object`] (the words), [`path`] (the cache key),
//! [`slices`] (what can be verified alone),
//! [`config`] (what a box is told to be), [`catalogue`], [`manifest`], [`sources`] and
//! [`tombstones`] (what it is told to hold), [`report`] (with [`smart`], [`parts`] and [`demand`]), [`progress`] and [`command`] (the
//! conversation), [`late`] and [`autonomy`] (a box that is cut off), [`trust`] (whose word
//! counts), [`join`] and [`certificates`] (who is who), [`envelope`] and [`exchange`] (how all of it travels).

pub mod autonomy;
pub mod bucket;
pub mod catalogue;
pub mod certificates;
pub mod civil;
pub mod command;
pub mod config;
pub mod demand;
pub mod envelope;
pub mod exchange;
pub mod join;
pub mod late;
pub mod manifest;
pub mod media;
pub mod names;
pub mod object;
pub mod parts;
pub mod path;
pub mod progress;
pub mod quantity;
pub mod report;
mod shared;
pub mod slices;
pub mod smart;
pub mod sources;
pub mod ssh_host_keys;
pub mod tags;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod tombstones;
pub mod trust;

/// The schema number that every document of this version carries.
pub const SCHEMA: u32 = 1;
