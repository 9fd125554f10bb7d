//! The plan of a fleet of 20,000 boxes at 6,000 sites and a million files: how long all of it takes
//! and how much memory, how long one site, one box's delta, and the plan after a loss; and how the
//! time grows. There is no peer to run beside it: limits are what planners may wait for.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "times and totals, for people"
)]

use super::Found;
use crate::bench::contender::median;
use crate::bench::core;
use crate::bench::prefill::drawn::{Drawn, Shape};
use crate::bench::prefill::kept::Kept;
use crate::bench::sheet::{Limit, Row};
use ::prefill::cluster::{Problem, Spread, Workspace};
use ::prefill::plan::{BoxDelta, Nothing, Plan, PlannedCluster, Report};
use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// As many as the machine of the limits has cores.
const THREADS: usize = 2;

const PLAN_S: f64 = 60.0;
const PLAN_GB: f64 = 4.0;
const PLAN_GAP_PERCENT: f64 = 0.3;
const SITE_MS: f64 = 15.0;
const DELTA_MS: f64 = 10.0;
const REPLAN_S: f64 = 1.0;

/// Runs of what takes milliseconds; medians count.
const ROUNDS: usize = 31;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Plan,
    Cluster,
    Delta,
    Replan,
}

pub(super) fn run(asked: Asked) -> Result<Found> {
    core::unpin()?;
    let found = match asked {
        Asked::Plan => plan(),
        Asked::Cluster => cluster(),
        Asked::Delta => delta(),
        Asked::Replan => replan(),
    };
    core::pin(core::LOAD)?;
    found
}

fn row(name: &str, unit: &'static str, ours: f64, limit: f64) -> Row {
    Row::new(name, unit, ours, ("limit", limit), Some(Limit::AtMost(1.0)))
}

fn seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed().as_secs_f64(), done)
}

/// Of many runs the median.
fn milliseconds(mut work: impl FnMut()) -> f64 {
    median((0..ROUNDS).map(|_| seconds(&mut work).0 * 1e3).collect())
}

fn nobody(_: &PlannedCluster) {}

fn plan() -> Result<Found> {
    let shape = Shape::default();
    let today = Drawn::new(&shape);
    let (sort_s, regions) = seconds(|| today.regions());
    let regions = regions?;
    let problem = today.problem(&regions);
    let kept = Kept::new(&problem)?;
    let (first_s, first) = seconds(|| Plan::new(&problem, &kept, THREADS, &kept));
    let first = first?.totals();
    drop(regions);
    let tomorrow = today.next_day(2);
    let regions = tomorrow.regions()?;
    let problem = tomorrow.problem(&regions);
    let before_s = core_seconds()?;
    let (next_s, next) = seconds(|| Plan::new(&problem, &kept, THREADS, &nobody));
    let core_s = core_seconds()? - before_s;
    let next = next?.totals();
    ensure!(kept.is_sound(), "what boxes hold could not be kept");
    let gap = 100.0 * next.gap().max(first.gap());
    let rows = vec![
        row("all sites, empty boxes, and its sets written", "s", first_s + sort_s, PLAN_S),
        row("all sites on the next day, sets read", "s", next_s + sort_s, PLAN_S),
        // What others on the machine take away is not in this one.
        Row::new(
            "the same, core seconds",
            "s",
            core_s,
            ("limit on two cores", 2.0 * PLAN_S),
            Some(Limit::AtMost(1.0)),
        ),
        row("peak memory of the process", "GB", peak_gb()?, PLAN_GB),
        row("gap of the whole plan", "%", gap, PLAN_GAP_PERCENT),
    ];
    let mut notes = vec![format!(
        "prefill-plan: {} boxes, {:.1} Tbit/s wanted, offload {:.4} and on the next day {:.4}; {:.0} TB fetched on it",
        kept.shown.load(std::sync::atomic::Ordering::Relaxed),
        next.wanted_bytes_per_s * 8e-12,
        first.offload(),
        next.offload(),
        next.new_bytes as f64 / 1e12,
    )];
    notes.extend(growth()?);
    Ok(Found { runs: 1, rows, notes })
}

/// How the time of the first plan grows: a line for each scale.
fn growth() -> Result<Vec<String>> {
    let base = Shape { files: 250_000, sites: 300, parents: 5, ..Shape::default() };
    let shapes = [
        base,
        Shape { files: 500_000, ..base },
        Shape { files: 1_000_000, ..base },
        Shape { sites: 600, parents: 10, ..base },
        Shape { sites: 1_200, parents: 20, ..base },
        Shape { classes: 1, ..base },
        Shape { classes: 3, ..base },
    ];
    let mut lines = Vec::new();
    for shape in shapes {
        let drawn = Drawn::new(&shape);
        let regions = drawn.regions()?;
        let problem = drawn.problem(&regions);
        let (took_s, plan) = seconds(|| Plan::new(&problem, &Nothing, THREADS, &nobody));
        plan?;
        let Shape { files, sites, classes, .. } = shape;
        let each_ms = took_s * 1e3 / sites as f64;
        let bar = "#".repeat((each_ms * 4.0).round() as usize);
        lines.push(format!(
            "prefill-plan grows: {files:>9} files, {sites:>5} sites, {classes} classes at most: {took_s:7.2} s, {each_ms:6.2} ms a site {bar}"
        ));
    }
    Ok(lines)
}

/// Asks each of the sites with some numbers of boxes, as they are planned one after the other.
fn cluster() -> Result<Found> {
    let drawn = Drawn::new(&Shape { sites: 40, parents: 0, ..Shape::default() });
    let regions = drawn.regions()?;
    let problem = drawn.problem(&regions);
    let kept = Kept::new(&problem)?;
    Plan::new(&problem, &kept, THREADS, &kept)?;
    let tomorrow = drawn.next_day(2);
    let regions = tomorrow.regions()?;
    let problem = tomorrow.problem(&regions);
    let rows: Mutex<Vec<(usize, f64, f64)>> = Mutex::default();
    let measure = |cluster: &PlannedCluster| {
        let boxes = cluster.boxes().count();
        let taken = || rows.lock().is_ok_and(|rows| rows.iter().any(|row| row.0 == boxes));
        if !taken() {
            let (solve_ms, spread_ms) = solve_and_spread(cluster.problem);
            if let Ok(mut rows) = rows.lock() {
                rows.push((boxes, solve_ms, spread_ms));
            }
        }
    };
    Plan::new(&problem, &kept, 1, &measure)?;
    let mut rows = rows.into_inner().unwrap_or_default();
    rows.sort_by_key(|row| row.0);
    let rows = rows.into_iter().flat_map(|(boxes, solve_ms, spread_ms)| {
        let of = |what: &str| format!("a site of {boxes}: {what}");
        [
            row(&of("solved"), "ms", solve_ms, SITE_MS),
            row(&of("solved, and its classes spread"), "ms", solve_ms + spread_ms, 2.0 * SITE_MS),
        ]
    });
    Ok(Found { runs: ROUNDS, rows: rows.collect(), notes: vec![] })
}

fn solve_and_spread(problem: &Problem) -> (f64, f64) {
    let mut workspace = Workspace::default();
    let solve_ms =
        milliseconds(|| assert!(workspace.solve(problem).is_ok(), "it was solved before"));
    let solution = workspace.solution().clone();
    let mut spread = Spread::default();
    let spread_ms = milliseconds(|| {
        for (class, of_class) in solution.classes.iter().enumerate() {
            spread.fill(problem, class, &of_class.holding);
        }
    });
    (solve_ms, spread_ms)
}

fn delta() -> Result<Found> {
    let drawn = Drawn::new(&Shape { sites: 4, parents: 0, ..Shape::default() });
    let regions = drawn.regions()?;
    let problem = drawn.problem(&regions);
    let kept = Kept::new(&problem)?;
    Plan::new(&problem, &kept, 1, &kept)?;
    let tomorrow = drawn.next_day(2);
    let regions = tomorrow.regions()?;
    let problem = tomorrow.problem(&regions);
    let found: Mutex<Option<(f64, usize, usize)>> = Mutex::default();
    let measure = |cluster: &PlannedCluster| {
        let region = cluster.problem.region;
        for (_, before, after) in cluster.boxes() {
            let list: Vec<u32> = before.ordinals().collect();
            let mut told = BoxDelta::new(Some((1, &list)), after, region, &[]);
            let took_ms =
                milliseconds(|| told = BoxDelta::new(Some((1, &list)), after, region, &[]));
            // The box that takes longest counts.
            if let Ok(mut found) = found.lock()
                && found.is_none_or(|before| took_ms > before.0)
            {
                *found = Some((took_ms, told.fill.len(), told.removed));
            }
        }
    };
    Plan::new(&problem, &kept, 1, &measure)?;
    let (took_ms, new, removed) = found.into_inner().ok().flatten().context("a box")?;
    let name = format!("one box's delta: {new} files enter, {removed} leave");
    Ok(Found { runs: ROUNDS, rows: vec![row(&name, "ms", took_ms, DELTA_MS)], notes: vec![] })
}

fn replan() -> Result<Found> {
    let drawn = Drawn::new(&Shape::default());
    let regions = drawn.regions()?;
    let problem = drawn.problem(&regions);
    let kept = Kept::new(&problem)?;
    let plan = Plan::new(&problem, &Nothing, THREADS, &nobody)?;
    let mut times = Vec::new();
    for at in [7, 1_234, 4_321] {
        let mut after = problem.clone();
        let cluster = after.clusters.get_mut(at).context("a site")?;
        Arc::make_mut(cluster).classes[0].boxes[0].report = Report::Lost;
        let pair = (&problem, &after);
        let (took_s, next) = seconds(|| plan.replanned(pair, &[at], &kept, THREADS, &nobody));
        ensure!(next?.totals() != plan.totals(), "a loss that changes nothing");
        times.push(took_s);
    }
    let runs = times.len();
    let rows = vec![row("the plan after a box is lost", "s", median(times), REPLAN_S)];
    Ok(Found { runs, rows, notes: vec![] })
}

/// What this process has had of all cores so far.
fn core_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let of = |time: TimeVal| time.num_microseconds() as f64 / 1e6;
    Ok(of(usage.user_time()) + of(usage.system_time()))
}

/// The most that this process had in memory.
fn peak_gb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kb: f64 = line.split_whitespace().next().context("a number")?.parse()?;
    Ok(kb * 1024.0 / 1e9)
}
