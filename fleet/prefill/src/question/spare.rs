//! What is left of disks takes further copies: a box that fails is missed less, and what is asked
//! for most is sent by more boxes.
//!
//! They are worth nothing to the solver, which counts what a site serves. So they come last, from
//! what is wanted most, and go first when room is needed: those that are there stay as long as there
//! is room.

use super::asked::Budgets;
use super::fleet::Lists;
use crate::cluster::{Bitmap, RegionOrder};

/// What one box is to hold, and what it could still take.
pub(super) struct Spare {
    before: Bitmap,
    pub(super) after: Bitmap,
    left_bytes: u64,
    left_new_bytes: u64,
    pub(super) held_bytes: u64,
    pub(super) new_bytes: u64,
}

impl Spare {
    pub(super) fn new(budgets: &Budgets, before: &Bitmap, after: &Bitmap, lists: &Lists) -> Self {
        let bytes = |titles: &mut dyn Iterator<Item = u32>| -> u64 {
            titles.map(|title| lists.size_bytes(title)).sum()
        };
        let held_bytes = bytes(&mut after.ordinals());
        let new_bytes = bytes(&mut after.without(before));
        Self {
            before: before.clone(),
            after: after.clone(),
            left_bytes: budgets.room_bytes.saturating_sub(held_bytes),
            left_new_bytes: budgets.most_new_bytes().saturating_sub(new_bytes),
            held_bytes,
            new_bytes,
        }
    }

    fn take(&mut self, title: u32, size_bytes: u64) {
        if self.after.contains(title) || size_bytes > self.left_bytes {
            return;
        }
        if !self.before.contains(title) {
            if size_bytes > self.left_new_bytes {
                return;
            }
            self.left_new_bytes -= size_bytes;
            self.new_bytes += size_bytes;
        }
        self.left_bytes -= size_bytes;
        self.held_bytes += size_bytes;
        self.after.insert(title);
    }
}

/// Fills boxes up with what any of them holds: first what is there, then what is wanted most.
pub(super) fn fill_up(boxes: &mut [Spare], region: &RegionOrder, bans: &Bitmap, lists: &Lists) {
    let mut held = Bitmap::new(lists.files());
    boxes.iter().flat_map(|one| one.after.ordinals()).for_each(|title| held.insert(title));
    let is_free = |title: &u32| bans.files() == 0 || !bans.contains(*title);
    let mut ranks: Vec<u32> =
        held.ordinals().filter(is_free).filter_map(|title| region.rank(title)).collect();
    ranks.sort_unstable();
    let titles: Vec<u32> = ranks.iter().filter_map(|rank| region.at_rank(*rank)).collect();
    for one in boxes {
        for is_there in [true, false] {
            let here = titles.iter().filter(|title| one.before.contains(**title) == is_there);
            let here: Vec<u32> = here.copied().collect();
            here.into_iter().for_each(|title| one.take(title, lists.size_bytes(title)));
        }
    }
}
