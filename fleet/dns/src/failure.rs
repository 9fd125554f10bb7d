//! What can go wrong with a name server, and what to do about it.

use hickory_proto::op::ResponseCode;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What can go wrong with a name server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsFailure {
    /// The key cannot be used.
    #[error("{path}: {why}", path = path.display())]
    KeyFile {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It does not answer.
    #[error(
        "the name server {server} does not answer ({why}): see that it runs, and that TCP reaches it from here"
    )]
    Away {
        /// Which.
        server: SocketAddr,
        /// Why.
        why: String,
    },
    /// It answers what cannot be understood.
    #[error("the name server {server} answers nonsense: {why}")]
    Nonsense {
        /// Which.
        server: SocketAddr,
        /// What is wrong with it.
        why: String,
    },
    /// What it answers is not signed with our key.
    #[error(
        "the name server {server} does not know the key, or does not allow it this, or the clocks are apart: it said {said} ({why})"
    )]
    Unsigned {
        /// Which.
        server: SocketAddr,
        /// What it says.
        said: ResponseCode,
        /// What is wrong with the signature.
        why: String,
    },
    /// It has no zone for the name.
    #[error(
        "the name server {server} has no zone for {name}, or does not say so: name its primary, and allow the fleet to ask it"
    )]
    NoZone {
        /// Which.
        server: SocketAddr,
        /// The name.
        name: String,
    },
    /// It answers no question about the name.
    #[error(
        "the name server {server} says {said} to a question about {name}: allow the fleet to ask it"
    )]
    NotTold {
        /// Which.
        server: SocketAddr,
        /// The name.
        name: String,
        /// What it says.
        said: ResponseCode,
    },
    /// It does not take the record.
    #[error(
        "the name server {server} does not take a record for {name} in the zone {zone}: it said {said}; allow the key to update TXT records there"
    )]
    Refused {
        /// Which.
        server: SocketAddr,
        /// The name.
        name: String,
        /// The zone.
        zone: String,
        /// What it says.
        said: ResponseCode,
    },
    /// It does not show the record.
    #[error(
        "the name server {server} does not show the record for {name} after {after_s} s: see that it gets changes of the zone at once"
    )]
    NotSeen {
        /// Which.
        server: SocketAddr,
        /// The name.
        name: String,
        /// How long was waited for.
        after_s: u64,
    },
    /// It does not give a zone.
    #[error(
        "the name server {server} does not give the zone {zone}: it said {said}; name its primary, and allow the key to transfer it"
    )]
    NotGiven {
        /// Which.
        server: SocketAddr,
        /// The zone.
        zone: String,
        /// What it says.
        said: ResponseCode,
    },
    /// It does not take an update.
    #[error(
        "the name server {server} does not take an update of the zone {zone}: it said {said}; allow the key to update A, AAAA, CAA and PTR records there"
    )]
    NotTaken {
        /// Which.
        server: SocketAddr,
        /// The zone.
        zone: String,
        /// What it says.
        said: ResponseCode,
    },
    /// A zone is not what it was when it was looked at.
    #[error(
        "the zone {zone} of the name server {server} was changed by somebody else meanwhile: try again"
    )]
    Changed {
        /// Which.
        server: SocketAddr,
        /// The zone.
        zone: String,
    },
    /// The name is none.
    #[error("{0:?} is no host name")]
    NoName(String),
}
