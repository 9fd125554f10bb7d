//! What is wrong with a question (nothing is planned then), and what is strange about it (said).

use super::fleet::{BoxPlace, Cluster, FleetProblem, Report};
use crate::cluster::BadFile;
use contract::catalogue::Ordinal;
use std::sync::Arc;

/// All that is wanted in a fleet at once stays below this, in bytes per second: a hundred times the
/// traffic of the whole Internet, and whole numbers hold it ([`super::asked`]).
pub(super) const MAX_FLEET_BYTES_PER_S: f64 = 1e15;

/// The shares of the audiences of a fleet add up to less than this. Those of a region add up to 1.
pub(super) const MAX_SHARES: f64 = 1e6;

/// Why a fleet cannot be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadFleet {
    /// A file of a region.
    #[error("region {region}: {source}")]
    Region {
        /// Which region.
        region: Arc<str>,
        /// What is wrong.
        source: BadFile,
    },
    /// A region that speaks of other files than the fleet.
    #[error("region {region} has {given} files, the fleet {files}: one demand for each file")]
    RegionFiles {
        /// Which region.
        region: Arc<str>,
        /// How many it has.
        given: usize,
        /// How many there are.
        files: usize,
    },
    /// A ban that speaks of other files than the fleet.
    #[error("the rights of {name} speak of {given} files, the fleet has {files}")]
    RightsFiles {
        /// Of which country.
        name: Arc<str>,
        /// Of how many they speak.
        given: usize,
        /// How many there are.
        files: usize,
    },
    /// A place that is not there.
    #[error("cluster {cluster}: there is no {what} {given}, only {known}")]
    Unknown {
        /// Which cluster.
        cluster: Arc<str>,
        /// What is not there.
        what: &'static str,
        /// The place that was named.
        given: usize,
        /// How many there are.
        known: usize,
    },
    /// A cluster that is above itself.
    #[error("cluster {cluster} is above itself: one of {names} needs another parent")]
    Cycle {
        /// One of them.
        cluster: Arc<str>,
        /// All of them, from child to parent.
        names: String,
    },
    /// An audience that is no part of a region.
    #[error("cluster {cluster} is {share} of its region: above 0")]
    Share {
        /// Which cluster.
        cluster: Arc<str>,
        /// What was given.
        share: f64,
    },
    /// A demand that is none.
    #[error("cluster {cluster}, file {ordinal}: a demand of {demand} bytes/s, not 0 or more")]
    Demand {
        /// Which cluster.
        cluster: Arc<str>,
        /// Which file.
        ordinal: Ordinal,
        /// What was given.
        demand: f32,
    },
    /// Deviations out of order, twice, or of a file that is not there.
    #[error("cluster {cluster}: deviations rise by file, each of {files} once; see file {ordinal}")]
    Deviations {
        /// Which cluster.
        cluster: Arc<str>,
        /// At which file.
        ordinal: Ordinal,
        /// How many files there are.
        files: usize,
    },
    /// More than could be wanted.
    #[error("{bytes_per_s:e} bytes/s are wanted in all: at most {MAX_FLEET_BYTES_PER_S:e}")]
    TooMuchDemand {
        /// What is wanted.
        bytes_per_s: f64,
    },
    /// Audiences that are many times their regions.
    #[error("audiences add up to {shares} times their regions: at most {MAX_SHARES}")]
    Shares {
        /// Their sum.
        shares: f64,
    },
}

/// What is strange about a box: it is planned all the same, or left out, and that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// It has less room than the smallest file, and is to hold nothing.
    HoldsNothing {
        /// Which box.
        place: BoxPlace,
        /// Its name.
        device: Arc<str>,
        /// Its room.
        room_bytes: u64,
        /// The smallest file.
        smallest_bytes: u64,
    },
    /// It has not reported for long: nothing is planned on it, and what it holds stays.
    Stale {
        /// Which box.
        place: BoxPlace,
        /// Its name.
        device: Arc<str>,
        /// How old its last report is.
        age_s: u64,
    },
}

/// What is strange about the boxes of a fleet, in their order.
#[must_use]
pub fn remarks(problem: &FleetProblem) -> Vec<Remark> {
    let smallest_bytes = problem.sizes_bytes.iter().copied().min().unwrap_or(0);
    let mut remarks = Vec::new();
    for (cluster, of) in problem.clusters.iter().enumerate() {
        for (class, boxes) in of.classes.iter().enumerate() {
            for (index, one) in boxes.boxes.iter().enumerate() {
                let place = BoxPlace { cluster, class, index };
                let device = Arc::clone(&one.device);
                let room_bytes = one.budget.room_bytes;
                match one.report {
                    Report::Stale { age_s } => remarks.push(Remark::Stale { place, device, age_s }),
                    Report::Fresh if room_bytes < smallest_bytes => {
                        remarks.push(Remark::HoldsNothing {
                            place,
                            device,
                            room_bytes,
                            smallest_bytes,
                        });
                    }
                    Report::Fresh | Report::Lost => {}
                }
            }
        }
    }
    remarks
}

/// Checks what holds between records. What stands in one cluster's question is checked when it is
/// solved, and costs only that cluster its plan ([`super::State::Refused`]).
pub(super) fn check(problem: &FleetProblem) -> Result<(), BadFleet> {
    let files = problem.sizes_bytes.len();
    if let Some(region) = problem.regions.iter().find(|region| region.order.files() != files) {
        let (region, given) = (Arc::clone(&region.name), region.order.files());
        return Err(BadFleet::RegionFiles { region, given, files });
    }
    for rights in problem.rights {
        let given = rights.banned.files();
        if given != 0 && given != files {
            let name = Arc::clone(&rights.name);
            return Err(BadFleet::RightsFiles { name, given, files });
        }
    }
    let (mut bytes_per_s, mut shares) = (0.0, 0.0);
    for cluster in &problem.clusters {
        check_places(problem, cluster)?;
        let Some(audience) = &cluster.audience else { continue };
        check_audience(cluster, files)?;
        shares += audience.share;
        bytes_per_s += audience.share * problem.regions[audience.region].order.demand_in_all();
        bytes_per_s += audience.deviations.iter().map(|one| f64::from(one.demand)).sum::<f64>();
    }
    if bytes_per_s > MAX_FLEET_BYTES_PER_S {
        return Err(BadFleet::TooMuchDemand { bytes_per_s });
    }
    if shares > MAX_SHARES { Err(BadFleet::Shares { shares }) } else { Ok(()) }
}

fn check_places(problem: &FleetProblem, cluster: &Cluster) -> Result<(), BadFleet> {
    let region = cluster.audience.as_ref().map(|audience| audience.region);
    let places = [
        ("region", region, problem.regions.len()),
        ("rights", cluster.rights, problem.rights.len()),
        ("parent", cluster.parent, problem.clusters.len()),
    ];
    for (what, given, known) in places {
        if let Some(given) = given.filter(|given| *given >= known) {
            let cluster = Arc::clone(&cluster.name);
            return Err(BadFleet::Unknown { cluster, what, given, known });
        }
    }
    Ok(())
}

fn check_audience(cluster: &Cluster, files: usize) -> Result<(), BadFleet> {
    let Some(audience) = &cluster.audience else { return Ok(()) };
    let name = || Arc::clone(&cluster.name);
    let is_share = audience.share.is_finite() && audience.share > 0.0;
    if !is_share {
        return Err(BadFleet::Share { cluster: name(), share: audience.share });
    }
    let mut least = 0;
    for deviation in &audience.deviations {
        let (ordinal, demand) = (deviation.ordinal, deviation.demand);
        if !(demand.is_finite() && demand >= 0.0) {
            return Err(BadFleet::Demand { cluster: name(), ordinal, demand });
        }
        let at = u64::from(ordinal);
        if at < least || ordinal as usize >= files {
            return Err(BadFleet::Deviations { cluster: name(), ordinal, files });
        }
        least = at + 1;
    }
    Ok(())
}
