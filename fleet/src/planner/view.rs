//! What the planner last saw and decided, for everybody who must not wait for a query.

use super::documents::Head;
use super::inputs::Inputs;
use super::placing::Placed;
use super::plan::Plan;
use super::publish::InForce;
use catalog::RecordedPurge;
use catalog::terms::{Where, terms_at};
use contract::envelope::Kind;
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use health_collector::HeldTitle;
use inventory::rules::life_cycle::LifeCycle;
use inventory::{Appliance, ContentGroup};
use prefill::Reason;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use steer::{Clients, Place};

/// What the planner last saw and decided.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Of what the root said when this was planned.
    pub(crate) trust_version: u64,
    pub(crate) places: Vec<Place>,
    pub(crate) clients: Clients,
    pub(crate) appliances: Vec<Appliance>,
    /// How far in its life each of them is.
    states: HashMap<DeviceName, LifeCycle>,
    /// The regions that each site is in, the smallest first.
    pub(crate) regions: HashMap<SiteName, Vec<String>>,
    pub(crate) groups: Vec<ContentGroup>,
    pub(crate) titles: Vec<catalog::Title>,
    /// What is kept, by group, oldest first.
    purges: HashMap<GroupName, Vec<RecordedPurge>>,
    targets: HashMap<DeviceName, Target>,
    /// Which title belongs on which box.
    pub(crate) placed: Arc<Placed>,
}

#[derive(Debug, Default)]
struct Target {
    in_force: InForce,
    /// What makes up its manifest; not known of one that keeps what it was told.
    titles: Option<HashSet<HeldTitle>>,
    not_placed: Vec<(Reason, usize)>,
}

impl View {
    pub(super) fn new(
        inputs: Inputs,
        plan: Plan,
        placed: Arc<Placed>,
        mut in_force: HashMap<DeviceName, InForce>,
        trust_version: u64,
    ) -> Self {
        let regions = |site: &inventory::Site| {
            let all = inputs.inventory.regions_of(site.region.as_deref());
            all.into_iter().map(str::to_owned).collect()
        };
        let of_site = |site: &inventory::Site| (site.name.clone(), regions(site));
        let regions = inputs.inventory.sites.iter().map(of_site).collect();
        let places = inputs.inventory.sites.iter().map(|site| Place {
            site: site.name.clone(),
            latitude: site.latitude,
            longitude: site.longitude,
        });
        let prefixes = inputs.inventory.sites.iter().flat_map(|site| {
            let owned = |prefix: &ipnet::IpNet| (*prefix, site.name.clone());
            site.client_prefixes.iter().map(owned).collect::<Vec<(_, SiteName)>>()
        });
        let targets = plan.boxes.into_iter().map(|target| {
            let in_force = in_force.remove(&target.device).unwrap_or_default();
            let (titles, not_placed) = (Some(target.titles), target.not_placed);
            (target.device, Target { in_force, titles, not_placed })
        });
        let mut targets: HashMap<DeviceName, Target> = targets.collect();
        let kept = in_force
            .into_iter()
            .map(|(device, in_force)| (device, Target { in_force, ..Target::default() }));
        targets.extend(kept);
        // What all sites stay with is what everybody is offered.
        let all = inputs.held_to.into_iter().find(|it| it.cohort.is_empty());
        let offered = all.map_or(inputs.catalog.titles, |it| it.catalog.titles);
        let mut purges: HashMap<GroupName, Vec<RecordedPurge>> = HashMap::new();
        for each in inputs.purges.purges {
            purges.entry(each.purge.group.clone()).or_default().push(each);
        }
        Self {
            trust_version,
            places: places.collect(),
            clients: prefixes.collect(),
            targets,
            regions,
            appliances: inputs.inventory.appliances,
            states: inputs.inventory.states,
            groups: inputs.inventory.groups,
            titles: offered,
            purges,
            placed,
        }
    }

    pub(crate) fn title(&self, group: &GroupName, title: &TitleName) -> Option<&catalog::Title> {
        self.titles.iter().find(|it| it.spec.group == *group && it.spec.title == *title)
    }

    /// What was agreed for a title at a site; for who is at none, what was agreed for everywhere else.
    pub(crate) fn terms_at<'a>(
        &self,
        title: &'a catalog::Title,
        site: Option<&SiteName>,
    ) -> Where<'a> {
        if title.terms.is_empty() {
            return Where::Anywhere;
        }
        let regions = site.and_then(|site| self.regions.get(site));
        let regions: Vec<&str> = regions.into_iter().flatten().map(String::as_str).collect();
        terms_at(&title.terms, &regions)
    }

    pub(crate) fn group(&self, name: &GroupName) -> Option<&ContentGroup> {
        self.groups.iter().find(|group| group.name == *name)
    }

    pub(crate) fn appliance(&self, name: &DeviceName) -> Option<&Appliance> {
        self.appliances.iter().find(|appliance| appliance.name == *name)
    }

    /// How far in its life an appliance is, where viewers are not sent to it for that.
    pub(crate) fn out_of_service(&self, name: &DeviceName) -> Option<LifeCycle> {
        self.states.get(name).copied().filter(|state| !state.is_in_service())
    }

    /// The documents in force for a box.
    pub(crate) fn documents(&self, device: &DeviceName) -> &[Head] {
        self.targets.get(device).map_or(&[], |target| &target.in_force.heads)
    }

    /// Where the list of a box's tombstones begins.
    pub(crate) fn purges_after(&self, device: &DeviceName) -> u64 {
        self.targets.get(device).map_or(0, |target| target.in_force.purges_after)
    }

    /// The id of the command that a box is to carry out.
    pub(crate) fn command(&self, device: &DeviceName) -> Option<&str> {
        self.targets.get(device)?.in_force.command.as_deref()
    }

    /// The epoch in which a box's purges are counted; `None` for a box that is told nothing.
    pub(crate) fn purge_epoch(&self, device: &DeviceName) -> Option<u32> {
        let tombstones = |head: &&Head| head.kind == Kind::Tombstones;
        self.documents(device).iter().find(tombstones).map(|head| head.generation.epoch)
    }

    /// The first purge of a group that a box has not carried out.
    pub(crate) fn purge_beyond(&self, group: &GroupName, up_to: u64) -> Option<&RecordedPurge> {
        let purges = self.purges.get(group)?;
        purges.get(purges.partition_point(|it| it.purge.version <= up_to))
    }

    /// How many objects a box should hold and cannot, by reason.
    pub(crate) fn not_placed(&self, device: &DeviceName) -> &[(Reason, usize)] {
        self.targets.get(device).map_or(&[], |target| &target.not_placed)
    }

    /// The titles that make up a version of a box's manifest, if that is the one in force. A
    /// fleet that was restored from a backup counts versions again, in another epoch.
    pub(crate) fn whole_titles(
        &self,
        device: &DeviceName,
        epoch: u32,
        manifest_version: u64,
    ) -> Option<HashSet<HeldTitle>> {
        let target = self.targets.get(device)?;
        let manifest = target.in_force.heads.iter().find(|head| head.kind == Kind::Manifest)?;
        let is_it =
            manifest.generation.epoch == epoch && manifest.content_version == manifest_version;
        target.titles.clone().filter(|_| is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::plan::tests::{inputs, planned};
    use contract::envelope::{FIRST_EPOCH, Generation};
    use contract::time::TimeUs;

    #[test]
    fn a_box_that_keeps_what_it_was_told_is_told_of_purges() {
        let inputs = inputs();
        let mut plan = planned(&inputs);
        let device = plan.boxes.remove(0).device;
        let head = |kind| Head {
            kind,
            generation: Generation { epoch: FIRST_EPOCH, number: 1 },
            content_version: 1,
            content_digest: String::new(),
            issued_at: TimeUs(1),
            not_after: TimeUs(2),
            trust_version: 1,
        };
        let heads = vec![head(Kind::Tombstones), head(Kind::Manifest)];
        let in_force = InForce { heads, ..InForce::default() };
        let in_force = HashMap::from([(device.clone(), in_force)]);
        let view = View::new(inputs, plan, Arc::default(), in_force, 1);
        assert_eq!(view.documents(&device).len(), 2);
        assert_eq!(view.purge_epoch(&device), Some(FIRST_EPOCH));
        assert_eq!(
            view.whole_titles(&device, FIRST_EPOCH, 1),
            None,
            "what it holds is not known anew"
        );
        assert!(view.not_placed(&device).is_empty());
    }
}
