//! Files of which something special is asked: more copies than others, a pin, or more room than
//! some boxes have.
//!
//! A file gets another copy each time that its demand exceeds one more
//! [`Problem::copy_share`] of what a box can send: a few hundred files in the head, where a
//! cluster can serve a fair part of its demand. They stand outside the sums of [`super::sums`] and
//! are weighed one by one.
//!
//! A class so weak, or with boxes so small, that it would ask something special of a great part
//! of the catalogue is shut to the sums: it may have some of the densest files ([`most_named`]),
//! weighed one by one, and what it could serve of the others is added to the bound.

use super::order::{BLOCK, Run};
use super::problem::{Pin, Problem, Refused};
use super::terms::{MAX_CLASSES, Rows, Shut, Terms};
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

impl Choice {
    /// What its bytes cost in that class, at these prices.
    pub(super) fn bytes_price(&self, class: usize, prices: &Rows, churn_price: f64) -> f64 {
        let new_price = prices.new[class] + churn_price;
        self.disk_bytes as f64 * prices.disk[class] + self.new_bytes as f64 * new_price
    }
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
        let bytes_price = choice.bytes_price(class, prices, churn_price);
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
        for (choice, shut) in file.choices.iter_mut().zip(terms.shut) {
            choice.is_open &= shut.is_none();
        }
        file.close(terms);
        file
    }

    fn exception(&self, problem: &Problem, terms: &Terms, ordinal: Ordinal) -> Exception {
        let size_bytes = problem.region.sizes_bytes[ordinal as usize];
        let demand = problem.demand(ordinal);
        let choices = std::array::from_fn(|class| {
            let Some(given) = problem.classes.get(class) else { return Choice::default() };
            let copies = copies(problem, class, ordinal, demand);
            let there = given.there(ordinal, terms.copies[class]);
            let last = self.rooms_bytes[class].get(usize::from(copies) - 1).copied().unwrap_or(0);
            Choice {
                copies,
                disk_bytes: size_bytes.saturating_mul(copies.into()),
                new_bytes: size_bytes.saturating_mul(copies.saturating_sub(there).into()),
                is_pinned: false,
                is_open: size_bytes <= last,
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

    fn name_files(&mut self, problem: &Problem, terms: &mut Terms) {
        self.named.clear();
        self.named.extend(problem.pins.iter().map(|pin| pin.ordinal));
        self.named.extend(problem.more_copies.iter().map(|more| more.0));
        for (class, given) in problem.classes.iter().enumerate() {
            let more = given.resident.map_or(&[][..], |resident| &resident.more);
            let there = |ordinal| given.there(ordinal, terms.copies[class]);
            let special = more.iter().filter(|more| !terms.is_as_others(class, there(more.0)));
            self.named.extend(special.map(|more| more.0));
        }
        for class in 0..terms.classes {
            terms.shut[class] = self.name_for(problem, terms, class);
        }
        self.named.sort_unstable();
        self.named.dedup();
        self.named.retain(|ordinal| !problem.bans.contains(*ordinal));
    }

    /// Names the files of which one class asks something special; or says why it is shut.
    fn name_for(&mut self, problem: &Problem, terms: &Terms, class: usize) -> Option<Shut> {
        let last = usize::from(terms.copies[class]) - 1;
        let room_bytes = self.rooms_bytes[class].get(last).copied().unwrap_or(0);
        if room_bytes == 0 || terms.room.throughput[class] <= 0.0 {
            return Some(Shut::ServesNone);
        }
        let (before, most) = (self.named.len(), most_named(problem, class));
        if usize::from(terms.copies[class]) < problem.classes[class].boxes.len() {
            let bound = f64::from(terms.copies[class]) * per_copy(problem, class);
            let popular = wanted_more_than(problem, bound);
            self.named.extend(popular.take(most + 1));
        }
        // Almost never: a file that the boxes of a class are too small for.
        if problem.region.largest_bytes > room_bytes {
            let sizes = (0..).zip(problem.region.sizes_bytes);
            let large = sizes.filter(|size| *size.1 > room_bytes).map(|size| size.0);
            self.named.extend(large.take(most + 1));
        }
        if self.named.len() - before <= most {
            return None;
        }
        self.named.truncate(before);
        Some(self.name_densest(problem, terms, class, room_bytes))
    }

    /// Names the densest files that a class can hold, as many as it may have. Not many more are
    /// looked at.
    fn name_densest(
        &mut self,
        problem: &Problem,
        terms: &Terms,
        class: usize,
        room_bytes: u64,
    ) -> Shut {
        let most = most_named(problem, class);
        let Run { ordinals, sizes_bytes, .. } = &problem.region.run;
        let files = ordinals.iter().zip(sizes_bytes).filter(|file| *file.1 <= room_bytes);
        let mut files = files.map(|file| *file.0);
        let before = self.named.len();
        for ordinal in files.by_ref().take(4 * most) {
            if self.named.len() - before == most {
                return Shut::TooSpecial;
            }
            if self.exception(problem, terms, ordinal).choices[class].is_open {
                self.named.push(ordinal);
            }
        }
        // Where all have been looked at, the class can hold no others.
        if files.next().is_none() { Shut::ServesNone } else { Shut::TooSpecial }
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
fn copies(problem: &Problem, class: usize, ordinal: Ordinal, demand: f64) -> u16 {
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

/// Files that are named for one class, at most: a few times as many as it could serve if each
/// asked for all that one copy may carry. A class that asks something special of more is too weak
/// to matter much, and weighing them one by one, in each round, would cost what the sums save.
fn most_named(problem: &Problem, class: usize) -> usize {
    let carried = problem.classes[class].boxes.len() as f64 / problem.copy_share;
    usize::from(small((4.0 * carried).clamp(1024.0, 16384.0)))
}

/// The files that are wanted more than that, and perhaps some that are not, but were if they were
/// wanted as in the region.
fn wanted_more_than<'a>(
    problem: &'a Problem,
    bound: f64,
) -> impl Iterator<Item = Ordinal> + use<'a> {
    let Run { peak_demand, demand, ordinals, .. } = &problem.region.run;
    let is_popular = move |demand: &f32| problem.region_share * f64::from(*demand) > bound;
    let blocks = peak_demand.iter().enumerate().filter(move |block| is_popular(block.1));
    let of_block = move |(block, _): (usize, &f32)| {
        let files = block * BLOCK..ordinals.len().min((block + 1) * BLOCK);
        files.filter(move |rank| is_popular(&demand[*rank])).map(|rank| ordinals[rank])
    };
    let deviations = problem.deviations.iter();
    let deviated = deviations.filter(move |deviation| f64::from(deviation.demand) > bound);
    blocks.flat_map(of_block).chain(deviated.map(|deviation| deviation.ordinal))
}

#[cfg(test)]
mod tests {
    use super::super::bitmap::Bitmap;
    use super::super::order::RegionOrder;
    use super::super::problem::{Class, ClusterBox};
    use super::super::solution::Holding;
    use super::super::workspace::Workspace;
    use super::*;

    const FILES: usize = 20_000;

    /// Beside a good class: how many files are weighed one by one, and how the classes are shut.
    fn named(boxes: &[ClusterBox], least_copies: u16, copy_share: f64) -> (usize, Option<Shut>) {
        let sizes_bytes: Vec<u64> = (0..FILES as u64).map(|at| 100 + at % 50).collect();
        let demand: Vec<f32> = sizes_bytes.iter().map(|size| *size as f32 / 7.0).collect();
        let region = RegionOrder::new(&sizes_bytes, &demand).expect("good files");
        let good: Vec<ClusterBox> =
            (0..4).map(|seed| ClusterBox::unbound(seed, 400_000, 1e6)).collect();
        let classes =
            [&good[..], boxes].map(|boxes| Class { boxes, resident: None, on_boxes: None });
        let bans = Bitmap::default();
        let problem =
            Problem { least_copies, copy_share, ..Problem::plain(&region, &classes, &bans) };
        let mut terms = Terms::of(&problem);
        let mut exceptions = Exceptions::default();
        exceptions.find(&problem, &mut terms).expect("no pins");
        assert_eq!(terms.shut[0], None);
        let mut workspace = Workspace::default();
        let solution = workspace.solve(&problem).expect("sound");
        assert!(solution.gap() < 1e-3, "{}", solution.gap());
        (exceptions.files.len(), terms.shut[1])
    }

    #[test]
    fn copies_of_yesterday_make_no_exception_where_they_change_nothing() {
        let (sizes_bytes, demand) = (vec![10; 100], vec![5.0; 100]);
        let region = RegionOrder::new(&sizes_bytes, &demand).expect("good files");
        let mut resident = Holding { held: Bitmap::new(100), copies_each: 2, more: vec![] };
        (0..50).for_each(|ordinal| resident.held.insert(ordinal));
        // Short of copies, with more than are asked for now, and with one that others lack.
        resident.more = (0..20).map(|ordinal| (ordinal, 1)).collect();
        resident.more.extend((20..40).map(|ordinal| (ordinal, 4)));
        let boxes = [1, 2, 3].map(|seed| ClusterBox::unbound(seed, 1000, 1e6));
        let named = |least_copies| {
            let classes = [Class { boxes: &boxes, resident: Some(&resident), on_boxes: None }];
            let bans = Bitmap::default();
            let problem = Problem { least_copies, ..Problem::plain(&region, &classes, &bans) };
            let mut exceptions = Exceptions::default();
            exceptions.find(&problem, &mut Terms::of(&problem)).expect("no pins");
            exceptions.files.len()
        };
        assert_eq!([named(1), named(2), named(3)], [0, 0, 20]);
    }

    #[test]
    fn a_class_that_can_serve_nothing_names_no_file() {
        let none = (0, Some(Shut::ServesNone));
        assert_eq!(named(&[ClusterBox::unbound(8, 0, 1e6)], 1, f64::INFINITY), none);
        assert_eq!(named(&[ClusterBox::unbound(8, 1000, 0.0)], 1, f64::INFINITY), none);
        assert_eq!(
            named(
                &[ClusterBox::unbound(8, 0, 1e6), ClusterBox::unbound(9, 1000, 1e6)],
                2,
                f64::INFINITY
            ),
            none
        );
    }

    #[test]
    fn a_class_that_asks_too_much_has_a_few_of_the_densest() {
        let weak = [ClusterBox::unbound(8, 1000, 1.0), ClusterBox::unbound(9, 1000, 1.0)];
        assert_eq!(named(&weak, 1, 0.05), (1024, Some(Shut::TooSpecial)));
        // Half of the files are larger than these boxes, and then all.
        assert_eq!(
            named(&[ClusterBox::unbound(8, 124, 9.0)], 1, 0.05),
            (1024, Some(Shut::TooSpecial))
        );
        assert_eq!(named(&[ClusterBox::unbound(8, 99, 9.0)], 1, 0.05), (0, Some(Shut::ServesNone)));
        // Few enough are weighed one by one.
        assert_eq!(named(&[ClusterBox::unbound(8, 148, 1e4)], 1, 0.05), (400, None));
    }
}
