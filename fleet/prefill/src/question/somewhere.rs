//! What no site would hold by itself is held by one all the same: a title that is nowhere cannot be
//! watched where viewers are not sent to its origin, and comes from far away where they are.
//!
//! Which one it is, sites draw by rendezvous hashing, each with as many draws as it has room beside
//! the largest: few titles move when a site comes or goes. Sites above others draw alone, where there
//! are any: those below ask them. A part of their disks is kept for it, and what of the missing is wanted
//! most comes first: else the ones that a pin displaces would be nowhere themselves.

use super::answer::{Before, held_before};
use super::asked::{Question, SiteAsked, TitleAsked};
use super::fleet::{Lists, OFFSET_BASIS, hash, part};
use crate::cluster::{Bitmap, mixed};

/// Draws of the site with the most room.
const DRAWS: u64 = 16;

/// A site that can be told to hold what nobody would.
struct Candidate<'a> {
    at: usize,
    site: &'a SiteAsked,
    draws: u64,
    largest_bytes: u64,
    left_bytes: u64,
    /// New bytes that it may still take.
    left_new_bytes: u64,
    held: Bitmap,
}

/// Which site is to hold what `held` has not, by its place.
pub(super) fn somewhere(
    question: &Question,
    lists: &Lists,
    before: &dyn Before,
    held: &Bitmap,
) -> Vec<(usize, u32)> {
    let mut pins = Vec::new();
    let mut candidates = candidates(question, lists, before);
    for (number, title) in wanted_most(question, lists, missing(question, held)) {
        let size_bytes = lists.size_bytes(number);
        let fits = |one: &&mut Candidate| one.fits(question, number, size_bytes);
        if let Some(one) = candidates.iter_mut().filter(fits).max_by_key(|one| one.draw(title)) {
            one.left_bytes -= size_bytes;
            if !one.held.contains(number) {
                one.left_new_bytes -= size_bytes;
            }
            pins.push((one.at, number));
        }
    }
    pins
}

/// Titles that are not among those, and that some site may hold.
pub(super) fn missing(question: &Question, held: &Bitmap) -> Vec<u32> {
    let mut lists: Vec<Option<usize>> = question.sites.iter().map(|site| site.lacking).collect();
    lists.sort_unstable();
    lists.dedup();
    let titles = (0..).zip(&question.titles);
    let missing = titles.filter(|(number, title)| title.is_some() && !held.contains(*number));
    let missing = missing.map(|(number, _)| number);
    missing.filter(|number| lists.iter().any(|list| question.may_hold(*list, *number))).collect()
}

/// By what all regions want of them, for each byte.
fn wanted_most<'a>(
    question: &'a Question,
    lists: &Lists,
    missing: Vec<u32>,
) -> Vec<(u32, &'a TitleAsked)> {
    let density = |number: u32| {
        let demands = question.regions.iter().map(|it| it.demand_bytes_per_s.get(number as usize));
        let demand: f64 = demands.flatten().map(|demand| f64::from(*demand)).sum();
        demand / lists.size_bytes(number).max(1) as f64
    };
    let mut by_density: Vec<(f64, u32)> =
        missing.into_iter().map(|number| (density(number), number)).collect();
    by_density.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    by_density
        .into_iter()
        .filter_map(|(_, number)| Some((number, question.title(number)?)))
        .collect()
}

fn candidates<'a>(
    question: &'a Question,
    lists: &Lists,
    before: &dyn Before,
) -> Vec<Candidate<'a>> {
    let mut is_parent = vec![false; question.sites.len()];
    let parents = question.sites.iter().filter_map(|site| site.parent);
    parents.for_each(|at| is_parent[at] = true);
    let all = question.sites.iter().enumerate();
    let able: Vec<(usize, &SiteAsked)> =
        all.filter(|(_, site)| site.roomiest().is_some()).collect();
    let above = |(at, site): &&(usize, &SiteAsked)| is_parent[*at] && site.parent.is_none();
    let highest: Vec<_> = able.iter().filter(above).copied().collect();
    let chosen = if highest.is_empty() { able } else { highest };
    let room = |site: &SiteAsked| -> u64 { site.roomiest_boxes().map(|one| one.room_bytes).sum() };
    let most = chosen.iter().map(|(_, site)| room(site)).max().unwrap_or(0).max(1);
    let candidate = |(at, site): (usize, &'a SiteAsked)| {
        let mut held = Bitmap::new(lists.files());
        let on_boxes = site.roomiest_boxes().filter_map(|one| held_before(before, one)).flatten();
        on_boxes.filter(|it| (*it as usize) < lists.files()).for_each(|it| held.insert(it));
        let percent = question.tuning_of(site).somewhere_percent;
        let may_take = site.roomiest_boxes().map(|one| one.most_new_bytes().min(one.room_bytes));
        Candidate {
            at,
            site,
            draws: (room(site).saturating_mul(DRAWS) / most).max(1),
            largest_bytes: site.roomiest_boxes().map(|one| one.room_bytes).max().unwrap_or(0),
            left_bytes: part(room(site), percent),
            left_new_bytes: part(may_take.sum(), percent),
            held,
        }
    };
    chosen.into_iter().map(candidate).collect()
}

impl Candidate<'_> {
    fn fits(&self, question: &Question, number: u32, size_bytes: u64) -> bool {
        let may = question.may_hold(self.site.lacking, number);
        let is_there = self.held.contains(number);
        may && size_bytes <= self.left_bytes.min(self.largest_bytes)
            && (is_there || size_bytes <= self.left_new_bytes)
    }

    /// The best of its draws.
    fn draw(&self, title: &TitleAsked) -> u64 {
        let names = title.group.as_str().bytes().chain([0]).chain(title.title.as_str().bytes());
        let of_title = hash(names, OFFSET_BASIS);
        let both = hash(self.site.site.as_str().bytes(), of_title);
        (0..self.draws)
            .map(|draw| mixed(both ^ draw.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
            .max()
            .unwrap_or(0)
    }
}
