//! What is asked: files once, regions, clusters with their boxes.

use crate::cluster::{BadFile, Bitmap, ClusterBox, Deviation, Pin, RegionOrder};
use contract::catalogue::Ordinal;
use std::sync::Arc;

/// A fleet on one day. Regions are sorted once and borrowed, clusters are shared: a question that
/// differs in one cluster costs that cluster.
#[derive(Debug, Clone)]
pub struct FleetProblem<'a> {
    /// By ordinal: what one copy takes on a disk, in bytes.
    pub sizes_bytes: &'a [u64],
    /// What viewers want, region by region.
    pub regions: &'a [Region<'a>],
    /// What must not be held, country by country.
    pub rights: &'a [Rights],
    /// The clusters, in any order.
    pub clusters: Vec<Arc<Cluster>>,
}

/// Viewers who want the same, on another scale.
#[derive(Debug, Clone)]
pub struct Region<'a> {
    /// Its name.
    pub name: Arc<str>,
    /// The files in its order.
    pub order: RegionOrder<'a>,
}

impl<'a> Region<'a> {
    /// Sorts the files. `demand` is by ordinal, in bytes per second at the region's peak.
    ///
    /// # Errors
    /// As [`RegionOrder::new`], with the name of the region.
    pub fn new(
        name: &str,
        sizes_bytes: &'a [u64],
        demand: &'a [f32],
    ) -> Result<Self, super::BadFleet> {
        let order = RegionOrder::new(sizes_bytes, demand);
        let order = order.map_err(|source: BadFile| {
            let region = name.into();
            super::BadFleet::Region { region, source }
        })?;
        Ok(Self { name: name.into(), order })
    }
}

/// What must not be held in a country.
#[derive(Debug, Clone)]
pub struct Rights {
    /// The country.
    pub name: Arc<str>,
    /// The files without a right there; of no files at all, or of all that the fleet has.
    pub banned: Bitmap,
}

/// How operators have a cluster planned; as in [`crate::cluster::Problem`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// How many copies a held file has at least, where a class has as many boxes.
    pub least_copies: u16,
    /// How much of one box's throughput one file may ask for before it gets another copy.
    pub copy_share: f64,
}

impl Default for Policy {
    /// One copy, another for each twentieth of a box.
    fn default() -> Self {
        Self { least_copies: 1, copy_share: 0.05 }
    }
}

/// Boxes that serve the same viewers, or the same clusters below them.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Its name: of a site, mostly.
    pub name: Arc<str>,
    /// Its own viewers. `None`: it only serves clusters below it.
    pub audience: Option<Audience>,
    /// The classes of hardware.
    pub classes: Vec<HardwareClass>,
    /// What must not be held: a place in [`FleetProblem::rights`].
    pub rights: Option<usize>,
    /// Files that a class must hold, rising by ordinal, then by class.
    pub pins: Vec<Pin>,
    /// Files of which there must be more copies, rising by ordinal.
    pub more_copies: Vec<(Ordinal, u16)>,
    /// What a new byte costs: bytes per second served that it must bring in.
    pub churn_price: f64,
    /// How it is planned beside that.
    pub policy: Policy,
    /// Who is asked for what it does not serve: a place in [`FleetProblem::clusters`]. `None`: the
    /// origin.
    pub parent: Option<usize>,
}

/// The viewers of one cluster.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Audience {
    /// Their region: a place in [`FleetProblem::regions`].
    pub region: usize,
    /// What part of the region's demand they are.
    pub share: f64,
    /// What they want otherwise, rising by ordinal, in place of the region's.
    pub deviations: Vec<Deviation>,
}

/// Boxes of one kind.
#[derive(Debug, Clone, Default)]
pub struct HardwareClass {
    /// Its name.
    pub name: Arc<str>,
    /// Its boxes.
    pub boxes: Vec<PlannedBox>,
}

/// One box, and whether it is planned on.
#[derive(Debug, Clone)]
pub struct PlannedBox {
    /// Its name.
    pub device: Arc<str>,
    /// What it can do.
    pub budget: ClusterBox,
    /// What was last heard of it.
    pub report: Report,
}

/// What was last heard of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// It reports: what it holds and can do is known.
    Fresh,
    /// It has not reported for so long that nothing is planned on it. What it holds stays.
    Stale {
        /// For how long.
        age_s: u64,
    },
    /// It is lost, or taken out of service.
    Lost,
}

/// One box of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoxPlace {
    /// A place in [`FleetProblem::clusters`].
    pub cluster: usize,
    /// A place in [`Cluster::classes`].
    pub class: usize,
    /// A place in [`HardwareClass::boxes`].
    pub index: usize,
}
