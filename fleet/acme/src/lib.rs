//! Certificates that an authority elsewhere issues by ACME (RFC 8555), proved in DNS.
//!
//! The box keeps its key; the fleet orders for it, with the request of the box, and shows by a record
//! under the box's name that the name is its own (dns-01), which it puts there by a signed update
//! (RFC 2136) and takes away again. It decides nothing about when: that is [`admit`]'s, which
//! counts what was ordered ([`OrderStore`]).
//!
//! Read in this order: [`Settings`], [`Acme`] (an authority as one that issues), `order` (one
//! order), `dns` (records that come and go), [`Failure`] (what can go wrong, and what to do),
//! [`admit`] and [`OrderStore`].

mod account;
mod admission;
mod authority;
mod chain;
mod dns;
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
pub use dns::DnsFailure;
pub use failure::Failure;
pub use settings::Settings;
pub use store::{OrderId, OrderStore};
