//! What is told of single files.

use crate::instances::{Instance, Shape, a_box, spread_all};
use prefill::cluster::{Binding, Bitmap, ClusterBox, Explanation, Pin, Why, Workspace, explain};

fn told(asked: &Instance) -> Vec<Explanation> {
    asked.with_problem(|problem| {
        let mut workspace = Workspace::default();
        workspace.solve(problem).expect("sound");
        let spreads = spread_all(&mut workspace, problem);
        let ordinals = 0..asked.sizes_bytes.len() as u32;
        let told = |ordinal| explain(problem, &workspace, &spreads, ordinal).expect("a file");
        ordinals.map(told).collect()
    })
}

#[test]
fn every_file_says_why() {
    let mut asked = Instance::new(Shape { files: 4_000, copy_share: 0.02, ..Shape::default() });
    asked.bans = Bitmap::new(4_000);
    asked.bans.insert(7);
    asked.pins = vec![Pin { ordinal: 9, class: 1 }];
    asked.demand[11] = 0.0;
    asked.with_problem(|problem| {
        let mut workspace = Workspace::default();
        workspace.solve(problem).expect("sound");
        let spreads = spread_all(&mut workspace, problem);
        let solution = workspace.solution();
        assert!(explain(problem, &workspace, &spreads, 4_000).is_none());
        let why = |ordinal| explain(problem, &workspace, &spreads, ordinal).expect("a file").why;
        assert_eq!(why(7), Why::Banned);
        assert_eq!(why(9), Why::Pinned { class: 1 });
        assert_eq!(why(11), Why::NotWanted);
        let mut beside_cut_offs = 0;
        for ordinal in 0..4_000 {
            let told = explain(problem, &workspace, &spreads, ordinal).expect("a file");
            let holders: Vec<usize> = (0..2)
                .filter(|class| solution.classes[*class].holding.held.contains(ordinal))
                .collect();
            for (class, told) in told.classes.iter().enumerate() {
                let copies = solution.classes[class].holding.copies(ordinal);
                assert_eq!(told.boxes.len(), usize::from(copies));
            }
            match told.why {
                Why::Banned => assert_eq!(ordinal, 7),
                Why::Pinned { class } => assert_eq!((ordinal, class), (9, 1)),
                Why::NotWanted => assert_eq!(ordinal, 11),
                Why::Held { class, above } => {
                    assert!(holders.contains(&class) && above > 0.0);
                }
                Why::TooThin { below, binds, .. } => {
                    assert!(holders.is_empty() && below >= 0.0);
                    assert_eq!(binds, Some(Binding::Disk));
                }
                Why::Filled { .. } | Why::NoRoomLeft { .. } => beside_cut_offs += 1,
                Why::NoPlace | Why::PinLost { .. } => panic!("{told:?}"),
            }
        }
        println!("{beside_cut_offs} files stand on the other side of a cut-off");
        assert!(beside_cut_offs < 40, "{beside_cut_offs}");
    });
}

#[test]
fn where_throughput_is_scarce_files_are_too_thin_for_it() {
    for (throughput, enough) in [(100_000.0, 106), (52_000.0, 54), (0.6 * 500_500.0, 368)] {
        let demand: Vec<f32> = (0..1000u16).map(|at| f32::from(1000 - at)).collect();
        let asked = Instance::plain(&[10; 1000], &demand, &[&[a_box(1, 1 << 40, throughput)]]);
        let told = told(&asked);
        let held = told.iter().filter(|told| told.classes[0].served_bytes_per_s > 0.0).count();
        println!("{held} files are served where {enough} of the densest are enough");
        assert!(held.abs_diff(enough) <= 2, "{held} of {enough}");
        let mut beside_cut_offs = 0;
        for told in &told {
            match told.why {
                Why::Held { above, .. } => assert!(above > 0.0),
                Why::TooThin { class, below, binds } => {
                    assert_eq!((class, binds), (0, Some(Binding::Throughput)));
                    assert!(below >= 0.0 && below.is_sign_positive());
                }
                Why::Filled { below, .. } => {
                    assert!(below >= 0.0 && below.is_sign_positive());
                    beside_cut_offs += 1;
                }
                Why::NoRoomLeft { .. } => beside_cut_offs += 1,
                _ => panic!("{told:?}"),
            }
        }
        assert!(beside_cut_offs < 20, "{throughput}: {beside_cut_offs} of {held}");
    }
}

#[test]
fn scarce_throughput_in_a_cluster_of_two_classes() {
    let shape = Shape { files: 4_000, throughput: 0.6, disk: 0.9, ..Shape::default() };
    let told = told(&Instance::new(shape));
    let is_beside = |told: &&Explanation| {
        matches!(told.why, Why::Filled { .. } | Why::NoRoomLeft { .. } | Why::NoPlace)
    };
    let beside = told.iter().filter(is_beside).count();
    assert!(beside < 40, "{beside}");
    let is_throughput = |told: &&Explanation| {
        matches!(told.why, Why::TooThin { binds: Some(Binding::Throughput), .. })
    };
    assert!(told.iter().any(|told| is_throughput(&told)));
}

#[test]
fn what_pins_leave_nothing_for_has_no_place() {
    let mut boxes = a_box(1, 100, 100.0);
    boxes.fill_bytes = 10;
    let mut asked = Instance::plain(&[10, 10], &[1.0, 5.0], &[&[boxes]]);
    asked.pins = vec![Pin { ordinal: 0, class: 0 }];
    let whys: Vec<Why> = told(&asked).iter().map(|told| told.why).collect();
    assert_eq!(whys, [Why::Pinned { class: 0 }, Why::NoPlace]);
}

#[test]
fn a_pin_without_a_box_is_told() {
    let boxes = [a_box(1, 80, 10.0), a_box(2, 80, 10.0)];
    let mut asked = Instance::plain(&[50; 3], &[1.0; 3], &[&boxes]);
    asked.pins = (0..3).map(|ordinal| Pin { ordinal, class: 0 }).collect();
    let told = told(&asked);
    assert_eq!(told[2].why, Why::PinLost { class: 0 });
    assert!(told[2].classes[0].boxes.is_empty());
}

#[test]
fn a_box_without_a_limit_hides_no_limit() {
    let fill = ClusterBox { fill_bytes: 10, endurance_bytes: 20, ..a_box(1, 100, 1e6) };
    let endurance = ClusterBox { endurance_bytes: 95, ..a_box(2, 100, 1e6) };
    let demand: Vec<f32> = (0..40u8).map(|at| f32::from(100 - at)).collect();
    let asked = Instance::plain(&[5; 40], &demand, &[&[fill, endurance]]);
    let told = told(&asked);
    assert_eq!(told[0].classes[0].binds, Some(Binding::Fill), "{:?}", told[0]);
}
