//! How far placements are from the best there is.

use super::level::Level;
use crate::cycle::Failed;
use prefill::backtest::{Beside, Bound, Row};
use prefill::cluster::{Bitmap, Class, ClusterBox, Problem, RegionOrder, Workspace};

const DISK: &str = "Served bytes that are missing at most, of the dual bound: the worst of the last day of 3 sites, \
    disks of 2, 5 and 15 %, 200,000 and 20,000 plays, from empty boxes that send more than anybody wants. Baseline: \
    files in falling demand while there is room.";
const BOTH: &str = "The same where flash has a sixth of the room and half of the throughput, storage the rest, and \
    both together send 60 % of what is wanted at the peak. Baseline: files in falling demand a byte, on flash while \
    it has room and can send them, then on storage.";

/// What both classes send together, of what is wanted.
const SENT: f64 = 0.6;

pub(super) fn rows(levels: &[&Level]) -> Result<Vec<Row>, Failed> {
    let (mut disk, mut both) = (Worst::default(), Worst::default());
    for level in levels {
        for rates in &level.last {
            let order = RegionOrder::new(&level.sizes_bytes, rates)?;
            let all: f64 = rates.iter().map(|rate| f64::from(*rate)).sum();
            for room_bytes in level.rooms_bytes {
                let wide = [ClusterBox::unbound(0, room_bytes, 1e13)];
                let files = falling(rates, &level.sizes_bytes, |rate, _| rate);
                disk.add(&order, &[&wide], &files)?;
                let flash = [ClusterBox::unbound(0, room_bytes / 6, all * SENT / 2.0)];
                let storage = [ClusterBox::unbound(1, room_bytes / 6 * 5, all * SENT / 2.0)];
                let files = falling(rates, &level.sizes_bytes, |rate, size| rate / size);
                both.add(&order, &[&flash, &storage], &files)?;
            }
        }
    }
    let nights = levels.iter().flat_map(|level| level.sums.nights.iter().flatten());
    let value = nights.map(|nights| nights.gap).fold(0.0, f64::max);
    let beside =
        vec![Beside { name: "worst night of all planned, prices of new bytes paid", value }];
    Ok(vec![
        disk.row("gap, disk", DISK, 1e-4, beside),
        both.row("gap, disk and throughput", BOTH, 3e-3, vec![]),
    ])
}

/// Files with their demand and size, in falling order of what is made of these.
fn falling(rates: &[f32], sizes_bytes: &[u64], of: impl Fn(f64, f64) -> f64) -> Vec<(f64, u64)> {
    let files = rates.iter().zip(sizes_bytes).map(|(rate, size)| (f64::from(*rate), *size));
    let mut files: Vec<(f64, u64)> = files.collect();
    files.sort_by(|a, b| of(b.0, b.1 as f64).total_cmp(&of(a.0, a.1 as f64)));
    files
}

/// The worst of some placements, and of those of the baseline.
#[derive(Debug, Default)]
struct Worst {
    gap: f64,
    greedy: f64,
    count: usize,
    workspace: Workspace,
}

impl Worst {
    fn add(
        &mut self,
        order: &RegionOrder,
        boxes: &[&[ClusterBox]],
        files: &[(f64, u64)],
    ) -> Result<(), Failed> {
        let class = |boxes| Class { boxes, resident: None, on_boxes: None };
        let classes: Vec<Class> = boxes.iter().copied().map(class).collect();
        let bans = Bitmap::default();
        let solution = self.workspace.solve(&Problem::plain(order, &classes, &bans))?;
        self.gap = self.gap.max(solution.gap());
        let missing = 1.0 - greedy(boxes, files) / solution.dual_bound;
        self.greedy = self.greedy.max(missing);
        self.count += 1;
        Ok(())
    }

    fn row(
        self,
        name: &'static str,
        definition: &'static str,
        most: f64,
        beside: Vec<Beside>,
    ) -> Row {
        Row {
            name,
            definition,
            baseline: self.greedy,
            value: self.gap,
            must_reach: Bound::AtMost(most),
            baseline_then: None,
            rows_scored: self.count,
            beside,
        }
    }
}

/// What is served when each file goes to the first class that has room and can send it wholly.
fn greedy(boxes: &[&[ClusterBox]], files: &[(f64, u64)]) -> f64 {
    let mut left: Vec<(u64, f64)> =
        boxes.iter().map(|class| (class[0].room_bytes, class[0].throughput_bytes_per_s)).collect();
    let mut served = 0.0;
    for (rate, size_bytes) in files.iter().copied() {
        let fits = |left: &&mut (u64, f64)| size_bytes <= left.0 && rate <= left.1;
        if let Some(left) = left.iter_mut().find(fits) {
            *left = (left.0 - size_bytes, left.1 - rate);
            served += rate;
        }
    }
    served
}
