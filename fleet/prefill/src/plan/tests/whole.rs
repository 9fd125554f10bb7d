//! What must hold of any plan.

use super::fleets::{FILES, Small, a_fleet};
use crate::cluster::{Bitmap, add_misses};
use crate::plan::{
    BoxPlace, Change, FleetProblem, Plan, PlannedBox, PlannedCluster, Report, State,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

type Shown = BTreeMap<BoxPlace, Bitmap>;

fn planned(small: &Small, problem: &FleetProblem, threads: usize) -> (Plan, Shown) {
    let shown = Mutex::new(Shown::new());
    let show = |cluster: &PlannedCluster| {
        for (place, _, after) in cluster.boxes() {
            let before = shown.lock().expect("no panic").insert(place, after.clone());
            assert!(before.is_none(), "{place:?} is shown twice");
        }
    };
    let plan = Plan::new(problem, &small.held, threads, &show).expect("a sound fleet");
    (plan, shown.into_inner().expect("no panic"))
}

/// A box is lost: the one with that number, counted over the fleet.
fn without_a_box(problem: &mut FleetProblem, number: usize) -> Option<usize> {
    let places: Vec<(usize, usize, usize)> = problem
        .clusters
        .iter()
        .enumerate()
        .flat_map(|(at, cluster)| {
            let classes = cluster.classes.iter().enumerate();
            classes
                .flat_map(move |(class, of)| (0..of.boxes.len()).map(move |one| (at, class, one)))
        })
        .collect();
    let (at, class, index) = *places.get(number % places.len().max(1))?;
    Arc::make_mut(&mut problem.clusters[at]).classes[class].boxes[index].report = Report::Lost;
    Some(at)
}

fn none(_: &PlannedCluster) {}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_same_plan_on_any_number_of_threads(small in a_fleet()) {
        small.with(|problem| {
            let (one, shown_by_one) = planned(&small, problem, 1);
            for threads in [2, 5] {
                let (more, shown) = planned(&small, problem, threads);
                assert_eq!(one.outcomes, more.outcomes);
                assert_eq!(one.asked, more.asked);
                assert_eq!(shown_by_one, shown);
            }
        });
    }

    #[test]
    fn a_plan_after_a_loss_is_the_plan_from_scratch(
        small in a_fleet(),
        lost in 0usize..50,
        again in 0usize..50,
    ) {
        small.with(|problem| {
            let (mut plan, _) = planned(&small, problem, 2);
            let mut before = problem.clone();
            for number in [lost, again] {
                let mut after = before.clone();
                let Some(at) = without_a_box(&mut after, number) else { continue };
                let next = plan.replanned((&before, &after), &[at], &small.held, 2, &none);
                plan = next.expect("a sound fleet");
                let (scratch, _) = planned(&small, &after, 1);
                assert_eq!(plan.outcomes, scratch.outcomes);
                assert_eq!(plan.totals(), scratch.totals());
                before = after;
            }
        });
    }

    #[test]
    fn a_site_that_moves_to_another_parent_is_planned_as_from_scratch(
        small in a_fleet(),
        to in 0usize..3,
    ) {
        small.with(|problem| {
            let (plan, _) = planned(&small, problem, 2);
            let mut after = problem.clone();
            let sites = after.clusters.len() - 3;
            Arc::make_mut(&mut after.clusters[0]).parent = Some(sites + to);
            let next = plan.replanned((problem, &after), &[0], &small.held, 2, &none);
            let (scratch, _) = planned(&small, &after, 1);
            assert_eq!(next.expect("a sound fleet").outcomes, scratch.outcomes);
        });
    }

    #[test]
    fn what_is_missed_arrives_at_the_parent(small in a_fleet()) {
        small.with(|problem| {
            let asked: Mutex<BTreeMap<usize, Vec<f32>>> = Mutex::default();
            let show = |cluster: &PlannedCluster| {
                let Some(parent) = problem.clusters[cluster.cluster].parent else { return };
                let mut asked = asked.lock().expect("no panic");
                let asked = asked.entry(parent).or_insert_with(|| vec![0.0; FILES as usize]);
                add_misses(cluster.problem, cluster.solution, asked);
            };
            let plan = Plan::new(problem, &small.held, 2, &show).expect("a sound fleet");
            let asked = asked.into_inner().expect("no panic");
            for (at, cluster) in problem.clusters.iter().enumerate() {
                // Those that are not planned ask for all that is wanted of them.
                let mut wanted = plan.wanted[at];
                for (child, below) in problem.clusters.iter().enumerate() {
                    let outcome = &plan.outcomes[child];
                    if below.parent == Some(at) && outcome.state != State::Planned {
                        wanted += outcome.wanted_bytes_per_s;
                    }
                }
                let planned = asked.get(&at).into_iter().flatten();
                wanted += planned.map(|demand| f64::from(*demand)).sum::<f64>();
                let told = plan.outcomes[at].wanted_bytes_per_s;
                assert!((told - wanted).abs() <= 1e-4 * wanted + 0.5, "{}: {told} {wanted}", cluster.name);
            }
        });
    }

    #[test]
    fn the_whole_is_the_sum_of_its_parts(small in a_fleet()) {
        small.with(|problem| {
            let (plan, shown) = planned(&small, problem, 2);
            let totals = plan.totals();
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * a.abs().max(b.abs()) + 0.5;
            assert!(near(totals.wanted_bytes_per_s, totals.served_bytes_per_s + totals.origin_bytes_per_s));
            assert!(totals.value <= totals.dual_bound + 1e-6 * totals.wanted_bytes_per_s);
            let mut held_bytes = 0;
            for (place, held) in &shown {
                let bytes: u64 =
                    held.ordinals().map(|ordinal| problem.sizes_bytes[ordinal as usize]).sum();
                held_bytes += bytes;
                let cluster = &problem.clusters[place.cluster];
                let one = &cluster.classes[place.class].boxes[place.index];
                assert_eq!(one.report, Report::Fresh);
                assert!(bytes <= one.budget.room_bytes);
                let told = &plan.outcomes[place.cluster].classes[place.class].boxes[place.index];
                assert_eq!(told.held_bytes, bytes);
                assert!(told.new_bytes <= one.budget.new_bytes());
                if let Some(rights) = cluster.rights {
                    assert!(held.ordinals().all(|file| !problem.rights[rights].banned.contains(file)));
                }
            }
            assert_eq!(totals.held_bytes, held_bytes);
        });
    }
}

#[test]
fn what_if_is_the_difference_of_two_plans() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..40 {
        let small = a_fleet().new_tree(&mut runner).expect("a fleet").current();
        small.with(|problem| {
            let (plan, _) = planned(&small, problem, 2);
            for change in changes(problem) {
                let told = plan
                    .what_if(problem, std::slice::from_ref(&change), &small.held, 2)
                    .expect("a sound fleet");
                let (after, _) = change.applied(problem);
                let (scratch, _) = planned(&small, &after, 1);
                assert_eq!(told.after, scratch.totals(), "{change:?}");
                assert_eq!(told.before, plan.totals());
                // What is above a site is two more at most.
                assert!(told.solved <= 3, "{change:?}: {}", told.solved);
                let (was, is) = (&problem.clusters[0], &after.clusters[0]);
                let has_boxes = was.classes.iter().any(|class| !class.boxes.is_empty());
                let is_another = format!("{was:?}") != format!("{is:?}");
                assert!(is_another || !has_boxes, "{change:?}");
            }
        });
    }
}

fn changes(problem: &FleetProblem) -> Vec<Change> {
    let place = BoxPlace { cluster: 0, class: 0, index: 0 };
    let mut changes = vec![
        Change::LoseSite { cluster: 0 },
        Change::Demand { clusters: vec![0], files: vec![3, 5, 90], factor: 2.0 },
    ];
    let first = problem.clusters[0].classes.first().and_then(|class| class.boxes.first());
    if let Some(first) = first {
        let seed = first.budget.seed.wrapping_add(1);
        let budget = crate::cluster::ClusterBox { seed, ..first.budget };
        let new = PlannedBox { budget, ..first.clone() };
        changes.push(Change::AddBox { cluster: 0, class: 0, new });
        changes.push(Change::LoseBox { place });
        changes.push(Change::LoseDisk { place, room_bytes: 500 });
        let more = 1.0 + 2.0 * first.budget.throughput_bytes_per_s;
        let budget = crate::cluster::ClusterBox { throughput_bytes_per_s: more, ..first.budget };
        changes.push(Change::Budget { place, budget });
    }
    changes
}
