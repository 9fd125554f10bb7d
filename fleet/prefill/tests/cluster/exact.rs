//! Beside an exact solver, on clusters of up to forty files.

use crate::instances::{Dice, Instance, Shape};
use crate::judge;
use good_lp::{Expression, ProblemVariables, Solution as _, SolverModel, Variable, variable};
use prefill::cluster::{Bitmap, Holding, Pin};

/// Class, file, whether the class holds it, and its share of the demand.
type Held = (usize, u32, Variable, Variable);

/// The best there is, by branch and bound.
fn best(asked: &Instance) -> f64 {
    let files = 0..asked.sizes_bytes.len() as u32;
    let mut variables = ProblemVariables::new();
    let mut held: Vec<Held> = vec![];
    for class in 0..asked.boxes.len() {
        let is_allowed =
            |file: &u32| judge::is_placeable(asked, class, *file) && !asked.bans.contains(*file);
        for file in files.clone().filter(is_allowed) {
            let is_pinned = asked.pins.contains(&Pin { ordinal: file, class });
            let holds = variables.add(variable().binary().min(f64::from(is_pinned)));
            let serves = variables.add(variable().min(0.0).max(1.0));
            held.push((class, file, holds, serves));
        }
    }
    let mut value = Expression::from(0.0);
    for (class, file, holds, serves) in &held {
        value += judge::demand(asked, *file) * *serves;
        value -= asked.churn_price * judge::new_bytes(asked, *class, *file) as f64 * *holds;
    }
    let mut model = variables.maximise(value.clone()).using(good_lp::microlp);
    for (class, boxes) in asked.boxes.iter().enumerate() {
        let own = || held.iter().filter(|held| held.0 == class);
        let sum = |of: &dyn Fn(&Held) -> Expression| own().map(of).sum::<Expression>();
        let disk = sum(&|(_, file, holds, _)| {
            let copies = f64::from(judge::copies(asked, class, *file));
            asked.sizes_bytes[*file as usize] as f64 * copies * *holds
        });
        let new = sum(&|(_, file, holds, _)| judge::new_bytes(asked, class, *file) as f64 * *holds);
        let load = sum(&|(_, file, _, serves)| judge::demand(asked, *file) * *serves);
        model.add_constraint(disk.leq(boxes.iter().map(|one| one.room_bytes as f64).sum::<f64>()));
        model.add_constraint(new.leq(boxes.iter().map(|one| one.new_bytes() as f64).sum::<f64>()));
        let throughput: f64 = boxes.iter().map(|one| one.throughput_bytes_per_s).sum();
        model.add_constraint(load.leq(throughput));
    }
    for file in files {
        let shares = held.iter().filter(|held| held.1 == file).map(|held| held.3);
        model.add_constraint(shares.sum::<Expression>().leq(1.0));
    }
    for (_, _, holds, serves) in &held {
        model.add_constraint((*serves - *holds).leq(0.0));
    }
    let solution = model.solve().expect("there is a best");
    solution.eval(&value)
}

/// Sizes in gigabytes and demand in the hundreds: what an exact solver likes.
fn scaled(shape: Shape) -> Instance {
    let mut asked = Instance::new(shape);
    asked.resident = vec![None; asked.boxes.len()];
    asked.sizes_bytes.iter_mut().for_each(|size| *size = *size / 10_000_000 + 1);
    asked.demand.iter_mut().for_each(|demand| *demand /= 1e7);
    for one in asked.boxes.iter_mut().flatten() {
        one.room_bytes /= 10_000_000;
        one.throughput_bytes_per_s = (one.throughput_bytes_per_s / 1e7).round();
        one.fill_bytes /= 10_000_000;
    }
    asked
}

/// Yesterday's files, a ban, a pin, and a file with two copies, each now and then.
fn with_wishes(mut asked: Instance, dice: &mut Dice) -> Instance {
    let files = asked.sizes_bytes.len();
    let is_now = |dice: &mut Dice| dice.below(2) == 0;
    for resident in &mut asked.resident {
        if is_now(dice) {
            let mut held = Bitmap::new(files);
            (0..files as u32).filter(|_| dice.below(3) == 0).for_each(|file| held.insert(file));
            *resident = Some(Holding { held, copies_each: 1, more: vec![] });
        }
    }
    let banned = dice.below(files) as u32;
    if is_now(dice) {
        asked.bans = Bitmap::new(files);
        asked.bans.insert(banned);
    }
    let (pinned, class) = (dice.below(files) as u32, dice.below(asked.boxes.len()));
    // One that fits beside any other, whatever its copies.
    let room_bytes = asked.boxes[class][0].room_bytes;
    if is_now(dice) && pinned != banned && asked.sizes_bytes[pinned as usize] < room_bytes / 4 {
        asked.pins = vec![Pin { ordinal: pinned, class }];
    }
    if is_now(dice) {
        asked.more_copies = vec![(dice.below(files) as u32, 2)];
    }
    asked
}

#[test]
fn the_exact_best_lies_between_the_value_and_the_bound() {
    let mut gaps = vec![];
    let mut scarce_pairs = 0;
    for seed in 1..=48 {
        let mut dice = Dice(seed * 1000);
        let mut pick = |of: &[f64]| of[dice.below(of.len())];
        let shape = Shape {
            seed,
            files: 20 + seed as usize % 21,
            classes: pick(&[1.0, 2.0]) as usize,
            boxes_a_class: pick(&[1.0, 2.0]) as usize,
            disk: pick(&[0.3, 0.5, 0.2]),
            throughput: pick(&[0.5, 2.0]),
            fill: pick(&[1.0, 1.0, 0.5]),
            is_resident: false,
            copy_share: pick(&[f64::INFINITY, 0.5]),
            churn_price: pick(&[0.0, 0.01, 0.1]),
            ..Shape::default()
        };
        let asked = with_wishes(scaled(shape), &mut dice);
        scarce_pairs += usize::from(shape.classes == 2 && shape.throughput < 1.0);
        let solution = asked.solve().expect("an instance is sound");
        judge::judge(&asked, &solution);
        let best = best(&asked);
        let most = best + solution.pin_cost;
        let tolerance = 1e-6 * most;
        assert!(solution.value <= best + tolerance, "seed {seed}: {} {best}", solution.value);
        assert!(solution.dual_bound >= best - tolerance, "seed {seed}: {}", solution.dual_bound);
        gaps.push(((best - solution.value) / most, (solution.dual_bound - best) / most));
    }
    // On so few files a single one is a large part; what greedy filling loses is bounded by it.
    let mean = |of: fn(&(f64, f64)) -> f64| gaps.iter().map(of).sum::<f64>() / gaps.len() as f64;
    let (lost, above) = (mean(|gap| gap.0), mean(|gap| gap.1));
    println!("lost to the exact best: {:.4} % in the mean", lost * 100.0);
    println!("the bound is above it: {:.4} % in the mean", above * 100.0);
    assert!(scarce_pairs > 5, "{scarce_pairs}");
    assert!(lost < 0.007 && above < 0.0062, "{gaps:?}");
}
