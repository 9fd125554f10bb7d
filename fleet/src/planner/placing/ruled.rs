//! Which rule of a title counts at a site, and what all of them ask of it. Pure.
//!
//! What is said of a site goes before what is said of its tags, that before what is said of the smallest region
//! that it is in, that before larger ones, and all of it before what is said of everywhere. Where several of its
//! tags say something, a ban goes before a pin, and of pins the one with the most copies counts.

use super::rules::{Rule, Says, Scope};
use contract::names::{GroupName, SiteName, TitleName};
use inventory::{Inventory, Site};
use prefill::question::TitleAsked;
use std::cmp::Reverse;
use std::collections::HashMap;

/// A site, by all that rules name it by.
#[derive(Debug)]
pub(super) struct Spot<'a> {
    site: &'a SiteName,
    tags: &'a [String],
    /// The smallest first.
    regions: Vec<&'a str>,
}

impl<'a> Spot<'a> {
    pub(super) fn of(inventory: &'a Inventory, name: &'a SiteName, site: Option<&'a Site>) -> Self {
        let region = site.and_then(|site| site.region.as_deref());
        let tags = site.map_or(&[][..], |site| &site.tags);
        Self { site: name, tags, regions: inventory.regions_of(region) }
    }

    /// How near a rule is that counts there; what is nearest is lowest.
    fn nearness(&self, scope: &Scope) -> Option<usize> {
        match scope {
            Scope::Site(name) => (name == self.site).then_some(0),
            Scope::Tag(name) => self.tags.iter().any(|tag| tag == name.as_str()).then_some(1),
            Scope::Region(name) => {
                self.regions.iter().position(|region| region == name).map(|at| 2 + at)
            }
            Scope::Everywhere => Some(usize::MAX),
        }
    }
}

/// The one of a title's rules that counts at a site.
pub(super) fn counting<'a>(rules: &[&'a Rule], spot: &Spot) -> Option<&'a Rule> {
    let near = rules.iter().filter_map(|rule| Some((spot.nearness(&rule.scope)?, *rule)));
    let order = |(near, rule): &(usize, &'a Rule)| match rule.says {
        Says::Ban => (*near, Reverse(u32::MAX), rule.scope.clone()),
        Says::Pin { copies } => (*near, Reverse(u32::from(copies)), rule.scope.clone()),
    };
    near.min_by_key(order).map(|it| it.1)
}

/// Rules by the title's number, rising; those of titles that there are none of are left out.
#[derive(Debug)]
pub(super) struct Ruled<'a>(Vec<(u32, Vec<&'a Rule>)>);

/// What is asked of one site, each list rising by number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct AtSite {
    pub(super) bans: Vec<u32>,
    pub(super) pins: Vec<u32>,
    /// Of pins of more than one copy.
    pub(super) more_copies: Vec<(u32, u16)>,
}

impl<'a> Ruled<'a> {
    pub(super) fn of(rules: &'a [Rule], titles: &[Option<TitleAsked>]) -> Self {
        let mut by_title: HashMap<(&GroupName, &TitleName), Vec<&Rule>> = HashMap::new();
        for rule in rules {
            by_title.entry((&rule.group, &rule.title)).or_default().push(rule);
        }
        if by_title.is_empty() {
            return Self(Vec::new());
        }
        let ruled = |(number, title): (u32, &Option<TitleAsked>)| {
            let title = title.as_ref()?;
            Some((number, by_title.get(&title.key())?.clone()))
        };
        Self((0..).zip(titles).filter_map(ruled).collect())
    }

    pub(super) fn at(&self, spot: &Spot) -> AtSite {
        let mut said = AtSite::default();
        for (number, rules) in &self.0 {
            match counting(rules, spot).map(|rule| rule.says) {
                Some(Says::Ban) => said.bans.push(*number),
                Some(Says::Pin { copies }) => {
                    said.pins.push(*number);
                    said.more_copies.extend((copies > 1).then_some((*number, copies)));
                }
                None => {}
            }
        }
        said
    }

    /// The rule that counts of a title at a site.
    pub(super) fn rule(&self, number: u32, spot: &Spot) -> Option<&'a Rule> {
        let at = self.0.binary_search_by_key(&number, |it| it.0).ok()?;
        counting(&self.0[at].1, spot)
    }
}

/// Adds lists of what cohorts lack with what is banned beside, and says which one each site has: sites of one
/// cohort with the same bans share one. Sites come as their cohort, which is a place in the lists, and their bans.
pub(super) fn with_bans<'a>(
    lists: &mut Vec<Vec<u32>>,
    sites: impl Iterator<Item = (usize, &'a [u32])>,
) -> Vec<usize> {
    let mut known: HashMap<(usize, &[u32]), usize> = HashMap::new();
    let mut list = |(cohort, bans): (usize, &'a [u32])| {
        if bans.is_empty() {
            return cohort;
        }
        *known.entry((cohort, bans)).or_insert_with(|| {
            let mut all = [&lists[cohort][..], bans].concat();
            all.sort_unstable();
            all.dedup();
            lists.push(all);
            lists.len() - 1
        })
    };
    sites.map(&mut list).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::TimeUs;

    fn rule(scope: &str, says: Says) -> Rule {
        Rule {
            group: GroupName::new("g").expect("name"),
            title: TitleName::new("t").expect("name"),
            scope: scope.parse().expect("a scope"),
            says,
            made_at: TimeUs(7),
            made_by: "ann".to_owned(),
        }
    }

    const PIN: Says = Says::Pin { copies: 1 };
    const PIN_TWO: Says = Says::Pin { copies: 2 };

    /// What counts of these at a site in Bavaria with two tags.
    fn counts(rules: &[(&str, Says)]) -> Option<String> {
        let site = SiteName::new("muc-1").expect("name");
        let tags = ["big".to_owned(), "old".to_owned()];
        let spot = Spot { site: &site, tags: &tags, regions: vec!["bayern", "de", "europe"] };
        let rules: Vec<Rule> = rules.iter().map(|(scope, says)| rule(scope, *says)).collect();
        counting(&rules.iter().collect::<Vec<_>>(), &spot).map(|rule| rule.scope.to_string())
    }

    #[test]
    fn what_is_nearest_counts() {
        let all = [
            ("everywhere", Says::Ban),
            ("region europe", PIN),
            ("region de", Says::Ban),
            ("tag big", PIN),
            ("site muc-1", Says::Ban),
            ("site muc-2", PIN),
        ];
        let nearest: Vec<_> = (0..=all.len()).map(|count| counts(&all[..count])).collect();
        let expected = [
            None,
            Some("everywhere"),
            Some("region europe"),
            Some("region de"),
            Some("tag big"),
            Some("site muc-1"),
            Some("site muc-1"),
        ];
        assert_eq!(nearest, expected.map(|it| it.map(str::to_owned)));
        let elsewhere = [("site muc-2", PIN), ("tag new", PIN), ("region us", Says::Ban)];
        assert_eq!(counts(&elsewhere), None);
    }

    #[test]
    fn of_several_tags_a_ban_counts_and_else_the_most_copies() {
        let of = |rules: &[(&str, Says)]| counts(rules).expect("one counts");
        assert_eq!(of(&[("tag big", PIN_TWO), ("tag old", Says::Ban)]), "tag old");
        assert_eq!(of(&[("tag big", PIN), ("tag old", PIN_TWO)]), "tag old");
        assert_eq!(of(&[("tag old", PIN), ("tag big", PIN)]), "tag big");
    }

    #[test]
    fn sites_with_the_same_bans_share_a_list() {
        let mut lists = vec![vec![], vec![4]];
        let sites = [(0, &[][..]), (0, &[2]), (1, &[2, 4]), (1, &[]), (0, &[2]), (1, &[2])];
        let of_sites = with_bans(&mut lists, sites.into_iter());
        assert_eq!(of_sites, [0, 2, 3, 1, 2, 4]);
        assert_eq!(lists, [vec![], vec![4], vec![2], vec![2, 4], vec![2, 4]]);
    }
}
