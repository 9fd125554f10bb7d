//! What one cluster costs to solve, and how near to the best the answer is.
//!
//! `cargo run --release -p prefill --example cluster -- files=1000000 classes=2 zipf=0.8 disk=0.3
//! throughput=1.5 fill=0.02 churn=0 deviations=10000 boxes=4 runs=31 seed=1`: every word may be
//! left out. One thread; the median of the runs, the sort of the region apart.

#![allow(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it measures what was drawn in floating point, and prints it"
)]

#[path = "../tests/cluster/instances.rs"]
#[expect(dead_code, reason = "the tests ask more of them")]
mod instances;

use instances::{Instance, Shape};
use prefill::cluster::{Problem, RegionOrder, Solution, Spread, Workspace, add_misses};
use std::time::Instant;

fn main() {
    let mut shape = Shape::default();
    let mut runs = 31;
    for word in std::env::args().skip(1) {
        let (name, value) = word.split_once('=').expect("words are name=value");
        let number: f64 = value.parse().expect("a number");
        match name {
            "files" => shape.files = number as usize,
            "classes" => shape.classes = number as usize,
            "boxes" => shape.boxes_a_class = number as usize,
            "zipf" => shape.zipf = number,
            "disk" => shape.disk = number,
            "throughput" => shape.throughput = number,
            "fill" => shape.fill = number,
            "resident" => shape.is_resident = number > 0.0,
            "deviations" => shape.deviations = number as usize,
            "share" => shape.copy_share = number,
            "churn" => shape.churn_price = number,
            "seed" => shape.seed = number as u64,
            "runs" => runs = number as usize,
            _ => panic!("no such word: {name}"),
        }
    }
    println!("{shape:?}");
    let instance = Instance::new(shape);
    let (sort_ms, _) =
        measure(3, || RegionOrder::new(&instance.sizes_bytes, &instance.demand).map(drop));
    println!("sort of the region    {sort_ms:8.2} ms");
    instance.with_problem(|problem| report(problem, runs));
}

fn report(problem: &Problem, runs: usize) {
    let mut workspace = Workspace::default();
    let (first_ms, _) = measure(1, || workspace.solve(problem).map(drop));
    let (solve_ms, _) = measure(runs, || workspace.solve(problem).map(drop));
    let rounds = workspace.rounds();
    let solution: &Solution = workspace.solve(problem).expect("an instance is sound");
    println!("first solve           {first_ms:8.2} ms");
    println!("solve, median of {runs:<4} {solve_ms:8.2} ms  ({rounds} rounds)");
    println!("served                {:14.6e} bytes/s", solution.served_bytes_per_s);
    println!("value                 {:14.6e}", solution.value);
    println!("dual_bound            {:14.6e}", solution.dual_bound);
    println!("gap                   {:12.6} %", solution.gap() * 100.0);
    println!("shared files          {:6}", solution.shares.len());
    for (at, class) in solution.classes.iter().enumerate() {
        let boxes = problem.classes[at].boxes;
        let room: u64 = boxes.iter().map(|one| one.room_bytes).sum();
        let throughput: f64 = boxes.iter().map(|one| one.throughput_bytes_per_s).sum();
        println!(
            "class {at}: {} files, disk {:.5}, throughput {:.5}, new {:.5} of disk, {} with more copies",
            class.holding.held.count(),
            class.disk_bytes as f64 / room as f64,
            class.served_bytes_per_s / throughput,
            class.new_bytes as f64 / room as f64,
            class.holding.more.len(),
        );
    }
    beside(problem, &mut workspace, runs);
    println!("peak memory           {:8} kB of the whole program", peak_kb());
}

/// What follows a solution: boxes, and the demand of the parent.
fn beside(problem: &Problem, workspace: &mut Workspace, runs: usize) {
    let mut parent = vec![0.0; problem.region.files()];
    let (misses_ms, ()) = measure(runs, || add_misses(problem, workspace.solution(), &mut parent));
    println!("misses                {misses_ms:8.2} ms");
    for (class, given) in problem.classes.iter().enumerate() {
        let mut spread = Spread::default();
        let holding = workspace.solution().classes[class].holding.clone();
        let (spread_ms, ()) = measure(runs, || spread.fill(problem, class, &holding));
        workspace.spread(problem, class, &mut spread);
        let (boxes, short) = (given.boxes.len(), spread.short.len());
        println!(
            "spread of class {class}     {spread_ms:8.2} ms  ({boxes} boxes, {short} files short)"
        );
    }
    println!("gap, spread           {:12.6} %", workspace.solution().gap() * 100.0);
}

/// The median time in milliseconds.
fn measure<T>(runs: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut times = Vec::with_capacity(runs);
    let mut last = None;
    for _ in 0..runs {
        let begun = Instant::now();
        last = Some(work());
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    (times[runs / 2], last.expect("one run or more"))
}

fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
