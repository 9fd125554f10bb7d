//! Where a title is live: what was agreed lets it be shown, it lacks nothing, and enough sites hold all of it,
//! verified. What is missing is said.

use crate::planner::View;
use crate::server::App;
use catalog::Title;
use catalog::terms::terms_at;
use contract::names::{DeviceName, SiteName};
use contract::time::TimeUs;
use health_collector::{HeldTitle, State};
use std::collections::{BTreeMap, BTreeSet};

/// Of the sites of a region so many hold it: viewers of the others are not far from these. Where fewer are told
/// to, for few want it, all of these.
const SITES_NEEDED_PERCENT: usize = 50;

/// Sites that are named; of more the number is enough.
const MOST_NAMED: usize = 5;

/// How a title is in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InRegion {
    /// The region; `None` of sites that are in none.
    pub(crate) region: Option<String>,
    /// Sites with boxes in service there.
    pub(crate) sites: usize,
    /// Those where a box holds all of it.
    pub(crate) holding: usize,
    /// What is missing; nothing of a title that is live.
    pub(crate) missing: Vec<String>,
}

/// How a title is in each region that has sites.
pub(crate) fn liveness(app: &App, view: &View, title: &Title, now: TimeUs) -> Vec<InRegion> {
    let mut sites: BTreeMap<Option<&str>, BTreeSet<&SiteName>> = BTreeMap::new();
    for (site, regions) in &view.regions {
        let of = regions.iter().map(|region| Some(region.as_str()));
        let of = of.chain(regions.is_empty().then_some(None));
        of.for_each(|region| _ = sites.entry(region).or_default().insert(site));
    }
    let (serving, holding) = holders(app, view, title, now);
    let told = view.placed.sites(&title.spec.group, &title.spec.title).into_iter();
    let told: BTreeSet<&SiteName> = told.filter(|site| serving.contains(site)).collect();
    let is_somewhere = !holding.is_empty();
    let may_show =
        |site: &SiteName| view.terms_at(title, Some(site)).window(title.window).is_some();
    let in_region = |(region, sites): (Option<&str>, BTreeSet<&SiteName>)| {
        // A region is a part of what the regions of its sites are parts of.
        let larger = sites.iter().find_map(|site| view.regions.get(*site));
        let larger = larger.into_iter().flatten().map(String::as_str);
        let regions: Vec<&str> = larger.skip_while(|it| Some(*it) != region).collect();
        // In a part of it the title may not be shown: nobody there is to hold it.
        let serving = serving.intersection(&sites).copied().filter(|site| may_show(site));
        let serving: BTreeSet<&SiteName> = serving.collect();
        let holding: BTreeSet<&SiteName> = serving.intersection(&holding).copied().collect();
        let told: BTreeSet<&SiteName> = serving.intersection(&told).copied().collect();
        let lacking = told.difference(&holding).copied().collect();
        let copies = Copies {
            serving: serving.len(),
            told: told.len(),
            holding: holding.len(),
            lacking,
            is_somewhere,
        };
        let mut missing = agreed(title, &regions, now);
        missing.extend(copies.missing());
        let (sites, holding) = (serving.len(), holding.len());
        InRegion { region: region.map(str::to_owned), sites, holding, missing }
    };
    sites.into_iter().map(in_region).collect()
}

/// The sites with a box in service, and those of them where one holds all of the title.
fn holders<'a>(
    app: &App,
    view: &'a View,
    title: &Title,
    now: TimeUs,
) -> (BTreeSet<&'a SiteName>, BTreeSet<&'a SiteName>) {
    let wanted = HeldTitle {
        group: title.spec.group.clone(),
        title: title.spec.title.clone(),
        revision: title.revision,
    };
    let holds = |device: &DeviceName| {
        let speaks = matches!(app.collector.state(device, now), State::Live | State::Late);
        speaks && app.collector.latest(device).is_some_and(|it| it.holds.contains(&wanted))
    };
    let (mut serving, mut holding) = (BTreeSet::new(), BTreeSet::new());
    for appliance in &view.appliances {
        if view.out_of_service(&appliance.name).is_none() {
            serving.insert(&appliance.site);
            if holds(&appliance.name) {
                holding.insert(&appliance.site);
            }
        }
    }
    (serving, holding)
}

fn agreed(title: &Title, regions: &[&str], now: TimeUs) -> Vec<String> {
    let terms = terms_at(&title.terms, regions);
    let Some(window) = terms.window(title.window) else {
        return vec!["it may not be shown there".to_owned()];
    };
    let time = |at: TimeUs| jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    let early = window.serve_from.filter(|from| now < *from);
    let late = window.serve_until.filter(|until| now >= *until);
    let mut missing: Vec<String> = Vec::new();
    missing.extend(early.map(|from| format!("it is served from {} on", time(from))));
    missing.extend(late.map(|until| format!("it was served until {}", time(until))));
    if !terms.lacks().is_empty() {
        missing.push(format!("it lacks {}", terms.lacks().join(", ")));
    }
    missing
}

/// Sites of a region.
struct Copies<'a> {
    /// With boxes in service.
    serving: usize,
    /// Of these, those that are told to hold it.
    told: usize,
    /// Those where a box holds all of it.
    holding: usize,
    /// Those that are told to, and do not.
    lacking: Vec<&'a SiteName>,
    /// Somebody holds it, here or elsewhere.
    is_somewhere: bool,
}

impl Copies<'_> {
    fn missing(&self) -> Option<String> {
        if self.serving == 0 {
            return Some("no box there is in service".to_owned());
        }
        if self.told == 0 {
            let nobody = "no site there is told to hold it, and none elsewhere does";
            return (!self.is_somewhere).then(|| nobody.to_owned());
        }
        let needed = (self.serving * SITES_NEEDED_PERCENT).div_ceil(100).min(self.told);
        if self.holding >= needed {
            return None;
        }
        let first = self.lacking.iter().take(MOST_NAMED);
        let mut names: Vec<String> = first.map(ToString::to_string).collect();
        if self.lacking.len() > MOST_NAMED {
            names.push(format!("and {} more", self.lacking.len() - MOST_NAMED));
        }
        let (holding, told, names) = (self.holding, self.told, names.join(", "));
        Some(format!("{holding} of {told} sites hold all of it and {needed} must: not {names}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_sites_hold_it_or_all_that_are_told_to() {
        let names: Vec<SiteName> =
            (0..9).map(|at| SiteName::new(format!("s{at}")).expect("name")).collect();
        let says = |serving, told, lacking: usize| {
            let lacking: Vec<&SiteName> = names.iter().take(lacking).collect();
            let holding = told - lacking.len();
            Copies { serving, told, holding, lacking, is_somewhere: false }.missing()
        };
        assert_eq!(says(0, 0, 0).as_deref(), Some("no box there is in service"));
        assert_eq!(says(1, 1, 0), None);
        let one = "0 of 1 sites hold all of it and 1 must: not s0";
        assert_eq!(says(1, 1, 1).as_deref(), Some(one));
        assert_eq!(says(4, 4, 2), None);
        let many = "2 of 9 sites hold all of it and 5 must: not s0, s1, s2, s3, s4, and 2 more";
        assert_eq!(says(9, 9, 7).as_deref(), Some(many));
        // Two of nine are told to: both must.
        assert_eq!(says(9, 2, 0), None);
        let few = "1 of 2 sites hold all of it and 2 must: not s0";
        assert_eq!(says(9, 2, 1).as_deref(), Some(few));
        let nobody = "no site there is told to hold it, and none elsewhere does";
        assert_eq!(says(9, 0, 0).as_deref(), Some(nobody));
        let elsewhere =
            Copies { serving: 9, told: 0, holding: 0, lacking: vec![], is_somewhere: true };
        assert_eq!(elsewhere.missing(), None);
    }
}
