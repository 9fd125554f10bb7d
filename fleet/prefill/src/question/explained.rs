//! Why a title is at a site, or is not.

use super::answer::Before;
use super::asked::{Question, SiteAsked, Unasked};
use super::fleet::{Beside, Held, Lists, budgets};
use crate::cluster::{Binding, Explanation, InClass, Why};
use crate::plan::{Plan, PlannedCluster};
use contract::names::DeviceName;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// A title at a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// What all of it takes on disks.
    pub size_bytes: u64,
    /// What the site's viewers, and the sites below it, want of it: bytes per second at the peak.
    pub demand_bytes_per_s: f64,
    /// That, for each byte of its size: what is compared with the cut-offs.
    pub density_per_s: f64,
    /// Its place among all titles by that, from 1.
    pub rank: u32,
    /// How many titles there are.
    pub titles: u32,
    /// By class of boxes.
    pub classes: Vec<InClassExplained>,
    /// In words.
    pub why: String,
}

/// A title in one class of boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InClassExplained {
    /// The class.
    pub class: String,
    /// From which density on it is the best place.
    pub cut_off_per_s: Option<f64>,
    /// How many copies it would hold.
    pub copies: u16,
    /// Whether it is there already.
    pub is_there: bool,
    /// The boxes that hold it because it is worth it; copies on what is left are beside these.
    pub boxes: Vec<DeviceName>,
    /// What is scarce there.
    pub scarce: Option<String>,
}

/// Explains a title at a site, by their numbers and places; `None` where the site was not planned, and where nothing was.
/// `pins` are what sites hold since no other would, as the answer says.
///
/// Only the site and what is below it are planned again.
///
/// # Errors
/// A question that makes no sense.
pub fn explain(
    question: &Question,
    before: &dyn Before,
    pins: &[(usize, u32)],
    (site, title): (usize, u32),
) -> Result<Option<Explained>, Unasked> {
    if question.put_back {
        return Ok(None);
    }
    let (part, places) = below(question, site);
    let at = |whole: usize| places.iter().position(|place| *place == whole);
    let pins: Vec<(usize, u32)> =
        pins.iter().filter_map(|(whole, title)| Some((at(*whole)?, *title))).collect();
    let target = at(site);
    let found: Mutex<Option<Explained>> = Mutex::default();
    let show = |cluster: &PlannedCluster| {
        if Some(cluster.cluster) == target {
            let explained = cluster.explain(title).map(|it| told(&part, cluster, &it));
            *found.lock().unwrap_or_else(PoisonError::into_inner) = explained;
        }
    };
    let in_force = Held { question: &part, before };
    let lists = Lists::of(&part);
    let beside = Beside { pins: &pins, is_reserved: false };
    lists.with(&part, beside, |problem| Ok(Plan::new(problem, &in_force, 1, &show).map(drop)?))?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The part of a question that a site's answer depends on: what is below it, and itself.
fn below(question: &Question, site: usize) -> (Question, Vec<usize>) {
    let is_below = |at: usize| question.upwards(at).any(|it| it == site);
    let places: Vec<usize> = (0..question.sites.len()).filter(|at| is_below(*at)).collect();
    let place = |whole: usize| places.iter().position(|place| *place == whole);
    let part = |at: &usize| {
        let whole = &question.sites[*at];
        SiteAsked { parent: whole.parent.and_then(place), ..whole.clone() }
    };
    let sites = places.iter().map(part).collect();
    (Question { sites, ..question.clone() }, places)
}

fn told(question: &Question, cluster: &PlannedCluster, found: &Explanation) -> Explained {
    let classes = &question.sites[cluster.cluster].classes;
    let name = |class: usize| {
        let class = cluster.class(class).and_then(|class| classes.get(class));
        class.map_or_else(String::new, |class| class.class.clone())
    };
    let in_class = |(at, it): (usize, &InClass)| InClassExplained {
        class: name(at),
        cut_off_per_s: it.cut_off.filter(|cut_off| cut_off.is_finite()),
        copies: it.copies,
        is_there: it.is_resident,
        boxes: it
            .boxes
            .iter()
            .filter_map(|index| budgets(question, cluster.place(at, *index)?))
            .map(|it| it.device.clone())
            .collect(),
        scarce: it.binds.map(|binding| scarce(binding).to_owned()),
    };
    let titles = question.titles.iter().flatten().count();
    Explained {
        size_bytes: found.size_bytes,
        demand_bytes_per_s: found.demand_bytes_per_s,
        density_per_s: found.density,
        rank: cluster.problem.region.rank(found.ordinal).map_or(0, |rank| rank + 1),
        titles: u32::try_from(titles).unwrap_or(u32::MAX),
        classes: found.classes.iter().enumerate().map(in_class).collect(),
        why: in_words(&found.why, found.density, name),
    }
}

fn scarce(binding: Binding) -> &'static str {
    match binding {
        Binding::Disk => "room on disks",
        Binding::Throughput => "what boxes can send",
        Binding::Fill => "what fill windows let in",
        Binding::Endurance => "what disks may be written",
        Binding::Churn => "what a new byte must be worth",
    }
}

fn in_words(why: &Why, density: f64, name: impl Fn(usize) -> String) -> String {
    let times = |cut_off: f64| match cut_off > 0.0 && cut_off.is_finite() {
        true => format!("{:.2} times", density / cut_off),
        false => "far above".to_owned(),
    };
    match *why {
        Why::Banned => "it may not be held there".to_owned(),
        Why::Pinned { class } => format!("the {} boxes are told to hold it", name(class)),
        Why::PinLost { class } => {
            format!(
                "the {} boxes are told to hold it, and have no room beside the rest",
                name(class)
            )
        }
        Why::Held { class, above } => {
            let cut_off = times(density - above);
            format!("wanted enough for the {} boxes: {cut_off} what it takes", name(class))
        }
        Why::Filled { class, .. } => {
            format!(
                "not wanted enough for a place, and the {} boxes had one left over",
                name(class)
            )
        }
        Why::NotWanted => "nobody there wants it".to_owned(),
        Why::NoPlace => "no boxes there are large enough, or nothing new may come in".to_owned(),
        Why::TooThin { class, below, binds } => {
            let lacks = times(density + below);
            let binds = binds.map(|it| format!("; scarce is {}", scarce(it))).unwrap_or_default();
            format!("not wanted enough for the {} boxes: {lacks} what it takes{binds}", name(class))
        }
        Why::NoRoomLeft { class, .. } => {
            format!("wanted enough, and too large for what the {} boxes have left", name(class))
        }
    }
}
