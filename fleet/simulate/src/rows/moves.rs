//! What changes on disks: from day to day, and with a box more.

use super::level::{Level, MIDDLE};
use crate::cycle::Failed;
use prefill::backtest::{Beside, Bound, Row};
use prefill::cluster::{
    Bitmap, Class, ClusterBox, Holding, Problem, RegionOrder, Spread, Workspace,
};

const CHURN: &str = "New bytes a day over the disk, with a price of new bytes: the worst of disks of 2, 5 and 15 % \
    and of 200,000 and 20,000 plays. The first fill is not counted. Baseline: the same without a price.";
const KEPT: &str = "Bytes served of those wanted, with that price, where it costs most of the same six; it may cost 0.2 \
    points of what is served without it. Baseline: that. Beside it stands what is given up in each of the six.";
const INGRESS: &str = "Bytes that crossed the provider's edge to fill a site, over bytes of files that had not been \
    there before on the days scored: 1 when nothing is fetched twice. The worst of the same six. Baseline: without \
    a price of new bytes.";
const ADDED: &str = "A box is added to a site with a disk of 5 %, 20,000 plays, which holds the same after it: bytes \
    of copies that change their box, times how many boxes there are then; the mean of 8 sets of boxes, which draw by other \
    seeds, and the worst of 2, 4, 8 and 16 boxes. Boxes are equal and have 5 % more room than they need: what a box \
    has no room for moves too. Baseline: boxes by the file's number modulo their count.";

pub(super) fn rows(many: &Level, few: &Level) -> Vec<Row> {
    let worst = |value: &dyn Fn(&Level, usize) -> f64| {
        let all = [many, few].into_iter().flat_map(|level| (0..3).map(move |disk| (level, disk)));
        all.map(|(level, disk)| value(level, disk)).fold(f64::NEG_INFINITY, f64::max)
    };
    let rows_scored = 3 * (many.site_days + few.site_days);
    let row = |name, definition, must_reach, value: &dyn Fn(&Level, usize, usize) -> f64| Row {
        name,
        definition,
        baseline: worst(&|level, disk| value(level, disk, 0)),
        value: worst(&|level, disk| value(level, disk, 1)),
        must_reach,
        baseline_then: None,
        rows_scored,
        beside: beside(many, few, value),
    };
    vec![
        row("churn a day", CHURN, Bound::AtMost(0.015), &Level::churn),
        kept(many, few),
        row("fill over new files", INGRESS, Bound::AtMost(1.05), &Level::refetched),
    ]
}

/// What rest costs.
fn kept(many: &Level, few: &Level) -> Row {
    let all = [many, few].into_iter().flat_map(|level| (0..3).map(move |disk| (level, disk)));
    let lost = |(level, disk): &(&Level, usize)| level.given_up(*disk, 1);
    let worst = all.max_by(|a, b| lost(a).total_cmp(&lost(b))).unwrap_or((few, 0));
    let [free, dear] = [0, 1].map(|rest| worst.0.hit(worst.1, rest));
    Row {
        name: "hit ratio at that churn",
        definition: KEPT,
        baseline: free,
        value: dear,
        must_reach: Bound::AtLeast(free - 0.002),
        baseline_then: None,
        rows_scored: 3 * (many.site_days + few.site_days),
        beside: beside(many, few, &Level::given_up),
    }
}

/// Each of the six.
fn beside(many: &Level, few: &Level, value: &dyn Fn(&Level, usize, usize) -> f64) -> Vec<Beside> {
    const NAMES: [[&str; 3]; 2] = [
        ["200,000 plays, 2 %", "200,000 plays, 5 %", "200,000 plays, 15 %"],
        ["20,000 plays, 2 %", "20,000 plays, 5 %", "20,000 plays, 15 %"],
    ];
    let of_level = |(level, names): (&Level, [&'static str; 3])| {
        let of_disk = |(disk, name)| Beside { name, value: value(level, disk, 1) };
        names.into_iter().enumerate().map(of_disk).collect::<Vec<_>>()
    };
    [many, few].into_iter().zip(NAMES).flat_map(of_level).collect()
}

impl Level {
    fn hit(&self, disk: usize, rest: usize) -> f64 {
        self.sums.served[disk][rest] / self.sums.wanted
    }

    fn given_up(&self, disk: usize, rest: usize) -> f64 {
        self.hit(disk, 0) - self.hit(disk, rest)
    }

    fn churn(&self, disk: usize, rest: usize) -> f64 {
        let nights = &self.sums.nights[disk][rest];
        nights.ingress_bytes / (nights.count as f64 * self.rooms_bytes[disk] as f64)
    }

    fn refetched(&self, disk: usize, rest: usize) -> f64 {
        let nights = &self.sums.nights[disk][rest];
        nights.ingress_bytes / nights.first_bytes.max(1.0)
    }
}

/// Sets of boxes: one alone says more of its luck than of the draws.
const SETS: u64 = 8;

/// Boxes there are then.
const BOXES: [usize; 4] = [2, 4, 8, 16];

/// A box more, at the first site, on its last day.
pub(super) fn box_added(few: &Level) -> Result<Row, Failed> {
    let (sizes, rates) = (&few.sizes_bytes, &few.last[0]);
    let order = RegionOrder::new(sizes, rates)?;
    let room_bytes = few.rooms_bytes[MIDDLE];
    let mut workspace = Workspace::default();
    let whole = boxes(1, room_bytes);
    let held = with_boxes(&order, &whole, |problem| {
        Ok(workspace.solve(problem)?.classes[0].holding.clone())
    })?;
    let held_bytes: u64 = held.held.ordinals().map(|file| sizes[file as usize]).sum();
    let (mut moved, mut modulo, mut most) = (vec![], vec![], 0.0);
    for count in BOXES {
        let room_bytes = room_bytes / (count as u64 - 1) / 20 * 21;
        let change = |is_moved: &dyn Fn(u32) -> bool| {
            let moved = held.held.ordinals().filter(|file| is_moved(*file));
            let bytes: u64 = moved.map(|file| sizes[file as usize]).sum();
            bytes as f64 / held_bytes as f64 * count as f64
        };
        let mut of_sets = Vec::new();
        for set in 0..SETS {
            let before = spread(&order, &held, (count - 1, room_bytes), set)?;
            let after = spread(&order, &held, (count, room_bytes), set)?;
            of_sets.push(change(&|file| before.boxes(file).next() != after.boxes(file).next()));
        }
        most = of_sets.iter().copied().fold(most, f64::max);
        moved.push(of_sets.iter().sum::<f64>() / of_sets.len() as f64);
        modulo.push(change(&|file| file as usize % (count - 1) != file as usize % count));
    }
    let names = ["2 boxes", "4 boxes", "8 boxes", "16 boxes"];
    let beside = names.into_iter().zip(&moved).map(|(name, value)| Beside { name, value: *value });
    let beside = beside.chain([Beside { name: "the most of any set", value: most }]);
    Ok(Row {
        name: "moved by a box more",
        definition: ADDED,
        baseline: modulo.into_iter().fold(0.0, f64::max),
        value: moved.iter().copied().fold(0.0, f64::max),
        must_reach: Bound::AtMost(1.1),
        baseline_then: None,
        rows_scored: BOXES.len() * held.held.count(),
        beside: beside.collect(),
    })
}

fn spread(
    order: &RegionOrder,
    held: &Holding,
    (count, room_bytes): (usize, u64),
    set: u64,
) -> Result<Spread, Failed> {
    let mut boxes = boxes(count, room_bytes);
    boxes.iter_mut().for_each(|one| one.seed += set << 16);
    with_boxes(order, &boxes, |problem| {
        let mut spread = Spread::default();
        spread.fill(problem, 0, held);
        Ok(spread)
    })
}

fn boxes(count: usize, room_bytes: u64) -> Vec<ClusterBox> {
    let of_seed = |seed| ClusterBox::unbound(seed, room_bytes, 1e12);
    (0..).take(count).map(of_seed).collect()
}

/// Asks for one class of boxes that are empty.
fn with_boxes<T>(
    order: &RegionOrder,
    boxes: &[ClusterBox],
    ask: impl FnOnce(&Problem) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let classes = [Class { boxes, resident: None, on_boxes: None }];
    ask(&Problem::plain(order, &classes, &Bitmap::default()))
}
