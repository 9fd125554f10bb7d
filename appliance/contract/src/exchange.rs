//! One control exchange: the box posts a [`Report`](crate::report::Report) over mTLS, the
//! answer carries what is new for it.

use crate::certificates::Revoked;
use crate::envelope::Envelope;
use crate::names::{DeviceName, SiteName};
use crate::object::ObjectKey;
use crate::trust::SignedTrust;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a report is posted.
pub const REPORT_PATH: &str = "/box/v1/report";

/// Where [`late reports`](crate::late::LateReports) are posted.
pub const LATE_PATH: &str = "/box/v1/late-reports";

/// Where catalogue segments are, by digest: `{SEGMENT_PATH}/{digest}`.
pub const SEGMENT_PATH: &str = "/box/v1/catalogue/segments";

/// Where the hashes of an object's slices are, by the BLAKE3 of the object:
/// `{SLICES_PATH}/{blake3}`, 32 bytes for each.
pub const SLICES_PATH: &str = "/box/v1/catalogue/slices";

/// The most bytes that such a list may have: that of the largest object.
pub const MAX_SLICES_BYTES: usize = 8 << 20;

/// The most bytes an answer may have.
pub const MAX_ANSWER_BYTES: usize = 64 << 20;

/// What a box gets for its report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// [`crate::SCHEMA`].
    pub schema: u32,
    /// When the box should report again.
    pub next_report_in_s: f64,
    /// Events up to this sequence of this boot are recorded and need not come again.
    pub events_recorded: u64,
    /// What the root has said since the version that the report names, in order: heard before
    /// the documents, which may be signed by whom it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<SignedTrust>,
    /// Identities that count no more, where the report names an older list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revoked>,
    /// What boxes show to viewers is issued by an authority that is not the fleet's own: of those
    /// that the root names for it none is to have issued it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub players_elsewhere: bool,
    /// The next report is to tell the parts of the machine, and not their digest alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wants_parts: bool,
    /// Documents newer than those the report names.
    #[serde(default)]
    pub documents: Vec<Envelope>,
}

/// For so long boxes use a connection with each other; either of them ends it then. Who is at the other
/// end was looked at when it began, and may count no more since.
pub const SIBLING_CONNECTION_AGE: Duration = Duration::from_mins(5);

/// What the path of a request between boxes begins with, on a listener with role `peer`.
pub const PEER_PREFIX: &str = "/peer/v1/";

/// What the path of a question between boxes begins with whether a viewer would be given an object
/// now. The answer is what a viewer would be given; asked with HEAD, it is its head.
pub const SERVED_PREFIX: &str = "/served/v1/";

/// What the path of a question between boxes begins with for what nobody ordered, put to the home
/// of its key, or who takes its place: it answers what the origin says, from its disk or by asking.
pub const DEMANDED_PREFIX: &str = "/demanded/v1/";

/// The field in which such questions say how far the box that asks has carried purges out
/// ([`PurgedUpTo`](crate::tombstones::PurgedUpTo)): who is behind would give the viewer what was
/// purged, and says that it would give him nothing.
pub const PURGED_UP_TO: &str = "headend-purged-up-to";

/// The field in which a box says with [`TRUE`] that a viewer waits for what it asks another for: what
/// that one is to hold and has not got yet, it is to get now, and to give as it comes.
pub const AWAITED: &str = "headend-awaited";

/// A boolean that is true, as a field says it (RFC 9651).
pub const TRUE: &str = "?1";

/// The query argument of a request that one box has redirected to another. Who gets it redirects
/// no further, so that boxes that are wrong about each other send nobody in circles.
pub const REDIRECTED: &str = "headend-redirected";

/// The path under which one box asks another whether it would serve an object.
#[must_use]
pub fn served_path(key: &ObjectKey) -> String {
    format!("{SERVED_PREFIX}{}{}", key.group, key.path)
}

/// The path under which one box asks the home of a key for what nobody ordered.
#[must_use]
pub fn demanded_path(key: &ObjectKey) -> String {
    format!("{DEMANDED_PREFIX}{}{}", key.group, key.path)
}

/// The path under which one box asks another for an object.
#[must_use]
pub fn peer_path(key: &ObjectKey) -> String {
    format!("{PEER_PREFIX}{}{}", key.group, key.path)
}

/// The DNS name that a box's identity certificate holds, and that a sibling expects there.
/// It never resolves: where to connect is told apart from whom to expect.
#[must_use]
pub fn identity_name(device: &DeviceName) -> String {
    format!("{device}.box.internal")
}

/// What the DNS name of a site ends with.
const SITE_SUFFIX: &str = ".site.internal";

/// The DNS name that the identity certificates of a site's boxes hold beside their own: boxes let
/// in no others as siblings. It never resolves.
#[must_use]
pub fn site_name(site: &SiteName) -> String {
    format!("{site}{SITE_SUFFIX}")
}

/// Whether a DNS name is one of a site.
#[must_use]
pub fn is_site_name(name: &str) -> bool {
    name.strip_suffix(SITE_SUFFIX).is_some_and(|site| SiteName::new(site).is_ok())
}

/// The DNS name that the fleet's control listener shows to boxes.
pub const FLEET_IDENTITY_NAME: &str = "fleet.control.internal";
