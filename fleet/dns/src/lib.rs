//! What is said to name servers: questions over TCP (RFC 7766), transfers of zones (RFC 5936) and updates
//! (RFC 2136), signed (RFC 8945).
//!
//! It knows no rule by which names are made, and no authority: others say what is to stand where.
//!
//! Read in this order: `messages` (what is asked, and what answers say; pure), `server` (exchanges),
//! [`Texts`] (texts that come and go), [`Primary`] (a zone as it is, and as it is to be), [`difference`]
//! (between the two; pure), `update` (as messages; pure), [`DnsFailure`] (what can go wrong, and what to do).

mod chain;
mod difference;
mod failure;
mod key_file;
mod messages;
mod primary;
mod server;
mod texts;
mod transfer;
mod update;

pub use difference::{Conflict, Difference, difference};
pub use failure::DnsFailure;
pub use hickory_proto::rr::rdata::{A, AAAA, CAA, PTR};
pub use hickory_proto::rr::{Name, RData, Record, RecordType};
pub use key_file::read_key;
pub use primary::Primary;
pub use texts::{Placed, Texts};
