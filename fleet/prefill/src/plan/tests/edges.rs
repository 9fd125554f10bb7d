//! What is refused, and what is remarked.

use crate::cluster::{Deviation, Pin};
use crate::plan::{
    Audience, BadFleet, Cluster, FleetProblem, HardwareClass, Nothing, Plan, PlannedBox,
    PlannedCluster, Region, Remark, Report, State, remarks,
};
use std::sync::Arc;

fn none(_: &PlannedCluster) {}

fn a_box(room_bytes: u64, report: Report) -> PlannedBox {
    let budget = crate::cluster::ClusterBox {
        seed: room_bytes,
        room_bytes,
        throughput_bytes_per_s: 100.0,
        fill_bytes: u64::MAX,
        endurance_bytes: u64::MAX,
    };
    PlannedBox { device: format!("box-{room_bytes}").into(), budget, report }
}

fn site(name: &str, parent: Option<usize>) -> Cluster {
    Cluster {
        name: name.into(),
        audience: Some(Audience { region: 0, share: 0.5, deviations: vec![] }),
        classes: vec![HardwareClass { name: "c".into(), boxes: vec![a_box(30, Report::Fresh)] }],
        parent,
        ..Cluster::default()
    }
}

fn plan(clusters: Vec<Cluster>) -> Result<Plan, BadFleet> {
    with(clusters, |problem| Plan::new(problem, &Nothing, 1, &none))
}

fn with<T>(clusters: Vec<Cluster>, ask: impl FnOnce(&FleetProblem) -> T) -> T {
    let (sizes_bytes, demand) = ([10, 20, 30], [3.0, 2.0, 1.0]);
    let regions = [Region::new("north", &sizes_bytes, &demand).expect("good files")];
    ask(&FleetProblem {
        sizes_bytes: &sizes_bytes,
        regions: &regions,
        rights: &[],
        clusters: clusters.into_iter().map(Arc::new).collect(),
    })
}

#[test]
fn bad_records_are_named() {
    let mut said = Vec::new();
    let mut refuse = |clusters| said.push(plan(clusters).expect_err("refused").to_string());
    refuse(vec![site("a", Some(1)), site("b", Some(2)), site("c", Some(1))]);
    refuse(vec![site("a", Some(7))]);
    refuse(vec![Cluster { rights: Some(0), ..site("a", None) }]);
    let audience = |share, deviations| Cluster {
        audience: Some(Audience { region: 0, share, deviations }),
        ..site("a", None)
    };
    refuse(vec![audience(f64::NAN, vec![])]);
    refuse(vec![audience(0.0, vec![])]);
    let deviation = |ordinal, demand| Deviation { ordinal, demand };
    refuse(vec![audience(1.0, vec![deviation(1, f32::NAN)])]);
    refuse(vec![audience(1.0, vec![deviation(1, -1.0)])]);
    refuse(vec![audience(1.0, vec![deviation(1, 1.0), deviation(1, 1.0)])]);
    refuse(vec![audience(1.0, vec![deviation(3, 1.0)])]);
    refuse(vec![audience(1e15, vec![])]);
    refuse(vec![audience(1e7, vec![])]);
    let unknown = Audience { region: 4, share: 1.0, deviations: vec![] };
    refuse(vec![Cluster { audience: Some(unknown), ..site("a", None) }]);
    said.push(Region::new("south", &[1, 0], &[1.0, 1.0]).expect_err("refused").to_string());
    said.push(Region::new("south", &[1, 2], &[1.0, -1.0]).expect_err("refused").to_string());
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn what_is_not_planned_on_is_said() {
    let mut clusters = vec![site("a", Some(1)), site("b", None)];
    clusters[0].classes[0].boxes = vec![
        a_box(5, Report::Fresh),
        a_box(40, Report::Stale { age_s: 900 }),
        a_box(9, Report::Lost),
    ];
    with(clusters, |problem| {
        let remarks = remarks(problem);
        assert!(
            matches!(
                &remarks[..],
                [
                    Remark::HoldsNothing { room_bytes: 5, smallest_bytes: 10, .. },
                    Remark::Stale { age_s: 900, .. },
                ]
            ),
            "{remarks:?}"
        );
        let plan = Plan::new(problem, &Nothing, 1, &none).expect("a sound fleet");
        let boxes = &plan.outcomes[0].classes[0].boxes;
        assert_eq!(
            boxes.iter().map(|one| one.is_planned).collect::<Vec<_>>(),
            [true, false, false]
        );
        assert_eq!(plan.outcomes[0].served_bytes_per_s, 0.0);
        // Its parent is asked for all of it, beside what its own viewers want.
        assert!((plan.outcomes[1].wanted_bytes_per_s - 6.0).abs() < 1e-6);
    });
}

#[test]
fn one_bad_cluster_costs_only_itself_its_plan() {
    let mut clusters = vec![site("a", Some(2)), site("b", Some(2)), site("p", None)];
    clusters[0].pins = vec![Pin { ordinal: 0, class: 0 }, Pin { ordinal: 2, class: 0 }];
    clusters[1].classes.clear();
    let plan = plan(clusters).expect("a sound fleet");
    assert!(matches!(plan.outcomes[0].state, State::Refused(_)));
    // Nothing is counted on of a cluster that has no plan.
    assert!(
        plan.outcomes[0].classes[0]
            .boxes
            .iter()
            .all(|one| *one == crate::plan::BoxOutcome::default())
    );
    assert_eq!(plan.totals().held_bytes, plan.outcomes[2].classes[0].boxes[0].held_bytes);
    assert_eq!(plan.outcomes[1].state, State::NoBoxes);
    assert_eq!(plan.totals().unplanned, 2);
    assert!((plan.outcomes[2].wanted_bytes_per_s - 9.0).abs() < 1e-6);
}
