//! What is said to name servers: questions over TCP (RFC 7766), and updates (RFC 2136) that are signed
//! (RFC 8945).
//!
//! It knows no rule by which names are made, and no authority: others say what is to stand where.
//!
//! Read in this order: `messages` (what is asked, and what answers say; pure), `server` (one exchange),
//! [`Texts`] (texts that come and go), [`DnsFailure`] (what can go wrong, and what to do).

mod failure;
mod key_file;
mod messages;
mod server;
mod texts;

pub use failure::DnsFailure;
pub use key_file::read_key;
pub use texts::{Placed, Texts};
