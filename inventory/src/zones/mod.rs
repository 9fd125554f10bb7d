//! Names under which boxes are reached, as zones of the DNS: pure.
//!
//! Each box has a name for each content group (its host pattern), with all of its addresses for viewers, and
//! before it `ipv4-` and `ipv6-` for those of one family. From an address the plainest of the names of its box
//! leads back.
//!
//! Read in this order: [`Sources`] (what names are made from), [`Names`] (the rule), [`Zone`] (those of one
//! zone), `forward` and `reverse` (which records these are), [`called_for`] (which zones there are), [`Soa`]
//! and [`render`] (as a file).

mod called;
mod file;
mod forward;
mod host;
mod names;
mod reverse;
mod text;
mod zone;

pub use called::{Called, called_for};
pub use file::{BadSoa, NameServer, Soa, render};
pub use host::{has_names, host_names};
pub use names::{Names, Sources};
pub use text::is_within;
pub use zone::{NoZone, Note, Zone, zone};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use utoipa::ToSchema;

/// A record of a zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = ZoneRecord)]
pub struct Record {
    /// Whose: a whole name, without the dot at its end.
    #[schema(example = "ipv4-oca1.site-a.cdn.example")]
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub data: Data,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
#[schema(as = ZoneRecordData)]
pub enum Data {
    /// An address.
    A {
        /// Which.
        #[schema(value_type = String, example = "192.0.2.11")]
        address: Ipv4Addr,
    },
    /// The same.
    #[serde(rename = "AAAA")]
    Aaaa {
        /// Which.
        #[schema(value_type = String, example = "2001:db8::11")]
        address: Ipv6Addr,
    },
    /// Who may issue certificates (RFC 8659).
    #[serde(rename = "CAA")]
    Caa {
        /// The value of the property `issue`.
        #[schema(example = "letsencrypt.org")]
        issue: String,
    },
    /// What leads back from an address.
    #[serde(rename = "PTR")]
    Ptr {
        /// A whole name, without the dot at its end.
        target: String,
    },
}

impl Data {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A { address },
            IpAddr::V6(address) => Self::Aaaa { address },
        }
    }
}

/// As it stands in a file of a zone (RFC 1035 §5.1).
impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A { address } => write!(f, "A {address}"),
            Self::Aaaa { address } => write!(f, "AAAA {address}"),
            Self::Caa { issue } => write!(f, "CAA 0 issue {}", text::quoted(issue)),
            Self::Ptr { target } => write!(f, "PTR {target}."),
        }
    }
}

#[cfg(test)]
mod tests;
