//! How far down the manifest's order each class of disks reaches. Pure: sizes in, classes out.
//!
//! What is hot stands first: the fastest class takes as much of the order as it has room for,
//! the next goes on from there. Each class but the last keeps a little free, so that something
//! hotter can come in before something colder has left.

use contract::config::DiskClass;
use std::collections::BTreeMap;

/// What a class keeps free for moves, as a share of its room: 1/20.
const SLACK: u64 = 20;

/// How far inside a faster class an object has to stand before it is moved there, as a share of
/// that class's room: 1/20. Ranks that change by less cost no copy.
const HYSTERESIS: u64 = 20;

/// The classes of a box, the fastest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tiers(Vec<Tier>);

/// One class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tier {
    class: DiskClass,
    /// What its disks are to hold.
    bound_bytes: u64,
    /// Where it ends, counted from the hottest byte.
    end_bytes: u64,
}

impl Tiers {
    /// Of disks: the class of each, and the room that objects may take on it.
    pub(crate) fn of(disks: impl IntoIterator<Item = (DiskClass, u64)>) -> Self {
        let mut room: BTreeMap<DiskClass, u64> = BTreeMap::new();
        for (class, bytes) in disks {
            let sum = room.entry(class).or_default();
            *sum = sum.saturating_add(bytes);
        }
        let (count, mut end_bytes) = (room.len(), 0_u64);
        let tier = |(at, (class, room_bytes)): (usize, (DiskClass, u64))| {
            let slack = if at + 1 == count { 0 } else { room_bytes / SLACK };
            let bound_bytes = room_bytes - slack;
            end_bytes = end_bytes.saturating_add(bound_bytes);
            Tier { class, bound_bytes, end_bytes }
        };
        Self(room.into_iter().enumerate().map(tier).collect())
    }

    /// Whether there is anything to decide.
    pub(crate) fn is_one(&self) -> bool {
        self.0.len() < 2
    }

    /// Where an object belongs that ends so many bytes below the hottest one; beyond all of them
    /// it is the slowest class. `None` without a disk.
    pub(crate) fn home(&self, end_bytes: u64) -> Option<DiskClass> {
        self.tier(end_bytes).map(|tier| tier.class)
    }

    /// Whether it belongs there by more than a small change of its rank.
    pub(crate) fn is_firm(&self, end_bytes: u64) -> bool {
        self.tier(end_bytes).is_some_and(|tier| {
            let margin = tier.bound_bytes / HYSTERESIS;
            end_bytes <= tier.end_bytes.saturating_sub(margin)
        })
    }

    /// What the disks of a class are to hold at most, once everything is in its place.
    pub(crate) fn bound_bytes(&self, class: DiskClass) -> u64 {
        let of_it = |tier: &&Tier| tier.class == class;
        self.0.iter().find(of_it).map_or(0, |tier| tier.bound_bytes)
    }

    /// The rank at which each class but the last ends, in an order of objects of these sizes.
    pub(crate) fn cuts(&self, sizes: impl IntoIterator<Item = u64>) -> Vec<(DiskClass, u32)> {
        let mut cuts: Vec<_> = self.0.iter().map(|tier| (tier.class, u32::MAX)).collect();
        if self.is_one() {
            return cuts;
        }
        let (mut end_bytes, mut at) = (0_u64, 0);
        for (rank, size_bytes) in (0_u32..).zip(sizes) {
            end_bytes = end_bytes.saturating_add(size_bytes);
            while at + 1 < self.0.len() && end_bytes > self.0[at].end_bytes {
                cuts[at].1 = rank;
                at += 1;
            }
            if at + 1 == self.0.len() {
                break;
            }
        }
        cuts
    }

    fn tier(&self, end_bytes: u64) -> Option<&Tier> {
        self.0.iter().find(|tier| end_bytes <= tier.end_bytes).or(self.0.last())
    }
}

/// The class of a rank, by [`Tiers::cuts`].
pub(crate) fn class_at(cuts: &[(DiskClass, u32)], rank: u32) -> Option<DiskClass> {
    let found = cuts.iter().find(|(_, end)| rank < *end).or(cuts.last());
    found.map(|(class, _)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use DiskClass::{Hdd, Nvme, Ssd};
    use proptest::prelude::*;

    #[test]
    fn the_hottest_bytes_belong_on_the_fastest_class() {
        let tiers = Tiers::of([(Hdd, 1000), (Nvme, 100), (Nvme, 100), (Ssd, 400)]);
        let home = |end_bytes| tiers.home(end_bytes);
        assert_eq!([home(1), home(190), home(191)], [Some(Nvme), Some(Nvme), Some(Ssd)]);
        assert_eq!([home(570), home(571), home(u64::MAX)], [Some(Ssd), Some(Hdd), Some(Hdd)]);
        assert!(tiers.is_firm(181) && !tiers.is_firm(182));
        assert_eq!([Nvme, Ssd, Hdd].map(|class| tiers.bound_bytes(class)), [190, 380, 1000]);
        assert_eq!(Tiers::of([]).home(1), None);
        assert!(Tiers::of([(Ssd, 1), (Ssd, 2)]).is_one());
    }

    proptest! {
        #[test]
        fn a_rank_says_the_same_as_its_bytes(
            rooms in proptest::collection::vec((0..3, 0_u64..1000), 0..6),
            sizes in proptest::collection::vec(1_u64..100, 0..80),
        ) {
            let class = |number| [Nvme, Ssd, Hdd][usize::try_from(number).expect("small")];
            let tiers = Tiers::of(rooms.into_iter().map(|(number, room)| (class(number), room)));
            let cuts = tiers.cuts(sizes.iter().copied());
            let mut end_bytes = 0;
            for (rank, size) in (0..).zip(sizes) {
                end_bytes += size;
                prop_assert_eq!(class_at(&cuts, rank), tiers.home(end_bytes), "{}", rank);
            }
        }
    }
}
