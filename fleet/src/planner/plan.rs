//! The plan: from what is intended to what every box is told. Pure.

use super::cohorts::{Cohort, cohorts};
use super::inputs::Inputs;
use catalog::segment::{Built, build};
use catalog::{CatalogObject, Snapshot};
use contract::SCHEMA;
use contract::catalogue::{Catalogue, Ordinal};
use contract::config::OnMiss;
use contract::exchange::identity_name;
use contract::manifest::{Hold, runs_of};
use contract::names::{DeviceName, GroupName, TitleName};
use contract::sources::{Batch, Neighbour, Source, SourceKind};
use health_collector::HeldTitle;
use inventory::{Appliance, Inventory};
use prefill::{BoxRoom, BoxSources, Item, Problem, Reason, Solution};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What every box is told.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) segments: Vec<Built>,
    pub(super) boxes: Vec<BoxTargets>,
}

/// What one box is told.
#[derive(Debug)]
pub(super) struct BoxTargets {
    pub(super) device: DeviceName,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) hold: Hold,
    pub(super) batches: Vec<Batch>,
    /// Whom its viewers may be redirected to.
    pub(super) neighbours: Vec<Neighbour>,
    /// The titles that it will hold whole.
    pub(super) titles: HashSet<HeldTitle>,
    /// How many objects it cannot hold, by reason.
    pub(super) not_placed: Vec<(Reason, usize)>,
}

/// Decides.
pub(super) fn plan(inputs: &Inputs) -> Result<Plan, serde_json::Error> {
    let mut boxes = Vec::new();
    // Most of them are the same everywhere.
    let mut all = BTreeMap::new();
    for cohort in cohorts(inputs) {
        let catalog = cohort.catalog();
        let segments = build(&catalog.objects)?;
        let catalogue = Arc::new(Catalogue {
            schema: SCHEMA,
            version: catalog.version,
            segments: segments.iter().map(|built| built.reference).collect(),
        });
        let problem = problem(&catalog, &cohort);
        let solution = prefill::solve(&problem);
        let sources = prefill::fill_sources(&problem, &solution);
        boxes.extend(targets(inputs, (&catalog, &catalogue), &solution, &sources));
        all.extend(segments.into_iter().map(|built| (built.reference.digest, built)));
    }
    Ok(Plan { segments: all.into_values().collect(), boxes })
}

fn problem(catalog: &Snapshot, cohort: &Cohort<'_>) -> Problem {
    let ranks: HashMap<(&GroupName, &TitleName), u32> = catalog
        .titles
        .iter()
        .zip(0..)
        .map(|(title, rank)| ((&title.spec.group, &title.spec.title), rank))
        .collect();
    let item = |object: &CatalogObject| Item {
        ordinal: object.ordinal,
        group: object.group.clone(),
        title_rank: ranks.get(&(&object.group, &object.title)).copied().unwrap_or(u32::MAX),
        path: object.file.path.as_str().into(),
        size_bytes: object.file.size_bytes,
    };
    let room = |appliance: &Appliance| BoxRoom {
        device: appliance.name.clone(),
        site: appliance.site.clone(),
        disks_bytes: appliance.disks.iter().map(|disk| disk.capacity_bytes).collect(),
    };
    Problem {
        objects: catalog.objects.iter().map(item).collect(),
        boxes: cohort.appliances.iter().copied().map(room).collect(),
    }
}

fn targets(
    inputs: &Inputs,
    (catalog, catalogue): (&Snapshot, &Arc<Catalogue>),
    solution: &Solution,
    sources: &[BoxSources],
) -> Vec<BoxTargets> {
    let plans = solution.boxes.iter().zip(sources);
    plans
        .map(|(plan, sources)| {
            let mut not_placed: BTreeMap<&'static str, (Reason, usize)> = BTreeMap::new();
            for each in &plan.not_placed {
                let key = match each.reason {
                    Reason::LargerThanAnyDisk => "larger",
                    Reason::NoRoom => "room",
                };
                not_placed.entry(key).or_insert((each.reason, 0)).1 += 1;
            }
            BoxTargets {
                device: plan.device.clone(),
                catalogue: Arc::clone(catalogue),
                hold: Hold::Snapshot(runs_of(plan.hold.iter().copied())),
                batches: batches(inputs, sources),
                neighbours: neighbours(inputs, &plan.device),
                titles: whole_titles(catalog, &plan.hold),
                not_placed: not_placed.into_values().collect(),
            }
        })
        .collect()
}

fn whole_titles(catalog: &Snapshot, hold: &[Ordinal]) -> HashSet<HeldTitle> {
    let hold: HashSet<Ordinal> = hold.iter().copied().collect();
    let missing: HashSet<(&GroupName, &TitleName)> = catalog
        .objects
        .iter()
        .filter(|object| !hold.contains(&object.ordinal))
        .map(|object| (&object.group, &object.title))
        .collect();
    let titles = catalog.titles.iter();
    titles
        .filter(|title| !missing.contains(&(&title.spec.group, &title.spec.title)))
        .map(|title| HeldTitle {
            group: title.spec.group.clone(),
            title: title.spec.title.clone(),
            revision: title.revision,
        })
        .collect()
}

fn batches(inputs: &Inputs, sources: &BoxSources) -> Vec<Batch> {
    let appliances: HashMap<&DeviceName, &Appliance> =
        inputs.inventory.appliances.iter().map(|each| (&each.name, each)).collect();
    let origin = |group: &GroupName| {
        inputs.origins.get(group).map(|origin| Source {
            kind: SourceKind::Origin,
            address: origin.address,
            tls_name: origin.tls_name.clone(),
            origin: Some(origin.path.clone()),
            // When siblings do not answer, the site's configuration says when.
            after_s: 0,
            cap_bytes_per_s: None,
        })
    };
    let siblings = |names: &[DeviceName]| {
        let giving = names.iter().filter(|name| inputs.inventory.gives(name));
        giving.filter_map(|name| peer(appliances.get(name)?)).collect::<Vec<Source>>()
    };
    sources
        .batches
        .iter()
        .map(|batch| Batch {
            group: batch.group.clone(),
            objects: runs_of(batch.ordinals.iter().copied()),
            siblings: siblings(&batch.siblings),
            beyond: origin(&batch.group).into_iter().collect(),
        })
        .filter(|batch| !(batch.siblings.is_empty() && batch.beyond.is_empty()))
        .collect()
}

/// The other boxes of a site, under their names for viewers, where a group has viewers redirected
/// or is filled by demand.
fn neighbours(inputs: &Inputs, device: &DeviceName) -> Vec<Neighbour> {
    let Inventory { appliances, groups, .. } = &inputs.inventory;
    let Some(own) = appliances.iter().find(|each| each.name == *device) else { return vec![] };
    let turning_to_them = || groups.iter().filter(|group| group.on_miss != OnMiss::Refuse);
    let neighbour = |other: &Appliance| {
        let viewers: BTreeMap<GroupName, String> = turning_to_them()
            .filter_map(|group| Some((group.name.clone(), group.authority(other)?)))
            .collect();
        Some(Neighbour { source: peer(other)?, viewers }).filter(|it| !it.viewers.is_empty())
    };
    let others = appliances.iter().filter(|each| each.site == own.site && each.name != own.name);
    let others = others.filter(|each| inputs.inventory.gives(&each.name));
    others.filter_map(neighbour).collect()
}

fn peer(sibling: &Appliance) -> Option<Source> {
    Some(Source {
        kind: SourceKind::Peer(sibling.name.clone()),
        address: *sibling.peers.first()?,
        tls_name: Some(identity_name(&sibling.name)),
        origin: None,
        after_s: 0,
        cap_bytes_per_s: None,
    })
}

#[cfg(test)]
pub(super) mod tests;
