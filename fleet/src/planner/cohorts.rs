//! Boxes that are told of the same catalogue: the same version is in force for them, and the same titles may be
//! shown where they stand.

use super::inputs::Inputs;
use catalog::terms::terms_at;
use catalog::{CatalogObject, RightsWindow, Snapshot};
use contract::names::{GroupName, TitleName};
use inventory::{Appliance, Inventory, Site};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// Boxes that are told of the same catalogue.
pub(super) struct Cohort<'a> {
    in_force: &'a Snapshot,
    offer: Offer,
    pub(super) appliances: Vec<&'a Appliance>,
}

impl Cohort<'_> {
    /// With the windows that count there, and without what may not be shown there. Made where it is asked for: one
    /// for each region would not all be in memory.
    pub(super) fn catalog(&self) -> Cow<'_, Snapshot> {
        under(self.in_force, &self.offer)
    }
}

/// What is another in a region than where nothing is said: titles by their place in the catalogue, with their
/// windows; none of those that may not be shown.
type Offer = BTreeMap<usize, Option<RightsWindow>>;

/// All boxes.
pub(super) fn cohorts(inputs: &Inputs) -> Vec<Cohort<'_>> {
    let Inventory { sites, appliances, .. } = &inputs.inventory;
    let sites: HashMap<_, _> = sites.iter().map(|site| (&site.name, site)).collect();
    let mut by_region: HashMap<(u64, Option<&str>), usize> = HashMap::new();
    let mut cohorts: Vec<Cohort<'_>> = Vec::new();
    for appliance in appliances {
        let site = sites.get(&appliance.site).copied();
        let catalog = in_force(inputs, site);
        let region = site.and_then(|site| site.region.as_deref());
        let at = *by_region.entry((catalog.version, region)).or_insert_with(|| {
            let offer = offer(catalog, &inputs.inventory.regions_of(region));
            let is_it =
                |it: &Cohort<'_>| it.in_force.version == catalog.version && it.offer == offer;
            cohorts.iter().position(is_it).unwrap_or_else(|| {
                cohorts.push(Cohort { in_force: catalog, offer, appliances: vec![] });
                cohorts.len() - 1
            })
        });
        if let Some(cohort) = cohorts.get_mut(at) {
            cohort.appliances.push(appliance);
        }
    }
    cohorts
}

/// What is said of some is said against what is said of all.
fn in_force<'a>(inputs: &'a Inputs, site: Option<&Site>) -> &'a Snapshot {
    let tags = site.map_or(&[][..], |site| &site.tags);
    let tagged = inputs.held_to.iter().find(|it| tags.contains(&it.cohort));
    let held = tagged.or_else(|| inputs.held_to.iter().find(|it| it.cohort.is_empty()));
    held.map_or(&inputs.catalog, |it| &it.catalog)
}

fn offer(catalog: &Snapshot, regions: &[&str]) -> Offer {
    let said = catalog.titles.iter().enumerate().filter(|(_, title)| !title.terms.is_empty());
    let window =
        said.map(|(at, it)| (at, it.window, terms_at(&it.terms, regions).window(it.window)));
    window.filter(|(_, own, there)| *there != Some(*own)).map(|(at, _, it)| (at, it)).collect()
}

/// The catalogue as it is offered.
fn under<'a>(catalog: &'a Snapshot, offer: &Offer) -> Cow<'a, Snapshot> {
    if offer.is_empty() {
        return Cow::Borrowed(catalog);
    }
    let mut windows: HashMap<(&GroupName, &TitleName), Option<RightsWindow>> = HashMap::new();
    let mut titles = Vec::new();
    for (at, title) in catalog.titles.iter().enumerate() {
        let window = offer.get(&at).copied().unwrap_or(Some(title.window));
        windows.insert((&title.spec.group, &title.spec.title), window);
        titles.extend(window.map(|window| catalog::Title { window, ..title.clone() }));
    }
    let there = |object: &CatalogObject| {
        let window = windows.get(&(&object.group, &object.title)).copied().flatten()?;
        Some(CatalogObject { window, ..object.clone() })
    };
    let objects = catalog.objects.iter().filter_map(there).collect();
    Cow::Owned(Snapshot { version: catalog.version, titles, objects })
}
