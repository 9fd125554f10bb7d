//! Pins that can be kept. A site whose pins do not fit is not planned at all: those that are too much are left
//! out of the question instead, and told.
//!
//! Pins go to the boxes of the class with the most room. What must be somewhere in the fleet has a part of their
//! disks for itself, and of their new bytes. What lies there already comes first; then numbers decide, which are
//! as old as titles.

use super::answer::{Before, held_before};
use super::asked::{Budgets, Question, SiteAsked};
use super::fleet::part;

/// A pin that no plan could keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinLeftOut {
    /// Of which site: a place in [`Question::sites`].
    pub site: usize,
    /// The number of the title.
    pub title: u32,
    /// Why the site cannot hold it.
    pub why: String,
}

/// Leaves out the pins that no plan could keep.
pub fn fit_pins(question: &mut Question, before: &dyn Before) -> Vec<PinLeftOut> {
    let below = below(question);
    let mut left_out = Vec::new();
    let mut all = Vec::new();
    for (at, site) in question.sites.iter().enumerate() {
        let mut kept = Vec::new();
        if !site.pins.is_empty() {
            let asked = AtSite { question, site, below: &below[at] };
            let mut not = |title, why| left_out.push(PinLeftOut { site: at, title, why });
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
    let mut below = vec![Vec::new(); question.sites.len()];
    for at in 0..question.sites.len() {
        question.upwards(at).for_each(|it| below[it].push(at));
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

/// What is left for pins.
struct Left {
    /// By box, the largest first: what one title could take.
    rooms: Vec<u64>,
    room_bytes: u64,
    new_bytes: u64,
    /// Before any pin took of it.
    new_at_all_bytes: u64,
}

impl AtSite<'_> {
    fn fit(&self, before: &dyn Before, not: &mut impl FnMut(u32, String)) -> Vec<u32> {
        let boxes: Vec<&Budgets> = self.site.roomiest_boxes().collect();
        if boxes.is_empty() {
            let why = "no box there can be planned on";
            self.site.pins.iter().for_each(|number| not(*number, why.to_owned()));
            return Vec::new();
        }
        let held: Vec<Vec<u32>> =
            boxes.iter().map(|it| sorted(held_before(before, it).unwrap_or_default())).collect();
        let mut pins: Vec<Taking> =
            self.site.pins.iter().map(|it| self.taking(*it, &boxes, &held)).collect();
        pins.sort_by_key(|it| (it.new_bytes > 0, it.number));
        let mut left = self.left(&boxes);
        let mut kept = Vec::new();
        for pin in pins {
            let may = self.question.may_hold(self.site.lacking, pin.number);
            match left.take(&pin).filter(|_| may) {
                Some(()) => kept.push(pin.number),
                None if may => not(pin.number, left.why_not(&pin)),
                None => not(pin.number, "it may not be shown there".to_owned()),
            }
        }
        sorted(kept)
    }

    /// Without what is for titles that must be somewhere.
    fn left(&self, boxes: &[&Budgets]) -> Left {
        let percent = self.question.tuning_of(self.site).somewhere_percent;
        let left = |bytes: u64| bytes - part(bytes, percent);
        let mut rooms: Vec<u64> = boxes.iter().map(|it| left(it.room_bytes)).collect();
        rooms.sort_unstable_by(|a, b| b.cmp(a));
        let sum = |of: fn(&Budgets) -> u64| {
            left(boxes.iter().map(|it| of(it)).fold(0, u64::saturating_add))
        };
        let (room_bytes, new_bytes) = (sum(|it| it.room_bytes), sum(Budgets::most_new_bytes));
        Left { rooms, room_bytes, new_bytes, new_at_all_bytes: new_bytes }
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
        let tuning = self.question.tuning_of(self.site);
        let throughput: f64 = boxes.iter().map(|it| it.throughput_bytes_per_s as f64).sum();
        let share = f64::from(tuning.copy_share_percent.max(1)) / 100.0;
        let per_copy = share * throughput / boxes.len() as f64;
        let sites = self.below.iter().map(|at| &self.question.sites[*at]);
        let wanted: f64 = sites.map(|site| self.question.wanted(site, number)).sum();
        let wanted = if per_copy > 0.0 { (wanted / per_copy).ceil() } else { 0.0 };
        let more = self.site.more_copies.binary_search_by_key(&number, |more| more.0);
        let asked = more.map_or(1, |at| self.site.more_copies[at].1);
        let asked = asked.max(tuning.least_copies).max(small(wanted));
        asked.min(u16::try_from(boxes.len()).unwrap_or(u16::MAX))
    }
}

impl Left {
    /// As many boxes as there are to be copies must have room for it.
    fn fits_boxes(&self, pin: &Taking) -> bool {
        let smallest = usize::from(pin.copies).checked_sub(1).and_then(|at| self.rooms.get(at));
        smallest.is_some_and(|room| *room >= pin.size_bytes)
    }

    fn take(&mut self, pin: &Taking) -> Option<()> {
        if !self.fits_boxes(pin) {
            return None;
        }
        let room_bytes = self.room_bytes.checked_sub(pin.all_bytes())?;
        let new_bytes = self.new_bytes.checked_sub(pin.new_bytes)?;
        (self.room_bytes, self.new_bytes) = (room_bytes, new_bytes);
        Some(())
    }

    fn why_not(&self, pin: &Taking) -> String {
        if !self.fits_boxes(pin) {
            let copies = pin.copies;
            return format!("it is too large for the boxes there: {copies} must have room for it");
        }
        let why = match () {
            () if pin.all_bytes() > self.room_bytes => "other pins take the room there",
            () if pin.new_bytes > self.new_at_all_bytes => {
                "it is more than windows let in on one day"
            }
            () => "other pins take what windows let in on one day: it waits for another",
        };
        why.to_owned()
    }
}

impl Taking {
    fn all_bytes(&self) -> u64 {
        self.size_bytes.saturating_mul(self.copies.into())
    }
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
