//! Everything that an appliance's configuration is made from.

use contract::names::GroupName;
use contract::sources::OriginPath;
use inventory::{Appliance, ContentGroup, SiteFill};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

/// The oldest appliance that understands what the template writes.
pub(crate) const MIN_APPLIANCE_VERSION: &str = "0.1.0";

/// What one appliance is meant to be.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    /// The box.
    pub appliance: &'a Appliance,
    /// When and how fast the boxes of its site fill.
    pub fill: Option<&'a SiteFill>,
    /// The content groups that it serves, by name.
    pub groups: &'a [ContentGroup],
    /// Where the origins of groups are that boxes fill by demand: boxes resolve no names.
    pub origins: &'a BTreeMap<GroupName, Origin>,
    /// Where its keys and certificates lie.
    pub files: Files<'a>,
    /// The fleet manager.
    pub fleet: FleetAddress,
}

/// An origin as a box is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Where to connect.
    pub address: SocketAddr,
    /// The name that its certificate must hold; none without TLS.
    pub tls_name: Option<String>,
    /// How to ask there.
    pub path: OriginPath,
}

/// Where the files of a box lie: their names in it are those of [`contract::join::files`].
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// The folder, an absolute path on the box.
    pub folder: &'a Path,
}

/// How a box reaches the fleet.
#[derive(Debug, Clone, Copy)]
pub struct FleetAddress {
    /// The control listener.
    pub control: SocketAddr,
    /// Seconds between reports.
    pub report_interval_s: u64,
}
