//! Certificates that an authority elsewhere issues by ACME (RFC 8555), proved in DNS.
//!
//! The box keeps its key; the fleet orders for it, with the request of the box, and shows by a record
//! under the box's name that the name is its own (dns-01), which the crate `dns` puts there and takes
//! away again. It decides nothing about when: that is [`admit`]'s, which
//! counts what was ordered ([`OrderStore`]).
//!
//! Read in this order: [`Settings`], [`Acme`] (an authority as one that issues), `order` (one
//! order), [`Failure`] (what can go wrong, and what to do),
//! [`admit`] and [`OrderStore`].

mod account;
mod admission;
mod authority;
mod chain;
mod failure;
mod order;
mod settings;
mod store;
mod wire;

pub use admission::{
    AT_ONCE, Budget, Ended, History, LONGEST_PAUSE, Later, OF_ONE_BOX, Past, Waits, admit,
    failures, pause,
};
pub use authority::Acme;
pub use failure::Failure;
pub use settings::Settings;
pub use store::{OrderId, OrderStore};
