//! Files of which something special is asked: more copies than others, a pin, or more room than
//! some boxes have.
//!
//! A file gets another copy each time that its demand exceeds one more
//! [`Problem::copy_share`] of what a box can send: a few hundred files in the head, since the
//! demand of all is bounded by what is served. They stand outside the sums of
//! [`super::sums`] and are weighed one by one.

use super::order::{BLOCK, Run};
use super::problem::{Pin, Problem, Refused};
use super::terms::{MAX_CLASSES, Rows, Terms};
use contract::catalogue::Ordinal;

/// What a class would give up to hold one file.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Choice {
    pub(super) copies: u16,
    /// All copies; 0 for a pin, whose bytes are taken beforehand.
    pub(super) disk_bytes: u64,
    /// Those copies that are not there yet; 0 for a pin.
    pub(super) new_bytes: u64,
    pub(super) is_pinned: bool,
    pub(super) is_open: bool,
}

/// A file with choices of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exception {
    pub(super) ordinal: Ordinal,
    pub(super) size_bytes: u64,
    pub(super) demand: f64,
    pub(super) choices: [Choice; MAX_CLASSES],
}

impl Exception {
    pub(super) fn density(&self) -> f64 {
        self.demand / self.size_bytes as f64
    }

    /// Closes what does not fit into what is left of the budgets by pins.
    fn close(&mut self, terms: &Terms) {
        for (class, choice) in self.choices.iter_mut().enumerate() {
            choice.is_open &= terms.room.throughput[class] > 0.0
                && terms.room.fits(class, choice.disk_bytes, choice.new_bytes);
        }
    }

    /// What is gained at these prices by serving it from a class.
    pub(super) fn gain(&self, class: usize, prices: &Rows, churn_price: f64) -> Option<f64> {
        let choice = &self.choices[class];
        let new_price = prices.new[class] + churn_price;
        let bytes_price =
            choice.disk_bytes as f64 * prices.disk[class] + choice.new_bytes as f64 * new_price;
        let gain = self.demand * (1.0 - prices.throughput[class]) - bytes_price;
        choice.is_open.then_some(gain)
    }

    /// The class that gains most at these prices, where any gains.
    pub(super) fn best(&self, prices: &Rows, churn_price: f64) -> Option<usize> {
        let mut best = (None, 0.0);
        for class in 0..MAX_CLASSES {
            if let Some(gain) = self.gain(class, prices, churn_price).filter(|gain| *gain > best.1)
            {
                best = (Some(class), gain);
            }
        }
        best.0
    }
}

/// The exceptions of one cluster, rising by ordinal.
#[derive(Debug, Clone, Default)]
pub(super) struct Exceptions {
    pub(super) files: Vec<Exception>,
    named: Vec<Ordinal>,
    /// By class: the room of its boxes, the roomiest first.
    rooms_bytes: [Vec<u64>; MAX_CLASSES],
}

impl Exceptions {
    /// Finds them, and takes from the terms what pins take.
    ///
    /// # Errors
    /// Pins that do not fit.
    pub(super) fn find(&mut self, problem: &Problem, terms: &mut Terms) -> Result<(), Refused> {
        self.sort_rooms(problem);
        self.name_files(problem, terms);
        self.files.clear();
        for ordinal in &self.named {
            self.files.push(self.exception(problem, terms, *ordinal));
        }
        self.pin(problem, terms)?;
        for file in &mut self.files {
            file.close(terms);
        }
        Ok(())
    }

    pub(super) fn contains(&self, ordinal: Ordinal) -> bool {
        self.named.binary_search(&ordinal).is_ok()
    }

    /// What a file is asked and offered, special or not.
    pub(super) fn file(&self, problem: &Problem, terms: &Terms, ordinal: Ordinal) -> Exception {
        if let Ok(at) = self.files.binary_search_by_key(&ordinal, |file| file.ordinal) {
            return self.files[at];
        }
        let mut file = self.exception(problem, terms, ordinal);
        file.close(terms);
        file
    }

    fn exception(&self, problem: &Problem, terms: &Terms, ordinal: Ordinal) -> Exception {
        let size_bytes = problem.region.sizes_bytes[ordinal as usize];
        let demand = problem.demand(ordinal);
        let choices = std::array::from_fn(|class| {
            let Some(given) = problem.classes.get(class) else { return Choice::default() };
            let copies = copies(problem, class, ordinal, demand);
            let there = given.resident.map_or(0, |resident| resident.copies(ordinal));
            let last = self.rooms_bytes[class].get(usize::from(copies) - 1).copied().unwrap_or(0);
            Choice {
                copies,
                disk_bytes: size_bytes.saturating_mul(copies.into()),
                new_bytes: size_bytes.saturating_mul(copies.saturating_sub(there).into()),
                is_pinned: false,
                is_open: class < terms.classes && size_bytes <= last,
            }
        });
        Exception { ordinal, size_bytes, demand, choices }
    }

    fn sort_rooms(&mut self, problem: &Problem) {
        for rooms in &mut self.rooms_bytes {
            rooms.clear();
        }
        for (rooms, class) in self.rooms_bytes.iter_mut().zip(problem.classes) {
            rooms.extend(class.boxes.iter().map(|one| one.room_bytes));
            rooms.sort_unstable_by(|a, b| b.cmp(a));
        }
    }

    fn name_files(&mut self, problem: &Problem, terms: &Terms) {
        let named = &mut self.named;
        named.clear();
        named.extend(problem.pins.iter().map(|pin| pin.ordinal));
        named.extend(problem.more_copies.iter().map(|more| more.0));
        let residents = problem.classes.iter().filter_map(|class| class.resident);
        named.extend(residents.flat_map(|resident| resident.more.iter().map(|more| more.0)));
        name_popular(problem, terms, named);
        // Almost never: a file that the boxes of a class are too small for.
        let mut rooms = self.rooms_bytes.iter().zip(terms.copies).take(terms.classes);
        let least = rooms.try_fold(u64::MAX, |least, (rooms, copies)| {
            rooms.get(usize::from(copies) - 1).map(|room| least.min(*room))
        });
        let least_bytes = least.unwrap_or(0);
        if problem.region.largest_bytes > least_bytes {
            let sizes = (0..).zip(problem.region.sizes_bytes);
            named.extend(sizes.filter(|size| *size.1 > least_bytes).map(|size| size.0));
        }
        named.sort_unstable();
        named.dedup();
        named.retain(|ordinal| !problem.bans.contains(*ordinal));
    }

    fn pin(&mut self, problem: &Problem, terms: &mut Terms) -> Result<(), Refused> {
        let mut disk_bytes = [0u128; MAX_CLASSES];
        let mut new_bytes = [0u128; MAX_CLASSES];
        for Pin { ordinal, class } in problem.pins.iter().copied() {
            let Ok(at) = self.named.binary_search(&ordinal) else { continue };
            let choice = &mut self.files[at].choices[class];
            if !choice.is_open {
                let copies = choice.copies;
                return Err(Refused::PinTooLarge { ordinal, class, copies });
            }
            disk_bytes[class] += u128::from(choice.disk_bytes);
            new_bytes[class] += u128::from(choice.new_bytes);
            *choice = Choice { disk_bytes: 0, new_bytes: 0, is_pinned: true, ..*choice };
        }
        for class in 0..terms.classes {
            let left = |room: u64, pinned: u128| match u64::try_from(pinned) {
                Ok(pinned) if pinned <= room => Ok(room - pinned),
                _ => Err(u64::try_from(pinned - u128::from(room)).unwrap_or(u64::MAX)),
            };
            let room = &mut terms.room;
            room.disk_bytes[class] = left(room.disk_bytes[class], disk_bytes[class])
                .map_err(|over_bytes| Refused::PinsOverDisk { class, over_bytes })?;
            room.new_bytes[class] = left(room.new_bytes[class], new_bytes[class])
                .map_err(|over_bytes| Refused::PinsOverFill { class, over_bytes })?;
        }
        Ok(())
    }
}

/// How many copies of a file a class holds if it holds it: enough that none of its boxes gives
/// more than [`Problem::copy_share`] of itself to it, at least what operators ask, at most one a
/// box.
pub(super) fn copies(problem: &Problem, class: usize, ordinal: Ordinal, demand: f64) -> u16 {
    let boxes = u16::try_from(problem.classes[class].boxes.len()).unwrap_or(u16::MAX);
    let more = problem.more_copies.binary_search_by_key(&ordinal, |more| more.0);
    let asked = more.map_or(0, |at| problem.more_copies[at].1);
    let wanted = if demand > 0.0 { (demand / per_copy(problem, class)).ceil() } else { 0.0 };
    let least = problem.least_copies.max(asked);
    if wanted >= f64::from(boxes) { boxes } else { small(wanted).max(least).min(boxes) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65535")]
fn small(number: f64) -> u16 {
    number as u16
}

/// The demand that one copy in a class may carry.
fn per_copy(problem: &Problem, class: usize) -> f64 {
    let boxes = problem.classes[class].boxes;
    let sum: f64 = boxes.iter().map(|one| one.throughput_bytes_per_s).sum();
    // A class that sends nothing needs no more copies for it.
    if sum > 0.0 { problem.copy_share * sum / boxes.len() as f64 } else { f64::INFINITY }
}

/// Adds the files that are wanted too much for the copies that all files have.
fn name_popular(problem: &Problem, terms: &Terms, named: &mut Vec<Ordinal>) {
    let enough = |class: usize| f64::from(terms.copies[class]) * per_copy(problem, class);
    let is_short =
        |class: &usize| usize::from(terms.copies[*class]) < problem.classes[*class].boxes.len();
    let bound = (0..terms.classes).filter(is_short).map(enough).fold(f64::INFINITY, f64::min);
    let Run { peak_demand, demand, ordinals, .. } = &problem.region.run;
    let is_popular = |demand: &f32| problem.region_share * f64::from(*demand) > bound;
    for (block, _) in peak_demand.iter().enumerate().filter(|block| is_popular(block.1)) {
        let files = block * BLOCK..ordinals.len().min((block + 1) * BLOCK);
        let popular = files.filter(|rank| is_popular(&demand[*rank]));
        named.extend(popular.map(|rank| ordinals[rank]));
    }
    let deviations = problem.deviations.iter();
    let popular = deviations.filter(|deviation| f64::from(deviation.demand) > bound);
    named.extend(popular.map(|deviation| deviation.ordinal));
}
