//! Bad input, and problems at the edge of being none.

use crate::instances::{self, Instance};
use crate::judge::judge;
use prefill::cluster::{Bitmap, ClusterBox, Deviation, Pin, Refused};

/// With a seed of its own.
fn a_box(room_bytes: u64, throughput: f64) -> ClusterBox {
    instances::a_box(room_bytes ^ throughput.to_bits(), room_bytes, throughput)
}

fn held(asked: &Instance, class: usize) -> Vec<u32> {
    let solution = asked.solve().expect("an instance is sound");
    judge(asked, &solution);
    solution.classes[class].holding.held.ordinals().collect()
}

#[test]
fn no_files() {
    let solution = Instance::plain(&[], &[], &[&[a_box(10, 10.0)]]).solve().expect("sound");
    assert_eq!((solution.value, solution.dual_bound, solution.gap()), (0.0, 0.0, 0.0));
}

#[test]
fn nobody_wants_anything() {
    let asked = Instance::plain(&[1, 2], &[0.0, 0.0], &[&[a_box(10, 10.0)]]);
    assert!(held(&asked, 0).is_empty());
}

#[test]
fn capacity_below_one_file_holds_nothing_and_promises_nothing() {
    let asked = Instance::plain(&[100, 90], &[5.0, 5.0], &[&[a_box(80, 10.0)]]);
    let solution = asked.solve().expect("sound");
    assert_eq!((solution.value, solution.dual_bound), (0.0, 0.0));
}

#[test]
fn one_huge_file_leaves_the_others_their_room() {
    let asked = Instance::plain(&[1000, 10, 10], &[9e6, 2.0, 1.0], &[&[a_box(25, 1e9)]]);
    assert_eq!(held(&asked, 0), [1, 2]);
}

#[test]
fn a_file_that_fits_on_no_box_is_not_held_by_the_class() {
    let boxes = [a_box(60, 1e9), a_box(60, 2e9)];
    let asked = Instance::plain(&[100, 50], &[1e6, 1.0], &[&boxes]);
    assert_eq!(held(&asked, 0), [1]);
}

#[test]
fn equal_densities_fill_the_room() {
    let sizes: Vec<u64> = (0..1000).map(|at| 1 + at % 7).collect();
    let demand: Vec<f32> = sizes.iter().map(|size| *size as f32 * 3.0).collect();
    let classes: [&[ClusterBox]; 2] = [&[a_box(700, 1e9)], &[a_box(1100, 2000.0)]];
    let asked = Instance::plain(&sizes, &demand, &classes);
    let solution = asked.solve().expect("sound");
    judge(&asked, &solution);
    // The second can send no more than two thirds of what it could hold.
    assert!(solution.gap() < 1e-6, "{}", solution.gap());
    assert!((solution.served_bytes_per_s - 4100.0).abs() < 1e-6);
    let again = asked.solve().expect("sound");
    assert_eq!(solution, again);
}

#[test]
fn throughput_alone_is_filled_from_the_densest() {
    let sizes: Vec<u64> = vec![10; 1000];
    let demand: Vec<f32> = (0..1000u16).map(|at| f32::from(1000 - at)).collect();
    let asked = Instance::plain(&sizes, &demand, &[&[a_box(1 << 40, 100_000.0)]]);
    let solution = asked.solve().expect("sound");
    judge(&asked, &solution);
    assert!(solution.gap() < 1e-6);
    let holding = &solution.classes[0].holding.held;
    let last = holding.ordinals().last().expect("some");
    println!("{} files are held, the last is {last}", holding.count());
    // 106 of the densest are all that can be sent; a mixture reaches a little to either side.
    assert_eq!(holding.count(), 106);
    assert!(last <= 114, "file {last} is far from the densest");
}

#[test]
fn a_great_demand_that_is_banned_hides_no_small_one() {
    let mut demand = vec![0.01; 64];
    demand[0] = 1e15;
    let mut asked = Instance::plain(&[1; 64], &demand, &[&[a_box(100, 100.0)]]);
    asked.bans = Bitmap::new(64);
    asked.bans.insert(0);
    assert_eq!(held(&asked, 0).len(), 63);
    let solution = asked.solve().expect("sound");
    assert!((solution.dual_bound - 0.63).abs() < 1e-6, "{}", solution.dual_bound);
}

#[test]
fn no_copy_for_a_billionth_of_a_file() {
    let classes: [&[ClusterBox]; 2] = [&[a_box(10, 4.0)], &[a_box(10, 1e-10)]];
    let mut asked = Instance::plain(&[10], &[5.0], &classes);
    assert_eq!((held(&asked, 0), held(&asked, 1)), (vec![0], vec![]));
    // The same, weighed one by one.
    asked.deviations = vec![Deviation { ordinal: 0, demand: 5.0 }];
    asked.more_copies = vec![(0, 1)];
    assert_eq!((held(&asked, 0), held(&asked, 1)), (vec![0], vec![]));
}

#[test]
fn more_throughput_than_is_wanted_serves_what_is_wanted() {
    for throughput in [1e3, 1e15] {
        let boxes = [a_box(60, throughput), a_box(61, throughput)];
        let asked = Instance::plain(&[10, 20], &[8.6, 0.1], &[&boxes]);
        assert_eq!(held(&asked, 0), [0, 1]);
        let solution = asked.solve().expect("sound");
        assert!((solution.served_bytes_per_s - 8.7).abs() < 1e-6, "{solution:?}");
        assert!(solution.value <= solution.dual_bound * (1.0 + 1e-9), "{solution:?}");
    }
}

#[test]
fn new_pins_that_cost_more_than_is_won_leave_a_gap_that_means_something() {
    let mut asked = Instance::plain(&[10, 20, 5], &[0.0, 12.0, 9.0], &[&[a_box(34, 100.0)]]);
    asked.pins = vec![Pin { ordinal: 0, class: 0 }];
    asked.churn_price = 1.5;
    let solution = asked.solve().expect("sound");
    judge(&asked, &solution);
    assert_eq!((solution.pin_cost, solution.value), (15.0, 1.5 - 15.0));
    assert!(solution.gap() < 1e-6, "{}", solution.gap());
    // Of what could be won without the pin, half.
    let half = prefill::cluster::Solution { value: 0.75 - 15.0, ..solution };
    assert!((half.gap() - 0.5).abs() < 1e-6, "{}", half.gap());
}

#[test]
fn bans_and_pins_hold() {
    let mut asked = Instance::plain(&[10, 10, 10], &[9.0, 5.0, 0.0], &[&[a_box(20, 100.0)]]);
    asked.bans = Bitmap::new(3);
    asked.bans.insert(0);
    asked.pins = vec![Pin { ordinal: 2, class: 0 }];
    assert_eq!(held(&asked, 0), [1, 2]);
}

#[test]
fn pins_that_do_not_fit_say_by_how_much() {
    let boxes = [a_box(15, 100.0), a_box(10, 100.0)];
    let mut asked = Instance::plain(&[10, 10, 10], &[0.0; 3], &[&boxes]);
    let pin = |ordinal| Pin { ordinal, class: 0 };
    asked.pins = vec![pin(0), pin(1), pin(2)];
    assert_eq!(asked.solve(), Err(Refused::PinsOverDisk { class: 0, over_bytes: 5 }));
    asked.pins = vec![pin(0), pin(1)];
    asked.boxes[0][0].fill_bytes = 9;
    asked.boxes[0][1].endurance_bytes = 4;
    assert_eq!(asked.solve(), Err(Refused::PinsOverFill { class: 0, over_bytes: 7 }));
    asked.more_copies = vec![(1, 2)];
    asked.sizes_bytes[1] = 11;
    let refused = Refused::PinTooLarge { ordinal: 1, class: 0, copies: 2 };
    assert_eq!(asked.solve(), Err(refused));
}

#[test]
fn a_popular_file_has_as_many_copies_as_it_needs() {
    let boxes = [1, 2, 3, 4].map(|at| a_box(100 + at, 100.0));
    let mut asked = Instance::plain(&[10, 10, 10], &[90.0, 250.0, 1.0], &[&boxes]);
    asked.copy_share = 0.5;
    let solution = asked.solve().expect("sound");
    judge(&asked, &solution);
    let copies = [0, 1, 2].map(|file| solution.classes[0].holding.copies(file));
    assert_eq!(copies, [2, 4, 1]);
}

#[test]
fn bad_input_is_named() {
    let sound = Instance::plain(&[10, 20], &[1.0, 1.0], &[&[a_box(20, 100.0)]]);
    let refused = |change: fn(&mut Instance)| {
        let mut asked = sound.clone();
        change(&mut asked);
        asked.solve().expect_err("refused").to_string()
    };
    let all = [
        refused(|asked| asked.boxes.clear()),
        refused(|asked| asked.boxes[0].clear()),
        refused(|asked| asked.boxes[0] = vec![ClusterBox { seed: 7, ..a_box(20, 1.0) }; 2]),
        refused(|asked| asked.on_boxes = vec![Some(vec![Bitmap::new(2); 2])]),
        refused(|asked| asked.on_boxes = vec![Some(vec![Bitmap::new(3)])]),
        refused(|asked| asked.boxes[0][0].throughput_bytes_per_s = f64::NAN),
        refused(|asked| asked.boxes[0][0].throughput_bytes_per_s = 1e17),
        refused(|asked| asked.region_share = 1e300),
        refused(|asked| asked.deviations = vec![Deviation { ordinal: 1, demand: 2e15 }]),
        refused(|asked| asked.region_share = 0.0),
        refused(|asked| asked.copy_share = f64::NAN),
        refused(|asked| asked.churn_price = -1.0),
        refused(|asked| asked.least_copies = 0),
        refused(|asked| asked.bans = Bitmap::new(3)),
        refused(|asked| asked.deviations = vec![Deviation { ordinal: 1, demand: f32::NAN }]),
        refused(|asked| asked.deviations = vec![Deviation { ordinal: 2, demand: 1.0 }]),
        refused(|asked| asked.more_copies = vec![(1, 2), (0, 2)]),
        refused(|asked| asked.pins = vec![Pin { ordinal: 1, class: 1 }]),
        refused(|asked| {
            asked.pins = vec![Pin { ordinal: 1, class: 0 }];
            asked.bans = Bitmap::new(2);
            asked.bans.insert(1);
        }),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
