//! One box's next manifest, from what is in force and what the plan says.
//!
//! The order of a manifest is the order in which a box fetches what it lacks, and nothing else: what
//! it holds it holds. So what stays keeps the places that it has among itself (a new day changes
//! nearly all densities, and a manifest in today's order would be a new list every day), and what
//! is new enters where its density belongs; what has a deadline enters before everything.

use crate::cluster::{Bitmap, RegionOrder};
use contract::catalogue::Ordinal;
use contract::manifest::{Deadline, Hold, Insert, Run, runs_of};
use contract::time::TimeUs;

/// What changes for one box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxDelta {
    /// For the manifest; `None` when nothing changes.
    pub hold: Option<Hold>,
    /// What it has to fetch, in that order: by deadline, then by what each byte of it brings.
    pub fill: Vec<Ordinal>,
    /// How long that is.
    pub fill_bytes: u64,
    /// How many files leave.
    pub removed: usize,
}

impl BoxDelta {
    /// The change from a list in force to a set. `before` is the list of the manifest with that
    /// version, in its order; `None` where there is none yet, and the whole list is given.
    /// `deadlines` may name files that others hold.
    ///
    /// # Panics
    /// When the set speaks of more files than the region has.
    #[must_use]
    pub fn new(
        before: Option<(u64, &[Ordinal])>,
        after: &Bitmap,
        region: &RegionOrder,
        deadlines: &[Deadline],
    ) -> Self {
        let mut in_force = Bitmap::new(after.files());
        let known = |ordinal: &Ordinal| (*ordinal as usize) < after.files();
        let list = before.map_or(&[][..], |before| before.1);
        list.iter().filter(|ordinal| known(ordinal)).for_each(|ordinal| in_force.insert(*ordinal));
        let (fill, urgent) = in_order(after.without(&in_force), region, deadlines);
        let fill_bytes = fill.iter().map(|file| region.size_bytes(*file)).sum();
        let Some((parent_version, _)) = before else {
            let hold = Some(Hold::Snapshot(runs_of(fill.iter().copied())));
            return Self { hold, fill, fill_bytes, removed: 0 };
        };
        let mut inserts = Inserts::default();
        inserts.extend(&fill[..urgent]);
        let mut next = urgent;
        let mut remove: Vec<Ordinal> = Vec::new();
        for ordinal in list {
            if !after.contains(*ordinal) {
                remove.push(*ordinal);
                continue;
            }
            if let Some(rank) = region.rank(*ordinal) {
                let denser = |file: &&Ordinal| region.rank(**file) < Some(rank);
                let count = fill[next..].iter().take_while(denser).count();
                inserts.extend(&fill[next..next + count]);
                next += count;
            }
            inserts.len += 1;
        }
        inserts.extend(&fill[next..]);
        // Rising, so that neighbours make runs: the contract does not ask for an order here.
        remove.sort_unstable();
        let (removed, remove) = (remove.len(), runs_of(remove));
        let insert = inserts.finished;
        let is_same = remove.is_empty() && insert.is_empty();
        let hold = (!is_same).then_some(Hold::Delta { parent_version, remove, insert });
        Self { hold, fill, fill_bytes, removed }
    }
}

/// Files by deadline, then from the densest; and how many have a deadline.
fn in_order(
    files: impl Iterator<Item = Ordinal>,
    region: &RegionOrder,
    deadlines: &[Deadline],
) -> (Vec<Ordinal>, usize) {
    // Ranks are words to sort, and no two are equal.
    let mut ranks: Vec<u32> = files.filter_map(|file| region.rank(file)).collect();
    ranks.sort_unstable();
    let fill = ranks.iter().filter_map(|rank| region.at_rank(*rank));
    let mut due: Vec<(Ordinal, TimeUs)> =
        deadlines.iter().map(|deadline| (deadline.ordinal, deadline.by_us)).collect();
    due.sort_unstable();
    // The earliest of a file stays.
    due.dedup_by_key(|one| one.0);
    let by = |file: &Ordinal| due.binary_search_by_key(file, |one| one.0).ok().map(|at| due[at].1);
    let (mut urgent, rest): (Vec<Ordinal>, Vec<Ordinal>) =
        fill.partition(|file| by(file).is_some());
    urgent.sort_by_key(by);
    let count = urgent.len();
    urgent.extend(rest);
    (urgent, count)
}

/// Insertions in the making.
#[derive(Debug, Default)]
struct Inserts {
    finished: Vec<Insert>,
    /// How long the finished list is up to here.
    len: u32,
    /// Where the last insertion ends in it.
    end: u32,
}

impl Inserts {
    fn extend(&mut self, files: &[Ordinal]) {
        if files.is_empty() {
            return;
        }
        let more = runs_of(files.iter().copied());
        match self.finished.last_mut().filter(|_| self.end == self.len) {
            Some(last) => join(&mut last.runs, more),
            None => self.finished.push(Insert { rank: self.len, runs: more }),
        }
        self.len += u32::try_from(files.len()).unwrap_or(u32::MAX);
        self.end = self.len;
    }
}

fn join(runs: &mut Vec<Run>, more: Vec<Run>) {
    let mut more = more.into_iter();
    if let (Some(last), Some(first)) = (runs.last_mut(), more.next()) {
        if last.0.checked_add(last.1) == Some(first.0) {
            last.1 += first.1;
        } else {
            runs.push(first);
        }
    }
    runs.extend(more);
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::time::TimeUs;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn applied_to_what_was_it_gives_what_is_to_be(
            files in proptest::collection::vec((1u64..50, 0u8..9, any::<bool>(), any::<bool>()), 1..90),
            order in any::<u64>(),
            urgent in proptest::collection::vec((0u32..90, 0i64..5), 0..4),
        ) {
            let sizes: Vec<u64> = files.iter().map(|file| file.0).collect();
            let demand: Vec<f32> = files.iter().map(|file| f32::from(file.1)).collect();
            let region = RegionOrder::new(&sizes, &demand).expect("good files");
            let mut after = Bitmap::new(files.len());
            let mut list = Vec::new();
            for (ordinal, (_, _, was, is)) in (0..).zip(&files) {
                if *was { list.push(ordinal); }
                if *is { after.insert(ordinal); }
            }
            list.sort_by_key(|ordinal| u64::from(*ordinal).wrapping_mul(order | 1));
            let deadlines: Vec<Deadline> = urgent
                .iter()
                .map(|(ordinal, by)| Deadline { ordinal: *ordinal, by_us: TimeUs(*by) })
                .collect();
            let delta = BoxDelta::new(Some((4, &list)), &after, &region, &deadlines);
            let next = delta.hold.as_ref().map_or(Ok(list.clone()), |hold| hold.resolve(Some((4, &list))));
            let next = next.expect("a good manifest");
            let wanted: BTreeSet<u32> = after.ordinals().collect();
            prop_assert_eq!(next.iter().copied().collect::<BTreeSet<u32>>(), wanted);
            // What stays keeps its order, what is new stands in the order of filling.
            let was = |ordinal: &u32| list.contains(ordinal);
            let stays: Vec<u32> = list.iter().copied().filter(|file| after.contains(*file)).collect();
            prop_assert_eq!(next.iter().copied().filter(was).collect::<Vec<_>>(), stays);
            let new: Vec<u32> = next.iter().copied().filter(|file| !was(file)).collect();
            prop_assert_eq!(&new, &delta.fill);
            let key = |file: &u32| {
                let by = deadlines.iter().filter(|one| one.ordinal == *file).map(|one| one.by_us.0).min();
                (by.unwrap_or(i64::MAX), if by.is_some() { None } else { region.rank(*file) })
            };
            prop_assert!(new.is_sorted_by_key(key), "{:?}", new);
            let from_nothing = BoxDelta::new(None, &after, &region, &deadlines);
            let whole = from_nothing.hold.expect("a list").resolve(None).expect("a good manifest");
            prop_assert_eq!(whole, from_nothing.fill);
        }
    }
}
