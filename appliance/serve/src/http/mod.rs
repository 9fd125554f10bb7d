//! What HTTP means here: from a request to an answer, for every engine and protocol.
//!
//! Pure: no socket, no runtime, no clock. An engine frames a request (HTTP/1 by [`head`],
//! HTTP/2 by its own library), calls [`respond`](respond::respond), writes the fields in
//! its own framing and pulls the body's [`span`] block by block. In the steady state
//! nothing here allocates.
//!
//! Read in this order: [`head`], [`framing`], [`target`] and [`fields`] (from octets to a
//! [`request`]), [`policy`] and [`key`] (whose content, which object), [`respond`] (the
//! table of contents of an answer), [`demanded`] (what nobody ordered), `awaited` (what was
//! ordered and has not come), `redirect` (to whoever holds it), [`precondition`] and [`range`]
//! (RFC 9110 §13 and §14),
//! [`answer`], [`cache_control`], [`cache_status`] and [`cors`] (what is said), then
//! [`cmcd`], [`log`] and [`session_hash`] (what is remembered), and [`pace`] (how fast).

pub mod answer;
pub mod authority;
mod awaited;
pub mod cache_control;
pub mod cache_status;
pub mod client;
pub mod cmcd;
pub mod cors;
pub mod date;
pub mod demanded;
pub mod etag;
pub mod fields;
pub mod framing;
pub mod h1_head;
pub mod head;
mod home;
pub mod index;
pub mod key;
pub mod log;
pub mod method;
pub mod miss_limit;
mod octets;
pub mod pace;
mod peer;
pub mod policy;
pub mod precondition;
pub mod range;
mod redirect;
pub mod refuse;
pub mod request;
pub mod respond;
pub mod session_hash;
pub mod span;
pub mod stack_text;
pub mod target;

#[cfg(test)]
mod awaited_tests;
#[cfg(test)]
mod home_tests;
#[cfg(test)]
mod redirect_tests;
#[cfg(test)]
mod respond_tests;
