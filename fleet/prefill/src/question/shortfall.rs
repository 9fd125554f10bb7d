//! What will not be enough on a later day, and how much more of what would be.
//!
//! The question of today is asked with what is expected then: all demand grown, and what is released until then
//! wanted. What boxes may fetch until then is that many days' budget. A site that then serves a smaller part of
//! what is wanted than is enough is short, and says which budget binds, and the cheapest one that alone would do.

use super::ahead::AheadAsked;
use super::answer::Before;
use super::asked::{Question, Unasked};
use super::fleet::{Beside, Held, Lists};
use crate::plan::{
    Ahead, Budget, ClusterOutcome, Lacking, Plan, PlannedCluster, Prices, Remedy, State, shortfall,
};
use contract::names::SiteName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Sites serve that much less of what is wanted than today before they are short, where nobody says what is enough.
const LESS: f64 = 0.01;

/// When a site is short, and what more costs there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Enough {
    /// The part of what is wanted that a site is to serve; without it, about what it serves today.
    pub offload: Option<f64>,
    /// What one more of each budget costs.
    pub prices: Prices,
}

/// A site that will be short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteShort {
    /// Which.
    pub site: SiteName,
    /// In how many days.
    pub days: u32,
    /// What part of what is wanted it will serve.
    pub offload: f64,
    /// What part would be enough.
    pub enough: f64,
    /// What is scarce, the most worth for its price first: class of boxes and budget.
    pub binds: Vec<(String, ScarceBudget)>,
    /// The cheapest budget that alone would be enough, if any would.
    pub remedy: Option<MoreOf>,
    /// Why it is not planned at all.
    pub refused: Option<String>,
}

/// More of one budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MoreOf {
    /// Of which class of boxes.
    pub class: String,
    /// Which.
    pub budget: ScarceBudget,
    /// How much more of it: bytes, bytes per second, or bytes a day.
    pub more: f64,
    /// What that costs.
    pub cost: f64,
}

/// A budget of a class of boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScarceBudget {
    /// Disks.
    Room,
    /// What they can send.
    Throughput,
    /// What windows let in.
    Fill,
}

impl From<Budget> for ScarceBudget {
    fn from(of: Budget) -> Self {
        match of {
            Budget::Disk => Self::Room,
            Budget::Throughput => Self::Throughput,
            Budget::Fill => Self::Fill,
        }
    }
}

/// Sites that will be short on any of the days that a question looks ahead to, the nearest first. `pins` are what
/// sites hold since no other would, as the answer says.
///
/// # Errors
/// A question that makes no sense.
pub fn short_ahead(
    question: &Question,
    before: &dyn Before,
    pins: &[(usize, u32)],
    enough: &Enough,
    threads: usize,
) -> Result<Vec<SiteShort>, Unasked> {
    if question.ahead.is_empty() || question.put_back {
        return Ok(Vec::new());
    }
    let look = Look { before, pins, enough, threads };
    let today = look.offloads(question)?;
    let mut all = Vec::new();
    for ahead in &question.ahead {
        all.extend(look.at(&ahead.question(question), ahead.days, &today)?);
    }
    Ok(all)
}

struct Look<'a> {
    before: &'a dyn Before,
    pins: &'a [(usize, u32)],
    enough: &'a Enough,
    threads: usize,
}

impl Look<'_> {
    fn plan(
        &self,
        question: &Question,
        sink: &(dyn Fn(&PlannedCluster) + Sync),
    ) -> Result<Plan, Unasked> {
        let lists = Lists::of(question);
        let in_force = Held { question, before: self.before };
        let beside = Beside { pins: self.pins, is_reserved: false };
        lists.with(question, beside, |problem| {
            Ok(Plan::new(problem, &in_force, self.threads, &sink)?)
        })
    }

    /// By site: what part of what is wanted it serves.
    fn offloads(&self, question: &Question) -> Result<Vec<Option<f64>>, Unasked> {
        let plan = self.plan(question, &|_: &PlannedCluster| {})?;
        Ok(plan.outcomes.iter().map(|outcome| offload(outcome)).collect())
    }

    fn at(
        &self,
        then: &Question,
        days: u32,
        today: &[Option<f64>],
    ) -> Result<Vec<SiteShort>, Unasked> {
        let enough = |at: usize| {
            let as_today = || today.get(at).copied().flatten().map(|it| (it - LESS).max(0.0));
            self.enough.offload.or_else(as_today)
        };
        let found: Mutex<BTreeMap<usize, Lacking>> = Mutex::default();
        let sink = |cluster: &PlannedCluster| {
            let Some(enough) = enough(cluster.cluster) else { return };
            if let Some(lacking) = lacking(cluster, days, enough, &self.enough.prices) {
                let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                found.insert(cluster.cluster, in_classes(cluster, lacking));
            }
        };
        let plan = self.plan(then, &sink)?;
        let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outcomes = plan.outcomes.iter().enumerate();
        let short = |(at, outcome): (usize, &std::sync::Arc<ClusterOutcome>)| {
            let told = Told { question: then, at, days, enough: enough(at)? };
            told.short(outcome, found.get(&at))
        };
        Ok(outcomes.filter_map(short).collect())
    }
}

fn offload(outcome: &ClusterOutcome) -> Option<f64> {
    let is_wanted = outcome.wanted_bytes_per_s > 0.0;
    is_wanted.then(|| outcome.served_bytes_per_s / outcome.wanted_bytes_per_s)
}

fn lacking(cluster: &PlannedCluster, days: u32, enough: f64, prices: &Prices) -> Option<Lacking> {
    // Demand, budgets and pins are those of that day already, and its new bytes those of all days until then.
    let ahead = Ahead { days, growth: 1.0, releases: &[], pins: cluster.problem.pins };
    let prices = Prices { new_byte: prices.new_byte / f64::from(days.max(1)), ..*prices };
    let wanted = cluster.problem.demand_in_all();
    if wanted > 0.0 && cluster.solution.served_bytes_per_s >= enough * wanted {
        return None;
    }
    shortfall(cluster.problem, &[ahead], enough, &prices).pop().map(|it| it.lacking)
}

/// With classes as the cluster has them, in place of those that are planned on.
fn in_classes(cluster: &PlannedCluster, lacking: Lacking) -> Lacking {
    let class = |at: usize| cluster.class(at).unwrap_or(at);
    match lacking {
        Lacking::Offload { offload, binds, remedy } => Lacking::Offload {
            offload,
            binds: binds.into_iter().map(|(at, budget)| (class(at), budget)).collect(),
            remedy: remedy.map(|it| Remedy { class: class(it.class), ..it }),
        },
        Lacking::Pins { class: at, budget, over_bytes } => {
            Lacking::Pins { class: class(at), budget, over_bytes }
        }
        refused @ Lacking::Refused(_) => refused,
    }
}

struct Told<'a> {
    question: &'a Question,
    at: usize,
    days: u32,
    enough: f64,
}

impl Told<'_> {
    fn short(&self, outcome: &ClusterOutcome, lacking: Option<&Lacking>) -> Option<SiteShort> {
        let refused = match (&outcome.state, lacking) {
            (State::Refused(refused), _) | (_, Some(Lacking::Refused(refused))) => {
                Some(refused.to_string())
            }
            _ => None,
        };
        let (binds, remedy) = match lacking {
            Some(Lacking::Offload { binds, remedy, .. }) => (binds.as_slice(), *remedy),
            _ if refused.is_some() => (&[][..], None),
            _ => return None,
        };
        Some(SiteShort {
            site: self.question.sites[self.at].site.clone(),
            days: self.days,
            offload: offload(outcome).unwrap_or(0.0),
            enough: self.enough,
            binds: binds.iter().map(|(at, budget)| (self.class(*at), (*budget).into())).collect(),
            remedy: remedy.map(|it| self.more_of(it)),
            refused,
        })
    }

    fn more_of(&self, remedy: Remedy) -> MoreOf {
        // What windows let in until then, in all of those days.
        let days = if remedy.budget == Budget::Fill { f64::from(self.days.max(1)) } else { 1.0 };
        MoreOf {
            class: self.class(remedy.class),
            budget: remedy.budget.into(),
            more: remedy.more / days,
            cost: remedy.cost,
        }
    }

    fn class(&self, at: usize) -> String {
        let class = self.question.sites[self.at].classes.get(at);
        class.map_or_else(String::new, |class| class.class.clone())
    }
}

impl AheadAsked {
    /// The question of today with what is expected then.
    fn question(&self, today: &Question) -> Question {
        let mut then = today.clone();
        for (region, ahead) in then.regions.iter_mut().zip(&self.regions) {
            region.demand_bytes_per_s.iter_mut().for_each(|it| *it = grown(*it, ahead.growth));
            for (number, demand) in &ahead.releases {
                if let Some(wanted) = region.demand_bytes_per_s.get_mut(*number as usize) {
                    *wanted = *demand;
                }
            }
        }
        for site in &mut then.sites {
            let growth = self.regions.get(site.region).map_or(1.0, |region| region.growth);
            site.deviations.iter_mut().for_each(|own| own.1 = grown(own.1, growth));
            let boxes = site.classes.iter_mut().flat_map(|class| &mut class.boxes);
            boxes.for_each(|one| {
                let days = u64::from(self.days.max(1));
                one.fill_bytes = one.fill_bytes.map(|it| it.saturating_mul(days));
                one.endurance_bytes = one.endurance_bytes.map(|it| it.saturating_mul(days));
            });
        }
        then
    }
}

#[expect(clippy::cast_possible_truncation, reason = "demand is kept in single precision")]
fn grown(demand: f32, growth: f64) -> f32 {
    (f64::from(demand) * growth) as f32
}
