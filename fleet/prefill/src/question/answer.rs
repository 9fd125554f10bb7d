//! What each box is to hold, in the order in which it fetches what it lacks.

use super::asked::{Budgets, Question, Said, SiteAsked, Unasked};
use super::fleet::{Beside, Held, Lists, budgets};
use super::put_back::put_back;
use super::somewhere::{missing, somewhere};
use super::spare::{Spare, fill_up};
use crate::cluster::{Bitmap, RegionOrder};
use crate::plan::{BoxDelta, ClusterOutcome, Plan, PlannedCluster, State, Totals};
use contract::manifest::Deadline;
use contract::names::{DeviceName, SiteName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// Who knows what boxes hold, or are told to hold already: the answer in force.
pub trait Before: Sync {
    /// By numbers of the question, in the order of its manifest; `None` where that answer says nothing
    /// of the box.
    fn titles(&self, device: &DeviceName) -> Option<Vec<u32>>;
}

impl<F: Fn(&DeviceName) -> Option<Vec<u32>> + Sync> Before for F {
    fn titles(&self, device: &DeviceName) -> Option<Vec<u32>> {
        self(device)
    }
}

/// What a box holds: by the answer in force, else by its own word.
#[must_use]
pub fn held_before(before: &dyn Before, budgets: &Budgets) -> Option<Vec<u32>> {
    before.titles(&budgets.device).or_else(|| budgets.held.clone())
}

/// What each box is to hold, and what that comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The boxes of the question, by name; those that are not planned on and of which nothing is known are
    /// left out.
    pub boxes: Vec<BoxAnswer>,
    /// A line for each site.
    pub outcome: Outcome,
}

/// What one box is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxAnswer {
    /// Which box.
    pub device: DeviceName,
    /// The titles by number: what stays in the order that it had, what is new where its demand per
    /// byte belongs, what is due before everything.
    pub titles: Vec<u32>,
    /// What of that is new to it.
    pub new_bytes: u64,
    /// What it is to hold.
    pub held_bytes: u64,
    /// Why it was not planned on: it keeps what it has.
    pub said: Option<Said>,
}

/// What an answer comes to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What all viewers want, in bytes per second at the peak.
    pub wanted_bytes_per_s: f64,
    /// What of that the origin is asked for.
    pub origin_bytes_per_s: f64,
    /// What boxes are to hold that they do not hold yet.
    pub new_bytes: u64,
    /// What boxes are to hold.
    pub held_bytes: u64,
    /// How far the answer may be from the best, as a part of what is served.
    pub gap: f64,
    /// Titles that no site could be told to hold.
    pub nowhere: Vec<u32>,
    /// By site.
    pub sites: Vec<SiteOutcome>,
}

/// What one site is to do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteOutcome {
    /// Its name.
    pub site: Option<SiteName>,
    /// Why it is not planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What its viewers and the sites below it want, in bytes per second at the peak.
    pub wanted_bytes_per_s: f64,
    /// What of that it serves.
    pub served_bytes_per_s: f64,
    /// How far that may be from the best, as a part of it.
    pub gap: f64,
    /// What one more byte of disk would bring, in bytes per second.
    pub byte_worth: f64,
    /// By box, what it is to hold and does not hold yet; those that lack nothing are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_bytes: Vec<(DeviceName, u64)>,
    /// Titles that it holds since no other would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub somewhere: Vec<u32>,
    /// Pins that found no room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins_short: Vec<u32>,
    /// Whether some of its boxes are not planned on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_boxes_out: bool,
    /// Whether it is planned by a tuning of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_tried_on: bool,
}

impl Outcome {
    /// Sites that have a name, by it.
    pub fn named(&self) -> impl Iterator<Item = (&SiteName, &SiteOutcome)> {
        self.sites.iter().filter_map(|site| Some((site.site.as_ref()?, site)))
    }

    /// What a byte of the disks of sites was worth, by their names.
    pub fn byte_worths(&self) -> HashMap<&SiteName, f64> {
        self.named().map(|(name, site)| (name, site.byte_worth)).collect()
    }

    /// What sites hold since no other would: places of sites, and numbers of titles.
    pub fn somewhere(&self) -> impl Iterator<Item = (usize, u32)> {
        let sites = self.sites.iter().enumerate();
        sites.flat_map(|(at, it)| it.somewhere.iter().map(move |title| (at, *title)))
    }

    /// The part of the demand that the origin is spared.
    #[must_use]
    pub fn offload(&self) -> f64 {
        if self.wanted_bytes_per_s <= 0.0 {
            return 1.0;
        }
        1.0 - self.origin_bytes_per_s / self.wanted_bytes_per_s
    }
}

/// Answers on that many threads; the answer is the same for any number of them.
///
/// What no site would hold by itself is held somewhere all the same, as far as there is room; and
/// what is left of disks then takes further copies.
///
/// # Errors
/// A question that makes no sense.
pub fn answer(question: &Question, before: &dyn Before, threads: usize) -> Result<Answer, Unasked> {
    let lists = Lists::of(question);
    if question.put_back {
        question.check()?;
        return Ok(put_back(question, before, &lists));
    }
    let round = |beside| Round { question, before, lists: &lists, threads, beside }.run();
    let mut found = round(Beside::default())?;
    let mut pins = Vec::new();
    if !missing(question, &found.held(&lists)).is_empty() {
        let own = round(Beside { is_reserved: true, ..Beside::default() })?;
        pins = somewhere(question, &lists, before, &own.held(&lists));
        found = round(Beside { pins: &pins, is_reserved: false })?;
    }
    let nowhere = missing(question, &found.held(&lists));
    Ok(found.answer(question, before, &lists, &pins, nowhere))
}

/// One time through all sites.
struct Round<'a> {
    question: &'a Question,
    before: &'a dyn Before,
    lists: &'a Lists,
    threads: usize,
    beside: Beside<'a>,
}

/// What came of it.
struct Planned {
    /// Boxes that are planned on.
    boxes: BTreeMap<DeviceName, BoxAnswer>,
    sites: Vec<SiteOutcome>,
    totals: Totals,
}

impl Round<'_> {
    fn run(&self) -> Result<Planned, Unasked> {
        let in_force = Held { question: self.question, before: self.before };
        let boxes: Mutex<BTreeMap<DeviceName, BoxAnswer>> = Mutex::default();
        let deadlines = self.deadlines();
        let show = |cluster: &PlannedCluster| {
            let found = self.boxes(cluster, &deadlines);
            boxes.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
        };
        let plan = self.lists.with(self.question, self.beside, |problem| {
            Ok(Plan::new(problem, &in_force, self.threads, &show)?)
        })?;
        let outcomes = self.question.sites.iter().zip(&plan.outcomes);
        let sites = outcomes.map(|(site, outcome)| site_outcome(&site.site, outcome)).collect();
        let boxes = boxes.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Planned { boxes, sites, totals: plan.totals() })
    }

    fn deadlines(&self) -> Vec<Deadline> {
        let titles = (0..).zip(&self.question.titles);
        let due = titles.filter_map(|(ordinal, title)| Some((ordinal, title.as_ref()?.due_us?)));
        due.map(|(ordinal, by_us)| Deadline { ordinal, by_us }).collect()
    }

    /// The boxes of a site: what the solver spread, and copies on what is left of their disks.
    fn boxes(
        &self,
        cluster: &PlannedCluster,
        deadlines: &[Deadline],
    ) -> Vec<(DeviceName, BoxAnswer)> {
        let region = cluster.problem.region;
        let mut held: Vec<Spare> = Vec::new();
        for (place, before, after) in cluster.boxes() {
            let budgets = budgets(self.question, place);
            held.extend(budgets.map(|it| Spare::new(it, before, after, self.lists)));
        }
        fill_up(&mut held, region, cluster.problem.bans, self.lists);
        let places = cluster.boxes().map(|(place, ..)| place);
        let named = places.zip(&held).filter_map(|(place, spare)| {
            let budgets = budgets(self.question, place)?;
            let titles = self.in_order(budgets, &spare.after, region, deadlines);
            let (new_bytes, held_bytes) = (spare.new_bytes, spare.held_bytes);
            let device = budgets.device.clone();
            Some(BoxAnswer { device, titles, new_bytes, held_bytes, said: None })
        });
        named.map(|one| (one.device.clone(), one)).collect()
    }

    fn in_order(
        &self,
        budgets: &Budgets,
        after: &Bitmap,
        region: &RegionOrder,
        deadlines: &[Deadline],
    ) -> Vec<u32> {
        let files = after.files();
        let mut list = held_before(self.before, budgets).unwrap_or_default();
        list.retain(|title| (*title as usize) < files);
        let delta = BoxDelta::new(Some((1, &list)), after, region, deadlines);
        let resolved = delta.hold.map(|hold| hold.resolve(Some((1, &list))));
        // A list of its own making applies to what it was made of.
        resolved.and_then(Result::ok).unwrap_or(list)
    }
}

/// A box that is not planned on keeps what it has, as far as it may.
pub(super) fn kept(
    question: &Question,
    site: &SiteAsked,
    budgets: &Budgets,
    mut titles: Vec<u32>,
    lists: &Lists,
) -> Option<BoxAnswer> {
    let may =
        |title: u32| question.title(title).is_some() && question.may_hold(site.lacking, title);
    titles.retain(|title| may(*title));
    let held_bytes = titles.iter().map(|title| lists.size_bytes(*title)).sum();
    let (device, said) = (budgets.device.clone(), budgets.said);
    Some(BoxAnswer { device, titles, new_bytes: 0, held_bytes, said })
}

fn site_outcome(site: &SiteName, outcome: &ClusterOutcome) -> SiteOutcome {
    let refused = match &outcome.state {
        State::Planned => None,
        State::NoBoxes => Some("no box that can be planned on".to_owned()),
        State::Refused(refused) => Some(refused.to_string()),
    };
    let classes = outcome.classes.iter();
    let pins_short = outcome.classes.iter().flat_map(|class| &class.pins_short);
    SiteOutcome {
        site: Some(site.clone()),
        refused,
        wanted_bytes_per_s: outcome.wanted_bytes_per_s,
        served_bytes_per_s: outcome.served_bytes_per_s,
        gap: outcome.gap(),
        byte_worth: classes.map(|class| class.disk_byte_value).fold(0.0, f64::max),
        new_bytes: Vec::new(),
        somewhere: Vec::new(),
        pins_short: pins_short.map(|(title, _)| *title).collect(),
        has_boxes_out: false,
        is_tried_on: false,
    }
}

impl Planned {
    /// What any box that is planned on holds.
    fn held(&self, lists: &Lists) -> Bitmap {
        let mut held = Bitmap::new(lists.files());
        self.boxes.values().flat_map(|one| &one.titles).for_each(|title| held.insert(*title));
        held
    }

    fn answer(
        mut self,
        question: &Question,
        before: &dyn Before,
        lists: &Lists,
        pins: &[(usize, u32)],
        nowhere: Vec<u32>,
    ) -> Answer {
        for (site, title) in pins {
            self.sites[*site].somewhere.push(*title);
        }
        for (site, outcome) in question.sites.iter().zip(&mut self.sites) {
            let planned = site.boxes().filter_map(|it| self.boxes.get(&it.device));
            let new = planned.filter(|one| one.new_bytes > 0);
            outcome.has_boxes_out = site.boxes().any(|one| one.said.is_some());
            outcome.is_tried_on = site.tuning.is_some();
            outcome.new_bytes = new.map(|one| (one.device.clone(), one.new_bytes)).collect();
        }
        let mut boxes = Vec::new();
        for (site, budgets) in question.boxes() {
            let planned = self.boxes.remove(&budgets.device);
            let kept = || kept(question, site, budgets, held_before(before, budgets)?, lists);
            boxes.extend(planned.or_else(kept));
        }
        boxes.sort_by(|a, b| a.device.cmp(&b.device));
        let outcome = Outcome {
            wanted_bytes_per_s: self.totals.wanted_bytes_per_s,
            origin_bytes_per_s: self.totals.origin_bytes_per_s,
            new_bytes: boxes.iter().map(|one| one.new_bytes).sum(),
            held_bytes: boxes.iter().map(|one| one.held_bytes).sum(),
            gap: self.totals.gap(),
            nowhere,
            sites: self.sites,
        };
        Answer { boxes, outcome }
    }
}
