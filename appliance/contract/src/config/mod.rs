//! `ApplianceConfig`: what a box is told to be.
//!
//! Read by [`parse`]: syntax and shape first (unknown keys fail), then meaning
//! ([`check`]). Every complaint, of either kind, says line and column. What only the
//! machine can tell (does the file exist, is the port free) is checked by the appliance,
//! which reports it through the same [`Problem`].

pub mod check;
mod demand;
mod disk;
mod fill;
mod hardware;
mod limits;
mod locate;
mod moves;
mod pacing;
mod parse;
mod read_p99;
mod scrub;
mod serving;
mod smart;

pub use demand::{Demand, DemandOrigin, MAX_ORIGINS, MIN_SHARE, OnMiss};
pub use disk::{DEFAULT_SERVICE_LIFE_DAYS, Disk, DiskClass, bad_rating};
pub use fill::{
    EmergencyFill, Fill, FillWindow, MAX_FILL_WINDOWS, MAX_WIDEN_AFTER_S, MIN_FILL_CAP, SourceCaps,
    WidenAfter, bad_cap, check_source_caps, check_widen, check_windows,
};
pub use hardware::Hardware;
pub use limits::Limits;
pub use moves::Moves;
pub use pacing::Pacing;
pub use parse::{Document, Problem, Problems, parse};
pub use read_p99::ReadP99;
pub use scrub::Scrub;
pub use serving::{EngineChoice, Serving, TlsChoice, ZeroCopy};
pub use smart::Smart;

use crate::bucket::CredentialsPlace;
use crate::names::{DeviceName, GroupName};
use crate::quantity::{ByteCount, Seconds};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a box is told to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplianceConfig {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// The oldest software that understands this document.
    pub min_appliance_version: String,
    /// This box.
    pub name: DeviceName,
    /// Where documents and the spool are kept. Objects live on the disks.
    pub state_folder: PathBuf,
    /// Where viewers and sibling boxes connect.
    pub listeners: Vec<Listener>,
    /// What the box shows to viewers, chosen by the name they ask for (SNI).
    pub certificates: Vec<Certificate>,
    /// Who the box is towards the fleet and other boxes (mTLS).
    pub identity: Certificate,
    /// Health, metrics and status.
    #[serde(default)]
    pub admin: Admin,
    /// Where objects live.
    pub disks: Vec<Disk>,
    /// The RAM tier.
    pub ram: Ram,
    /// Whose content is served here, and how.
    pub content_groups: Vec<ContentGroup>,
    /// The fleet manager. A box without one serves what it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<Fleet>,
    /// Bringing objects in.
    #[serde(default)]
    pub fill: Fill,
    /// Reading every block once in a while.
    #[serde(default)]
    pub scrub: Scrub,
    /// Moving objects between classes of disks.
    #[serde(default)]
    pub moves: Moves,
    /// Asking disks for their health.
    #[serde(default)]
    pub smart: Smart,
    /// What the machine is made of.
    #[serde(default)]
    pub hardware: Hardware,
    /// How slow reads may get before less is written to a disk.
    #[serde(default)]
    pub read_p99: ReadP99,
    /// Moving bytes to viewers.
    #[serde(default)]
    pub serving: Serving,
    /// What one client, or all of them, may cost.
    #[serde(default)]
    pub limits: Limits,
    /// How fast players are sent to.
    #[serde(default)]
    pub pacing: Pacing,
    /// Request logs.
    #[serde(default)]
    pub log: Log,
}

/// One listener: several addresses, one behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Where to listen; name IPv4 and IPv6 both.
    pub addresses: Vec<SocketAddr>,
    /// Who connects there.
    #[serde(default)]
    pub role: ListenerRole,
    /// Offered in ALPN. Bulk video travels over HTTP/1.1.
    #[serde(default = "http1_only")]
    pub protocols: Vec<Protocol>,
}

fn http1_only() -> Vec<Protocol> {
    vec![Protocol::Http1]
}

/// Who connects to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListenerRole {
    /// Viewers.
    #[default]
    Player,
    /// Sibling boxes, which must show a certificate of the fleet's.
    Peer,
}

/// A protocol by its ALPN name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// HTTP/1.1 (RFC 9112).
    #[serde(rename = "http/1.1")]
    Http1,
    /// HTTP/2 (RFC 9113).
    #[serde(rename = "h2")]
    Http2,
}

impl Protocol {
    /// The ALPN name.
    #[must_use]
    pub fn alpn(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "h2",
        }
    }
}

/// A certificate chain and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The chain, leaf first.
    pub chain_file: PathBuf,
    /// The private key.
    pub key_file: PathBuf,
    /// The box has it renewed by its fleet. Key and chain are in one file then, which the box
    /// replaces.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renewed: bool,
}

/// The admin listener: plain HTTP on a socket in the file system, for the owner of the process and
/// root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Where to listen; in the state folder where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// What was said before there was a socket. Nobody listens there.
    #[serde(default, skip_serializing)]
    pub address: Option<SocketAddr>,
}

/// What the name of a socket ends in that is not in its place yet.
pub const ADMIN_SOCKET_DRAFT: &str = ".next";

/// The longest path of a socket (unix(7)).
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// The longest path of the admin socket.
pub const MAX_ADMIN_SOCKET_BYTES: usize = MAX_SOCKET_PATH_BYTES - ADMIN_SOCKET_DRAFT.len();

impl ApplianceConfig {
    /// Where the running appliance says how it is.
    #[must_use]
    pub fn admin_socket(&self) -> PathBuf {
        let own = || self.state_folder.join("admin.sock");
        self.admin.socket.clone().unwrap_or_else(own)
    }
}

/// The RAM tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ram {
    /// What blocks may take.
    pub budget_bytes: ByteCount,
}

/// One owner's content under one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContentGroup {
    /// Its name.
    pub name: GroupName,
    /// Whose it is.
    pub owner: String,
    /// The host names under which viewers ask this box for it.
    pub host_names: Vec<String>,
    /// Which web pages may read it.
    #[serde(default)]
    pub cors: Cors,
    /// Where the credentials for its origin are, if that is a bucket that asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_credentials: Option<CredentialsPlace>,
    /// What happens when this box does not hold what is asked for.
    #[serde(default)]
    pub on_miss: OnMiss,
    /// Where what is missing comes from with `on_miss: proxy`, and what it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<Demand>,
    /// Query arguments that belong to the cache key. All others are ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query_keys: Vec<String>,
    /// `Cache-Control: max-age` for what is immutable by its path: segments.
    #[serde(default = "a_day")]
    pub max_age_s: Seconds,
    /// Whether its requests are logged.
    #[serde(default)]
    pub log: LogPolicy,
}

fn a_day() -> Seconds {
    Seconds(86_400)
}

/// Cross-origin rules (Fetch standard).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Origins that may read, or `*`. `null` is what a page's origin becomes after a
    /// redirect across origins: allowed wherever `*` is.
    pub allow_origins: Vec<String>,
    /// How long a browser may keep the answer to a preflight.
    pub max_age_s: Seconds,
}

impl Default for Cors {
    fn default() -> Self {
        Self { allow_origins: vec!["*".to_owned()], max_age_s: Seconds(7200) }
    }
}

/// Whether requests are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogPolicy {
    /// One line each, with the client's prefix and a daily-keyed hash of its session.
    #[default]
    Requests,
    /// Counters only.
    Nothing,
}

/// The fleet manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// Where its control listener is.
    pub address: SocketAddr,
    /// The name that its certificate holds.
    pub tls_name: String,
    /// How long to wait between reports when the fleet says nothing else.
    #[serde(default = "ten_seconds")]
    pub report_interval_s: Seconds,
    /// What the root said when the box joined (a [`SignedTrust`](crate::trust::SignedTrust),
    /// in JSON). What it has said since then is kept in `state_folder`.
    pub trust_file: PathBuf,
}

fn ten_seconds() -> Seconds {
    Seconds(10)
}

/// Request logs: JSON, a line a request, a file an hour.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Where the files are kept; none are written without it.
    pub access_folder: Option<PathBuf>,
    /// How many hours of raw lines stay, 24 at most: they are personal data.
    pub retention_h: Option<u8>,
}
