//! Small clusters by chance: no rule is ever broken, and nothing beats the bound.

use crate::instances::{Instance, spread_all};
use crate::judge::{self, judge, judge_spread};
use prefill::cluster::{
    Bitmap, ClusterBox, Deviation, Holding, Pin, Refused, Workspace, add_misses,
};
use proptest::collection::vec;
use proptest::prelude::*;

const MOST_FILES: usize = 9;

fn a_box() -> impl Strategy<Value = ClusterBox> {
    let throughput = prop_oneof![1 => Just(0u32), 9 => 0u32..60];
    (any::<u64>(), 0u64..25, throughput, 0u64..30, 0u64..60).prop_map(
        |(seed, room_bytes, throughput, fill_bytes, endurance_bytes)| ClusterBox {
            seed,
            room_bytes,
            throughput_bytes_per_s: f64::from(throughput),
            fill_bytes,
            endurance_bytes,
        },
    )
}

fn bitmap(bits: &[bool]) -> Bitmap {
    let mut set = Bitmap::new(bits.len());
    (0..).zip(bits).filter(|bit| *bit.1).for_each(|bit| set.insert(bit.0));
    set
}

fn a_class(files: usize) -> impl Strategy<Value = (Vec<ClusterBox>, Option<Holding>)> {
    let holding =
        (vec(any::<bool>(), files), 1u16..3, vec((0..files.max(1) as u32, 1u16..4), 0..2));
    let holding = holding.prop_map(move |(held, copies_each, mut more)| {
        let held = bitmap(&held);
        more.retain(|more| held.contains(more.0));
        more.sort_unstable();
        more.dedup_by_key(|more| more.0);
        Holding { held, copies_each, more }
    });
    (vec(a_box(), 1..4), proptest::option::of(holding))
}

/// Rising, each file once.
fn few<T: std::fmt::Debug>(
    files: usize,
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<(u32, T)>> {
    vec((0..files.max(1) as u32, value), 0..3).prop_map(move |mut list| {
        list.retain(|entry| (entry.0 as usize) < files);
        list.sort_by_key(|entry| entry.0);
        list.dedup_by_key(|entry| entry.0);
        list
    })
}

/// Few sizes and demands, so that densities are often equal.
pub(crate) fn an_instance(classes: usize) -> impl Strategy<Value = Instance> {
    (0..=MOST_FILES).prop_flat_map(move |files| {
        let contents =
            (vec(1u64..12, files), vec(0u8..20, files), vec(a_class(files), 1..=classes));
        let asked = (
            few(files, 0u8..40),
            vec(prop::bool::weighted(0.1), files),
            few(files, 0..classes),
            1u16..3,
            few(files, 1u16..4),
        );
        let numbers = (
            prop_oneof![Just(1.0), Just(0.3)],
            prop_oneof![2 => Just(f64::INFINITY), 1 => Just(0.5)],
            prop_oneof![2 => Just(0.0), 1 => Just(0.2), 1 => Just(1.5)],
        );
        (contents, asked, numbers).prop_map(|(contents, asked, numbers)| {
            let (sizes_bytes, demand, classes) = contents;
            let demand: Vec<f32> = demand.into_iter().map(f32::from).collect();
            let mut instance = Instance::plain(&sizes_bytes, &demand, &[]);
            (instance.boxes, instance.resident) = classes.into_iter().unzip();
            let (deviations, banned, pins, least_copies, more_copies) = asked;
            let deviation = |(ordinal, demand)| Deviation { ordinal, demand: f32::from(demand) };
            instance.deviations = deviations.into_iter().map(deviation).collect();
            instance.bans = bitmap(&banned);
            instance.pins =
                pins.into_iter().map(|(ordinal, class)| Pin { ordinal, class }).collect();
            instance.pins.retain(|pin| !banned[pin.ordinal as usize]);
            instance.pins.retain(|pin| pin.class < instance.boxes.len());
            instance.least_copies = least_copies;
            instance.more_copies = more_copies;
            (instance.region_share, instance.copy_share, instance.churn_price) = numbers;
            instance
        })
    })
}

/// The best there is, by trying everything: what each of two classes holds, and for each of
/// these the greatest flow from files to classes, which is the least cut.
fn best_of_all(asked: &Instance) -> f64 {
    let (files, classes) = (asked.sizes_bytes.len(), asked.boxes.len());
    let choices = (0..classes).flat_map(|class| (0..files as u32).map(move |file| (class, file)));
    let choices: Vec<(usize, u32)> = choices.collect();
    let is_allowed = |class: usize, file: u32| {
        !asked.bans.contains(file) && judge::is_placeable(asked, class, file)
    };
    let allowed = choices.iter().filter(|(class, file)| is_allowed(*class, *file));
    let allowed: Vec<(usize, u32)> = allowed.copied().collect();
    let mut best = f64::NEG_INFINITY;
    for chosen in 0u32..1 << allowed.len() {
        let held = allowed.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        let held: Vec<(usize, u32)> = held.map(|(_, choice)| *choice).collect();
        if let Some(value) = value_of(asked, &held) {
            best = best.max(value);
        }
    }
    best
}

fn value_of(asked: &Instance, held: &[(usize, u32)]) -> Option<f64> {
    let is_pinned = |pin: &Pin| held.contains(&(pin.class, pin.ordinal));
    if !asked.pins.iter().all(is_pinned) {
        return None;
    }
    let mut new_at_all = 0;
    for (class, boxes) in asked.boxes.iter().enumerate() {
        let files = || held.iter().filter(|held| held.0 == class).map(|held| held.1);
        let disk = |file: u32| {
            asked.sizes_bytes[file as usize] * u64::from(judge::copies(asked, class, file))
        };
        let new: u64 = files().map(|file| judge::new_bytes(asked, class, file)).sum();
        let room: u64 = boxes.iter().map(|one| one.room_bytes).sum();
        if files().map(disk).sum::<u64>() > room
            || new > boxes.iter().map(ClusterBox::new_bytes).sum()
        {
            return None;
        }
        new_at_all += new;
    }
    let cut = |cut_classes: u32| {
        let is_cut = |class: usize| cut_classes >> class & 1 == 1;
        let throughput = asked.boxes.iter().enumerate().filter(|boxes| is_cut(boxes.0));
        let throughput: f64 =
            throughput.flat_map(|boxes| boxes.1).map(|one| one.throughput_bytes_per_s).sum();
        let demand: f64 = (0..asked.sizes_bytes.len() as u32)
            .filter(|file| held.iter().any(|held| held.1 == *file && !is_cut(held.0)))
            .map(|file| judge::demand(asked, file))
            .sum();
        throughput + demand
    };
    let served = (0..1 << asked.boxes.len()).map(cut).fold(f64::INFINITY, f64::min);
    Some(served - asked.churn_price * new_at_all as f64)
}

fn is_about_pins(refused: &Refused) -> bool {
    matches!(
        refused,
        Refused::PinTooLarge { .. } | Refused::PinsOverDisk { .. } | Refused::PinsOverFill { .. }
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_rule_is_broken(asked in an_instance(4)) {
        match asked.solve() {
            Ok(solution) => {
                judge(&asked, &solution);
                prop_assert!((0.0..=1.0).contains(&solution.gap()), "{solution:?}");
            }
            Err(refused) => prop_assert!(is_about_pins(&refused), "{refused}"),
        }
    }

    #[test]
    fn boxes_break_no_rule_either(asked in an_instance(4)) {
        asked.with_problem(|problem| {
            let mut workspace = Workspace::default();
            if workspace.solve(problem).is_err() {
                return;
            }
            let spreads = spread_all(&mut workspace, problem);
            let solution = workspace.solution();
            judge_spread(&asked, solution, &spreads);
            assert!((0.0..=1.0).contains(&solution.gap()), "{solution:?}");
            for (class, spread) in solution.classes.iter().zip(&spreads) {
                let some = spread.short.iter().filter(|short| short.1 > 0).count();
                assert_eq!(class.short_files, some);
                for ordinal in 0..asked.sizes_bytes.len() as u32 {
                    let copies = usize::from(class.holding.copies(ordinal));
                    assert_eq!(spread.boxes(ordinal).count(), copies);
                }
            }
        });
    }

    #[test]
    fn what_is_not_served_is_asked_of_the_parent(asked in an_instance(3)) {
        asked.with_problem(|problem| {
            let mut workspace = Workspace::default();
            let Ok(solution) = workspace.solve(problem) else { return };
            let mut parent = vec![1.0; asked.sizes_bytes.len()];
            add_misses(problem, solution, &mut parent);
            for (ours, expected) in parent.iter().zip(judge::misses(problem, solution)) {
                assert!((f64::from(*ours) - 1.0 - expected).abs() < 1e-4, "{ours} {expected}");
            }
        });
    }

    #[test]
    fn memory_that_was_used_before_changes_nothing(
        before in an_instance(4),
        asked in an_instance(4),
    ) {
        let mut workspace = Workspace::default();
        before.with_problem(|problem| drop(workspace.solve(problem).cloned()));
        let again = asked.with_problem(|problem| workspace.solve(problem).cloned());
        prop_assert_eq!(again, asked.solve());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_beats_the_bound(asked in an_instance(2)) {
        prop_assume!(asked.boxes.len() * asked.sizes_bytes.len() <= 14);
        let best = best_of_all(&asked);
        match asked.solve() {
            Ok(solution) => {
                let tolerance = 1e-9 * best.abs() + 1e-9;
                prop_assert!(solution.value <= best + tolerance, "{} {best}", solution.value);
                prop_assert!(solution.dual_bound >= best - tolerance, "{} {best}", solution.dual_bound);
            }
            Err(refused) => {
                prop_assert!(is_about_pins(&refused), "{refused}");
                prop_assert!(best == f64::NEG_INFINITY, "{refused}, and {best} is possible");
            }
        }
    }
}
