//! Judges an answer by the question alone: what it holds is counted anew.

use crate::instances::Instance;
use prefill::cluster::{Problem, Solution, Spread};

/// How many copies a file must have in a class, written down once more.
pub(crate) fn copies(asked: &Instance, class: usize, ordinal: u32) -> u16 {
    let boxes = &asked.boxes[class];
    let throughput: f64 = boxes.iter().map(|one| one.throughput_bytes_per_s).sum();
    let per_copy = asked.copy_share * throughput / boxes.len() as f64;
    let demand = demand(asked, ordinal);
    let by_demand = if demand > 0.0 && throughput > 0.0 { (demand / per_copy).ceil() } else { 0.0 };
    let more = asked.more_copies.iter().find(|more| more.0 == ordinal).map_or(0, |more| more.1);
    let least = f64::from(asked.least_copies.max(more));
    by_demand.max(least).min(boxes.len() as f64) as u16
}

pub(crate) fn demand(asked: &Instance, ordinal: u32) -> f64 {
    let own = asked.deviations.iter().find(|deviation| deviation.ordinal == ordinal);
    let regional = asked.region_share * f64::from(asked.demand[ordinal as usize]);
    own.map_or(regional, |own| f64::from(own.demand))
}

/// The new bytes that a file brings with it.
pub(crate) fn new_bytes(asked: &Instance, class: usize, ordinal: u32) -> u64 {
    new_bytes_of(asked, class, ordinal, copies(asked, class, ordinal))
}

fn new_bytes_of(asked: &Instance, class: usize, ordinal: u32, copies: u16) -> u64 {
    let least = asked.least_copies.min(asked.boxes[class].len() as u16);
    let there = asked.resident[class].as_ref().map_or(0, |resident| {
        let there = resident.copies(ordinal);
        if there < least.min(resident.copies_each) { 0 } else { there }
    });
    asked.sizes_bytes[ordinal as usize] * u64::from(copies.saturating_sub(there))
}

/// Whether enough boxes could hold it at all.
pub(crate) fn is_placeable(asked: &Instance, class: usize, ordinal: u32) -> bool {
    let size_bytes = asked.sizes_bytes[ordinal as usize];
    let roomy = asked.boxes[class].iter().filter(|one| one.room_bytes >= size_bytes).count();
    roomy >= usize::from(copies(asked, class, ordinal))
}

/// Panics when an answer breaks a rule.
pub(crate) fn judge(asked: &Instance, solution: &Solution) {
    judge_spread(asked, solution, &vec![Spread::default(); asked.boxes.len()]);
}

/// As [`judge`], where boxes had no room for some copies: these are missing, and no others.
pub(crate) fn judge_spread(asked: &Instance, solution: &Solution, spreads: &[Spread]) {
    let mut served_at_all = 0.0;
    let mut paid_at_all = 0.0;
    for (class, spread) in spreads.iter().enumerate() {
        let (served, paid_bytes) = judge_class(asked, solution, class, spread);
        served_at_all += served;
        paid_at_all += paid_bytes as f64;
    }
    for ordinal in 0..asked.sizes_bytes.len() as u32 {
        let demand = demand(asked, ordinal);
        let served = solution.served(ordinal, demand);
        assert!(served <= demand * (1.0 + 1e-9), "file {ordinal}: {served} of {demand}");
    }
    near(solution.served_bytes_per_s, served_at_all, served_at_all);
    assert!(solution.value <= solution.dual_bound + 1e-9 * served_at_all, "{solution:?}");
    for pin in &asked.pins {
        let is_named = spreads[pin.class].pins_short.contains(&(pin.ordinal, 0));
        let is_held = solution.classes[pin.class].holding.held.contains(pin.ordinal);
        assert!(is_held != is_named, "{pin:?}");
        if is_named {
            paid_at_all += new_bytes(asked, pin.class, pin.ordinal) as f64;
        }
    }
    near(solution.value, served_at_all - asked.churn_price * paid_at_all, served_at_all);
}

/// What a class serves, and the new bytes that it pays for: of all copies asked for, found or not.
fn judge_class(asked: &Instance, solution: &Solution, class: usize, spread: &Spread) -> (f64, u64) {
    let (boxes, given) = (&asked.boxes[class], &solution.classes[class]);
    let (mut disk, mut new, mut paid, mut served) = (0, 0, 0, 0.0);
    for ordinal in given.holding.held.ordinals() {
        assert!(!asked.bans.contains(ordinal), "file {ordinal} is banned");
        assert!(is_placeable(asked, class, ordinal), "file {ordinal} fits on no boxes");
        let short = spread.short.iter().find(|short| short.0 == ordinal);
        let copies = short.map_or(copies(asked, class, ordinal), |short| short.1);
        assert_eq!(given.holding.copies(ordinal), copies, "file {ordinal} in class {class}");
        disk += asked.sizes_bytes[ordinal as usize] * u64::from(copies);
        new += new_bytes_of(asked, class, ordinal, copies);
        paid += new_bytes(asked, class, ordinal);
        let mut shares = solution.shares.iter().filter(|share| share.ordinal == ordinal).peekable();
        served += if shares.peek().is_some() {
            shares.filter(|share| share.class == class).map(|share| share.served_bytes_per_s).sum()
        } else {
            demand(asked, ordinal)
        };
    }
    let throughput: f64 = boxes.iter().map(|one| one.throughput_bytes_per_s).sum();
    assert_eq!(given.disk_bytes, disk);
    assert_eq!(given.new_bytes, new);
    near(given.served_bytes_per_s, served, throughput);
    assert!(disk <= boxes.iter().map(|one| one.room_bytes).sum());
    let daily = boxes.iter().fold(0u64, |sum, one| sum.saturating_add(one.new_bytes()));
    assert!(new <= daily, "{new} new bytes of {daily}");
    assert!(served <= throughput * (1.0 + 1e-9), "{served} of {throughput}");
    (served, paid)
}

pub(crate) fn near(ours: f64, expected: f64, scale: f64) {
    assert!((ours - expected).abs() <= 1e-9 * scale.abs() + 1e-9, "{ours} is not {expected}");
}

/// What the parent is asked for, counted file by file.
pub(crate) fn misses(problem: &Problem, solution: &Solution) -> Vec<f64> {
    (0..problem.region.files() as u32)
        .map(|ordinal| {
            let demand = problem.demand(ordinal);
            demand - solution.served(ordinal, demand)
        })
        .collect()
}
