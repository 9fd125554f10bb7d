//! Pins that can be kept. A site whose pins do not fit is not planned at all: those that are too much are left
//! out of the question instead, and told.
//!
//! Pins go to the boxes of the class with the most room. What must be somewhere in the fleet has a part of their
//! disks for itself, and of their new bytes. What lies there already comes first; then numbers decide, which are
//! as old as titles.

use super::placed::Before;
use super::ruled::{Ruled, Spot};
use super::rules::{NotKept, Rule};
use crate::server::App;
use inventory::Inventory;
use prefill::question::{Budgets, Question, SiteAsked, held_before};

/// A site, a title by its number, and why the site cannot hold it.
type LeftOut = (usize, u32, String);

/// The question with those pins that can be kept, and the others.
pub(super) async fn within(
    app: &App,
    mut question: Question,
    parent: Option<u64>,
    rules: &[Rule],
    inventory: &Inventory,
) -> anyhow::Result<(Question, Vec<NotKept>)> {
    if question.sites.iter().all(|site| site.pins.is_empty()) {
        return Ok((question, Vec::new()));
    }
    let before = Before::of(&app.runs, &question, parent).await?;
    let (question, found) = tokio::task::spawn_blocking(move || {
        let found = fit(&mut question, &before);
        (question, found)
    })
    .await?;
    let not_kept = named(&question, found, rules, inventory);
    Ok((question, not_kept))
}

fn named(
    question: &Question,
    found: Vec<LeftOut>,
    rules: &[Rule],
    inventory: &Inventory,
) -> Vec<NotKept> {
    if found.is_empty() {
        return Vec::new();
    }
    let ruled = Ruled::of(rules, &question.titles);
    let named = |(at, number, why): LeftOut| {
        let name = &question.sites[at].site;
        let site = inventory.sites.iter().find(|it| it.name == *name);
        let rule = ruled.rule(number, &Spot::of(inventory, name, site))?;
        let Rule { group, title, scope, .. } = rule.clone();
        Some(NotKept { group, title, scope, site: name.clone(), why })
    };
    found.into_iter().filter_map(named).collect()
}

/// Leaves out the pins that no plan could keep.
fn fit(question: &mut Question, before: &impl prefill::question::Before) -> Vec<LeftOut> {
    let below = below(question);
    let mut left_out = Vec::new();
    let mut all = Vec::new();
    for (at, site) in question.sites.iter().enumerate() {
        let mut kept = Vec::new();
        if !site.pins.is_empty() {
            let asked = AtSite { question, site, below: &below[at] };
            let mut not = |number, why: String| left_out.push((at, number, why));
            kept = asked.fit(before, &mut not);
        }
        all.push(kept);
    }
    for (site, kept) in question.sites.iter_mut().zip(all) {
        site.more_copies.retain(|more| kept.binary_search(&more.0).is_ok());
        site.pins = kept;
    }
    left_out
}

/// By site: the sites that ask it for something, itself among them.
fn below(question: &Question) -> Vec<Vec<usize>> {
    let count = question.sites.len();
    let mut below = vec![Vec::new(); count];
    let above = |at: &usize| question.sites[*at].parent;
    for at in 0..count {
        // There are no circles; where one was made, it ends.
        let up = std::iter::successors(Some(at), above).take(count);
        up.for_each(|it| below[it].push(at));
    }
    below
}

struct AtSite<'a> {
    question: &'a Question,
    site: &'a SiteAsked,
    below: &'a [usize],
}

/// A pin, with what it takes.
struct Taking {
    number: u32,
    copies: u16,
    size_bytes: u64,
    new_bytes: u64,
}

impl AtSite<'_> {
    fn fit(
        &self,
        before: &impl prefill::question::Before,
        not: &mut impl FnMut(u32, String),
    ) -> Vec<u32> {
        let Some(boxes) = roomiest(self.site) else {
            let why = "no box there can be planned on";
            self.site.pins.iter().for_each(|number| not(*number, why.to_owned()));
            return Vec::new();
        };
        let left = |bytes: u64| bytes - self.somewhere(bytes);
        let mut rooms: Vec<u64> = boxes.iter().map(|it| left(it.room_bytes)).collect();
        rooms.sort_unstable_by(|a, b| b.cmp(a));
        let sum = |of: fn(&Budgets) -> u64| {
            left(boxes.iter().map(|it| of(it)).fold(0, u64::saturating_add))
        };
        let (mut room, mut new) = (sum(|it| it.room_bytes), sum(new_bytes));
        let held: Vec<Vec<u32>> =
            boxes.iter().map(|it| sorted(held_before(before, it).unwrap_or_default())).collect();
        let new_at_all = new;
        let mut pins: Vec<Taking> =
            self.site.pins.iter().map(|it| self.taking(*it, &boxes, &held)).collect();
        pins.sort_by_key(|it| (it.new_bytes > 0, it.number));
        let mut kept = Vec::new();
        for Taking { number, copies, size_bytes, new_bytes } in pins {
            let takes = size_bytes.saturating_mul(copies.into());
            let why = match () {
                () if self.lacks(number) => "it may not be shown there".to_owned(),
                () if rooms.get(usize::from(copies) - 1).is_none_or(|it| *it < size_bytes) => {
                    format!("it is too large for the boxes there: {copies} must have room for it")
                }
                () if takes > room => "other pins take the room there".to_owned(),
                () if new_bytes > new_at_all => {
                    "it is more than windows let in on one day".to_owned()
                }
                () if new_bytes > new => {
                    "other pins take what windows let in on one day: it waits for another"
                        .to_owned()
                }
                () => {
                    (room, new) = (room - takes, new - new_bytes);
                    kept.push(number);
                    continue;
                }
            };
            not(number, why);
        }
        sorted(kept)
    }

    /// What is left for what must be somewhere.
    fn somewhere(&self, bytes: u64) -> u64 {
        let percent = u128::from(self.question.tuning.somewhere_percent.min(100));
        u64::try_from(u128::from(bytes) * percent / 100).unwrap_or(bytes)
    }

    fn lacks(&self, number: u32) -> bool {
        let lacking = self.site.lacking.and_then(|at| self.question.lacking.get(at));
        lacking.is_some_and(|lacking| lacking.binary_search(&number).is_ok())
    }

    fn taking(&self, number: u32, boxes: &[&Budgets], held: &[Vec<u32>]) -> Taking {
        let size_bytes = self.question.title(number).map_or(0, |title| title.size_bytes.max(1));
        let copies = self.copies(number, boxes);
        let there = held.iter().filter(|it| it.binary_search(&number).is_ok()).count();
        let lacks = usize::from(copies).saturating_sub(there);
        let new_bytes = size_bytes.saturating_mul(u64::try_from(lacks).unwrap_or(u64::MAX));
        Taking { number, copies, size_bytes, new_bytes }
    }

    /// As many as the planner may want of it, at most: what is wanted of it is no more than if sites below held
    /// nothing.
    fn copies(&self, number: u32, boxes: &[&Budgets]) -> u16 {
        let throughput: f64 = boxes.iter().map(|it| it.throughput_bytes_per_s as f64).sum();
        let share = f64::from(self.question.tuning.copy_share_percent.max(1)) / 100.0;
        let per_copy = share * throughput / boxes.len() as f64;
        let wanted: f64 = self.below.iter().map(|at| self.wanted(*at, number)).sum();
        let wanted = if per_copy > 0.0 { (wanted / per_copy).ceil() } else { 0.0 };
        let more = self.site.more_copies.binary_search_by_key(&number, |more| more.0);
        let asked = more.map_or(1, |at| self.site.more_copies[at].1);
        let asked = asked.max(self.question.tuning.least_copies).max(small(wanted));
        asked.min(u16::try_from(boxes.len()).unwrap_or(u16::MAX))
    }

    /// What a site's own viewers want.
    fn wanted(&self, at: usize, number: u32) -> f64 {
        let site = &self.question.sites[at];
        if let Ok(own) = site.deviations.binary_search_by_key(&number, |own| own.0) {
            return f64::from(site.deviations[own].1);
        }
        let regional = &self.question.regions[site.region].demand_bytes_per_s;
        site.share * regional.get(number as usize).copied().map_or(0.0, f64::from)
    }
}

/// The boxes of the class that pins go to: of those that are planned on, the one with the most room.
fn roomiest(site: &SiteAsked) -> Option<Vec<&Budgets>> {
    let planned = site
        .classes
        .iter()
        .map(|class| class.boxes.iter().filter(|it| it.said.is_none()).collect::<Vec<&Budgets>>());
    let room = |boxes: &[&Budgets]| boxes.iter().map(|it| it.room_bytes).sum::<u64>();
    let able = planned.enumerate().filter(|(_, boxes)| room(boxes) > 0);
    able.max_by_key(|(at, boxes)| (room(boxes), std::cmp::Reverse(*at))).map(|it| it.1)
}

fn new_bytes(of: &Budgets) -> u64 {
    of.fill_bytes.unwrap_or(u64::MAX).min(of.endurance_bytes.unwrap_or(u64::MAX))
}

fn sorted(mut titles: Vec<u32>) -> Vec<u32> {
    titles.sort_unstable();
    titles
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn small(number: f64) -> u16 {
    number as u16
}

#[cfg(test)]
mod tests;
