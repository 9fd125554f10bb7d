//! The plan: from what is intended to what every box is told. Pure.

use super::cohorts::{Cohort, cohorts};
use super::inputs::Inputs;
use super::placing::Placed;
use catalog::segment::{Built, build};
use catalog::{CatalogObject, Snapshot};
use contract::SCHEMA;
use contract::catalogue::{Catalogue, Ordinal};
use contract::config::OnMiss;
use contract::exchange::identity_name;
use contract::manifest::{Deadline, Hold, runs_of};
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use contract::sources::{Batch, Neighbour, Source, SourceKind};
use contract::time::TimeUs;
use health_collector::HeldTitle;
use inventory::{Appliance, Inventory};
use prefill::question::SiteAsked;
use prefill::{BoxRoom, BoxSources, Item, Problem, Reason, Solution};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Deadlines of one box: some forty films, in a megabyte of its manifest. Those beyond come in the order of
/// the list.
const MOST_DEADLINES: usize = 20_000;

/// What every box is told.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) segments: Vec<Built>,
    pub(super) boxes: Vec<BoxTargets>,
    /// Boxes that are told nothing of content: they hold on to what they were told last.
    pub(super) kept: Vec<DeviceName>,
}

/// What one box is told.
#[derive(Debug)]
pub(super) struct BoxTargets {
    pub(super) device: DeviceName,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) hold: Hold,
    pub(super) batches: Vec<Batch>,
    /// What must be there by a time, first of all.
    pub(super) deadlines: Vec<Deadline>,
    /// Whom its viewers may be redirected to.
    pub(super) neighbours: Vec<Neighbour>,
    /// The titles that it will hold whole.
    pub(super) titles: HashSet<HeldTitle>,
    /// How many objects it cannot hold, by reason.
    pub(super) not_placed: Vec<(Reason, usize)>,
}

/// Decides, by what is placed where.
pub(super) fn plan(inputs: &Inputs, placed: &Placed) -> Result<Plan, serde_json::Error> {
    let (cohorts, mut told) = (cohorts(inputs), Vec::new());
    for cohort in &cohorts {
        let catalog = cohort.catalog();
        let segments = build(&catalog.objects)?;
        let catalogue = Arc::new(Catalogue {
            schema: SCHEMA,
            version: catalog.version,
            segments: segments.iter().map(|built| built.reference).collect(),
        });
        let problem = problem(&catalog, cohort, placed);
        let solution = prefill::solve(&problem);
        let due = due(&catalog, placed);
        told.push(Told { catalog, catalogue, segments, problem, solution, due });
    }
    let above = Above::of(placed, &told);
    let mut boxes = Vec::new();
    // Most of them are the same everywhere.
    let mut all = BTreeMap::new();
    for told in &told {
        let above = |site: &SiteName, ordinal: Ordinal| above.holders(site, ordinal);
        let sources = prefill::fill_sources(&told.problem, &told.solution, &above);
        boxes.extend(targets(inputs, told, &sources));
    }
    for told in told {
        all.extend(told.segments.into_iter().map(|built| (built.reference.digest, built)));
    }
    let is_kept = |it: &&Appliance| placed.titles(&it.name).is_none();
    let kept = inputs.inventory.appliances.iter().filter(is_kept).map(|it| it.name.clone());
    Ok(Plan { segments: all.into_values().collect(), boxes, kept: kept.collect() })
}

/// What a cohort is told.
struct Told<'a> {
    catalog: Cow<'a, Snapshot>,
    catalogue: Arc<Catalogue>,
    segments: Vec<Built>,
    problem: Problem,
    solution: Solution,
    /// When objects are to be there whose titles are about to be served.
    due: HashMap<Ordinal, TimeUs>,
}

/// The boxes above sites, and what they are to hold.
struct Above<'a> {
    parents: HashMap<&'a SiteName, &'a SiteName>,
    holders: HashMap<(&'a SiteName, Ordinal), Vec<&'a DeviceName>>,
}

impl<'a> Above<'a> {
    fn of(placed: &'a Placed, told: &'a [Told<'_>]) -> Self {
        let sites = &placed.question.sites;
        let above = |site: &'a SiteAsked| Some((&site.site, &sites.get(site.parent?)?.site));
        let parents: HashMap<_, _> = sites.iter().filter_map(above).collect();
        let mut holders: HashMap<_, Vec<_>> = HashMap::new();
        let are_asked: HashSet<&SiteName> = parents.values().copied().collect();
        for Told { problem, solution, .. } in told {
            let boxes = problem.boxes.iter().zip(&solution.boxes);
            for (room, plan) in boxes.filter(|(room, _)| are_asked.contains(&room.site)) {
                for ordinal in &plan.hold {
                    holders.entry((&room.site, *ordinal)).or_default().push(&plan.device);
                }
            }
        }
        Self { parents, holders }
    }

    /// Who above a site is to hold an object, the nearest first.
    fn holders(&self, site: &SiteName, ordinal: Ordinal) -> Vec<&'a DeviceName> {
        let up = std::iter::successors(self.parents.get(site), |site| self.parents.get(*site));
        let holders = up.filter_map(|site| self.holders.get(&(*site, ordinal)));
        holders.flatten().copied().collect()
    }
}

fn due(catalog: &Snapshot, placed: &Placed) -> HashMap<Ordinal, TimeUs> {
    let titles: HashMap<_, _> = placed.due().collect();
    if titles.is_empty() {
        return HashMap::new();
    }
    let by = |object: &CatalogObject| titles.get(&(&object.group, &object.title)).copied();
    catalog.objects.iter().filter_map(|object| Some((object.ordinal, by(object)?))).collect()
}

fn problem(catalog: &Snapshot, cohort: &Cohort<'_>, placed: &Placed) -> Problem {
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
    let room = |appliance: &&Appliance| {
        let titles = placed.titles(&appliance.name)?;
        Some(BoxRoom {
            device: appliance.name.clone(),
            site: appliance.site.clone(),
            disks_bytes: appliance.disks.iter().map(|disk| disk.capacity_bytes).collect(),
            titles: titles.filter_map(|title| ranks.get(&title).copied()).collect(),
        })
    };
    Problem {
        objects: catalog.objects.iter().map(item).collect(),
        boxes: cohort.appliances.iter().filter_map(room).collect(),
    }
}

fn targets(inputs: &Inputs, told: &Told, sources: &[BoxSources]) -> Vec<BoxTargets> {
    let plans = told.solution.boxes.iter().zip(sources);
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
                catalogue: Arc::clone(&told.catalogue),
                hold: Hold::Snapshot(runs_of(plan.hold.iter().copied())),
                deadlines: deadlines(&plan.hold, &told.due),
                batches: batches(inputs, sources),
                neighbours: neighbours(inputs, &plan.device),
                titles: whole_titles(&told.catalog, &plan.hold),
                not_placed: not_placed.into_values().collect(),
            }
        })
        .collect()
}

/// In the order in which they are fetched, which is that of their times.
fn deadlines(hold: &[Ordinal], due: &HashMap<Ordinal, TimeUs>) -> Vec<Deadline> {
    let deadline =
        |ordinal: &Ordinal| Some(Deadline { ordinal: *ordinal, by_us: *due.get(ordinal)? });
    hold.iter().filter_map(deadline).take(MOST_DEADLINES).collect()
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
    let giving = |names: &[DeviceName], kind: fn(DeviceName) -> SourceKind| {
        let giving = names.iter().filter(|name| inputs.inventory.gives(name));
        let boxes = giving.filter_map(|name| appliances.get(name));
        boxes.filter_map(|it| given_by(it, kind(it.name.clone()))).collect::<Vec<Source>>()
    };
    sources
        .batches
        .iter()
        .map(|batch| Batch {
            group: batch.group.clone(),
            objects: runs_of(batch.ordinals.iter().copied()),
            siblings: giving(&batch.siblings, SourceKind::Peer),
            beyond: giving(&batch.above, SourceKind::Parent)
                .into_iter()
                .chain(origin(&batch.group))
                .collect(),
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
    given_by(sibling, SourceKind::Peer(sibling.name.clone()))
}

fn given_by(other: &Appliance, kind: SourceKind) -> Option<Source> {
    Some(Source {
        kind,
        address: *other.peers.first()?,
        tls_name: Some(identity_name(&other.name)),
        origin: None,
        after_s: 0,
        cap_bytes_per_s: None,
    })
}

#[cfg(test)]
pub(super) mod tests;
