//! Boxes inside a class.

use crate::instances::{Dice, Instance, Shape, a_box, spread_all};
use crate::judge::judge_spread;
use prefill::cluster::{Bitmap, ClusterBox, Deviation, Holding, Pin, Spread, Workspace};

fn spread(asked: &Instance, holding: &Holding) -> Spread {
    let mut spread = Spread::default();
    asked.with_problem(|problem| spread.fill(problem, 0, holding));
    spread
}

/// A class of equal boxes that is filled to a part of its room.
fn class(boxes: usize, filled: f64) -> (Instance, Holding) {
    let shape = Shape {
        seed: 9,
        files: 100_000,
        classes: 1,
        boxes_a_class: boxes,
        is_resident: false,
        copy_share: f64::INFINITY,
        throughput: 5.0,
        ..Shape::default()
    };
    let mut asked = Instance::new(shape);
    let holding = asked.solve().expect("an instance is sound").classes[0].holding.clone();
    for one in &mut asked.boxes[0] {
        one.room_bytes = (one.room_bytes as f64 / filled) as u64;
    }
    (asked, holding)
}

fn another(boxes: &[ClusterBox], room: f64) -> ClusterBox {
    let room_bytes = (boxes[0].room_bytes as f64 * room) as u64;
    ClusterBox { seed: Dice(777).bits(), room_bytes, ..boxes[0] }
}

/// Which part of the bytes stands on another box than before.
fn moved(asked: &Instance, before: &Spread, after: &Spread) -> f64 {
    let lost = before.held.iter().zip(&after.held);
    let moved: u64 = lost.map(|(before, after)| bytes_beside(asked, before, after)).sum();
    moved as f64 / all_bytes(asked, before)
}

/// Which part of the bytes goes to the new box, the last; and which strays between the others.
fn gone_and_strayed(asked: &Instance, before: &Spread, after: &Spread) -> (f64, f64) {
    let none = Bitmap::new(asked.sizes_bytes.len());
    let old = before.held.iter().chain([&none]);
    let taken = old.zip(&after.held).map(|(before, after)| bytes_beside(asked, after, before));
    let mut taken: Vec<u64> = taken.collect();
    let gone = taken.pop().expect("a new box");
    let all = all_bytes(asked, before);
    (gone as f64 / all, taken.iter().sum::<u64>() as f64 / all)
}

fn all_bytes(asked: &Instance, spread: &Spread) -> f64 {
    let none = Bitmap::new(asked.sizes_bytes.len());
    spread.held.iter().map(|held| bytes_beside(asked, held, &none)).sum::<u64>() as f64
}

/// The bytes of the files that are in one set and not in the other.
fn bytes_beside(asked: &Instance, set: &Bitmap, other: &Bitmap) -> u64 {
    let files = set.ordinals().filter(|file| !other.contains(*file));
    files.map(|file| asked.sizes_bytes[file as usize]).sum()
}

#[test]
fn a_box_more_takes_its_part_and_no_more() {
    for boxes in [2, 4, 8] {
        let (mut asked, holding) = class(boxes, 0.9);
        let before = spread(&asked, &holding);
        assert!(before.short.is_empty());
        let new = another(&asked.boxes[0], 1.0);
        asked.boxes[0].push(new);
        let after = spread(&asked, &holding);
        let part = moved(&asked, &before, &after) * (boxes + 1) as f64;
        println!("{boxes} boxes and one more: {part:.3}/N of the bytes move");
        assert!((0.9..=1.1).contains(&part), "{boxes}: {part}");
        // Nothing moves between those that were there.
        let strayed = (0..boxes)
            .any(|at| after.held[at].ordinals().any(|ordinal| !before.held[at].contains(ordinal)));
        assert!(!strayed);
    }
}

#[test]
fn full_boxes_too_give_the_new_one_its_part() {
    for (boxes, most_strayed, most) in [(2, 0.005, 1.02), (4, 0.04, 1.07), (8, 0.1, 1.14)] {
        let (mut asked, holding) = class(boxes, 1.0);
        let before = spread(&asked, &holding);
        let new = another(&asked.boxes[0], 1.0);
        asked.boxes[0].push(new);
        let after = spread(&asked, &holding);
        let (gone, strayed) = gone_and_strayed(&asked, &before, &after);
        let part = |of: f64| of * (boxes + 1) as f64;
        let (gone, strayed) = (part(gone), part(strayed));
        let all = part(moved(&asked, &before, &after));
        println!("{boxes} full boxes and one more: {all:.4}/N of the bytes move");
        println!("{gone:.4}/N to the new one, {strayed:.4}/N between the others");
        assert!((0.9..=1.1).contains(&gone), "{boxes}: {gone}");
        // A few per cent more than from boxes with room to spare: what full boxes had passed on
        // to others goes home.
        assert!(strayed < most_strayed, "{boxes}: {strayed}");
        // What the new one draws is chance, to a per cent or two; the rest is not.
        assert!((0.9..most).contains(&all), "{boxes}: {all}");
        assert!(all - gone < most_strayed, "{boxes}: {all}");
    }
}

#[test]
fn a_larger_box_takes_more() {
    let (mut asked, holding) = class(4, 0.9);
    let before = spread(&asked, &holding);
    let new = another(&asked.boxes[0], 2.0);
    asked.boxes[0].push(new);
    let part = moved(&asked, &before, &spread(&asked, &holding));
    assert!((0.9..=1.1).contains(&(part * 3.0)), "{part}");
}

#[test]
fn full_boxes_pass_files_on_and_never_overflow() {
    let (asked, holding) = class(6, 1.0);
    let spread = spread(&asked, &holding);
    let mut copies = vec![0u16; asked.sizes_bytes.len()];
    for (held, one) in spread.held.iter().zip(&asked.boxes[0]) {
        let bytes: u64 = held.ordinals().map(|file| asked.sizes_bytes[file as usize]).sum();
        assert!(bytes <= one.room_bytes);
        held.ordinals().for_each(|file| copies[file as usize] += 1);
    }
    let short: u64 = spread.short.iter().map(|short| asked.sizes_bytes[short.0 as usize]).sum();
    let left: u64 = spread.left_bytes.iter().sum();
    println!("{} files, {short} bytes find no box; {left} bytes are left", spread.short.len());
    let room: u64 = asked.boxes[0].iter().map(|one| one.room_bytes).sum();
    assert!((short as f64) < 1e-3 * room as f64, "{short} of {room}");
    for file in holding.held.ordinals() {
        let is_short = spread.short.binary_search_by_key(&file, |short| short.0).is_ok();
        assert_eq!(copies[file as usize], u16::from(!is_short));
    }
}

#[test]
fn copies_stand_on_different_boxes() {
    let (mut asked, mut holding) = class(5, 0.3);
    holding.copies_each = 2;
    let hot: Vec<u32> = holding.held.ordinals().take(3).collect();
    holding.more = vec![(hot[0], 5), (hot[1], 3), (hot[2], 1)];
    let before = spread(&asked, &holding);
    let of = |spread: &Spread, file: u32| spread.boxes(file).count();
    assert_eq!(hot.iter().map(|file| of(&before, *file)).collect::<Vec<_>>(), [5, 3, 1]);
    assert!(holding.held.ordinals().skip(3).all(|file| of(&before, file) == 2));
    let new = another(&asked.boxes[0], 1.0);
    asked.boxes[0].push(new);
    let part = moved(&asked, &before, &spread(&asked, &holding)) * 6.0;
    assert!(part <= 1.1, "{part}");
}

#[test]
fn a_solution_says_no_more_than_its_boxes_hold() {
    let asked = Instance::new(Shape { files: 20_000, copy_share: 0.01, ..Shape::default() });
    asked.with_problem(|problem| {
        let mut workspace = Workspace::default();
        let whole = workspace.solve(problem).expect("sound").clone();
        let spreads = spread_all(&mut workspace, problem);
        let held = workspace.solution();
        println!("gap {:.5} %, spread {:.5} %", whole.gap() * 100.0, held.gap() * 100.0);
        assert!(held.value <= whole.value && held.gap() < 3e-3);
        judge_spread(&asked, held, &spreads);
    });
}

#[test]
fn pins_find_their_boxes_whatever_they_draw() {
    let one = |seed, room_bytes| a_box(seed, room_bytes, 10.0);
    let pin = |ordinal| Pin { ordinal, class: 0 };
    let boxes = |asked: &Instance| {
        asked.with_problem(|problem| {
            let (mut workspace, mut spread) = (Workspace::default(), Spread::default());
            workspace.solve(problem).expect("sound");
            workspace.spread(problem, 0, &mut spread);
            let files = 0..asked.sizes_bytes.len() as u32;
            let boxes = files.map(|file| spread.boxes(file).collect::<Vec<_>>()).collect();
            (boxes, spread.pins_short.clone())
        })
    };
    let mut asked = Instance::plain(&[50, 100], &[1.0, 1.0], &[&[one(1, 100), one(1001, 50)]]);
    asked.pins = vec![pin(0), pin(1)];
    let each: (Vec<Vec<usize>>, _) = (vec![vec![1], vec![0]], vec![]);
    assert_eq!(boxes(&asked), each);
    // Wherever the draws put the first of equal sizes, the rest still fits.
    for seed in 0..64 {
        asked.boxes[0] = vec![one(seed, 120), one(seed + 1000, 90)];
        asked.sizes_bytes = vec![70, 50, 90];
        asked.demand = vec![1.0; 3];
        asked.pins = vec![pin(0), pin(1), pin(2)];
        let (held, short) = boxes(&asked);
        assert_eq!(held, [vec![0], vec![0], vec![1]], "seed {seed}");
        assert!(short.is_empty());
    }
    // Two of the three fit, and the third is named.
    asked.boxes[0] = vec![one(1, 80), one(2, 80)];
    asked.sizes_bytes = vec![50, 50, 50];
    let (_, short) = boxes(&asked);
    assert_eq!(short, [(2, 0)]);
}

#[test]
fn no_box_takes_more_new_bytes_than_it_may() {
    let (mut asked, holding) = class(4, 0.9);
    let before = spread(&asked, &holding);
    let new = another(&asked.boxes[0], 1.0);
    asked.boxes[0].push(new);
    let freely = spread(&asked, &holding);
    assert!(freely.new_bytes.is_empty());
    asked.boxes[0][4].endurance_bytes = asked.boxes[0][4].room_bytes / 10;
    let mut on_boxes = before.held;
    on_boxes.push(Bitmap::new(asked.sizes_bytes.len()));
    asked.on_boxes = vec![Some(on_boxes.clone())];
    let after = spread(&asked, &holding);
    assert!(after.short.is_empty());
    for (at, one) in asked.boxes[0].iter().enumerate() {
        let new = after.held[at].ordinals().filter(|file| !on_boxes[at].contains(*file));
        let new_bytes: u64 = new.map(|file| asked.sizes_bytes[file as usize]).sum();
        assert_eq!(after.new_bytes[at], new_bytes);
        assert!(new_bytes <= one.new_bytes(), "{new_bytes} of {}", one.new_bytes());
    }
    // It takes what it may, the rest stays where it is.
    let part = after.new_bytes[4] as f64 / asked.boxes[0][4].new_bytes() as f64;
    assert!((0.99..=1.0).contains(&part), "{part}");
    assert_eq!(after.new_bytes[..4], [0; 4]);
}

#[test]
fn a_class_that_is_not_there_has_no_boxes() {
    let (asked, holding) = class(2, 1.0);
    let mut spread = spread(&asked, &holding);
    assert!(!spread.held.is_empty());
    asked.with_problem(|problem| {
        let mut workspace = Workspace::default();
        workspace.solve(problem).expect("sound");
        workspace.spread(problem, 5, &mut spread);
    });
    assert!(spread.held.is_empty() && spread.left_bytes.is_empty() && spread.short.is_empty());
}

#[test]
fn what_is_short_today_moves_nothing_tomorrow() {
    let mut asked = class(5, 1.0).0;
    asked.least_copies = 2;
    asked.deviations = (0..500).map(|at| Deviation { ordinal: at * 7, demand: 1e6 }).collect();
    asked.with_problem(|problem| {
        let (mut workspace, mut first) = (Workspace::default(), Spread::default());
        workspace.solve(problem).expect("sound");
        workspace.spread(problem, 0, &mut first);
        assert!(first.short.iter().any(|short| short.1 == 1), "{:?}", first.short);
        let mut second = Spread::default();
        second.fill(problem, 0, &workspace.solution().classes[0].holding);
        assert_eq!(second.held, first.held);
        assert!(second.short.is_empty());
    });
}
