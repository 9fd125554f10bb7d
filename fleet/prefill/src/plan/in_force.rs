//! What boxes hold today, asked for when it is needed.

use super::fleet::BoxPlace;
use crate::cluster::{Bitmap, Holding};
use contract::catalogue::Ordinal;

/// Who knows what each box holds, or is told to hold already. It is asked by many threads, once for
/// each box in each plan: twenty thousand sets of a million files do not stand in memory.
pub trait InForce: Sync {
    /// Puts what a box holds into an empty set that speaks of all files of the fleet. One that
    /// nothing is known of holds nothing.
    fn read(&self, place: BoxPlace, into: &mut Bitmap);
}

/// Nobody holds anything: the first plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl InForce for Nothing {
    fn read(&self, _: BoxPlace, _: &mut Bitmap) {}
}

/// What a class holds, from what its boxes do; false when that is nothing.
pub(super) fn hold(on_boxes: &[Bitmap], least_copies: u16, into: &mut Holding) -> bool {
    let files = on_boxes.first().map_or(0, Bitmap::files);
    let boxes = u16::try_from(on_boxes.len()).unwrap_or(u16::MAX);
    into.copies_each = least_copies.min(boxes).max(1);
    into.more.clear();
    into.held.reset(files);
    let mut is_empty = true;
    for at in 0..files.div_ceil(64) {
        let (mut once, mut twice) = (0, 0);
        for on_box in on_boxes {
            let word = on_box.words()[at];
            twice |= once & word;
            once |= word;
        }
        is_empty &= once == 0;
        into.held.words_mut()[at] = once;
        let special = if into.copies_each == 1 { twice } else { once };
        for bit in crate::cluster::bits(special) {
            let copies = on_boxes.iter().filter(|on_box| on_box.words()[at] >> bit & 1 == 1);
            let copies = u16::try_from(copies.count()).unwrap_or(u16::MAX);
            if copies != into.copies_each
                && let Ok(first) = Ordinal::try_from(at * 64)
            {
                into.more.push((first + bit, copies));
            }
        }
    }
    !is_empty
}
