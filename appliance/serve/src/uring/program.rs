//! The program by which the kernel picks a socket: classic BPF, a few steps for each run of
//! processors whose connections go to the same threads.
//!
//! A program that names a socket that is not there leaves the choice to the kernel's hash:
//! so it is for processors that the plan does not know.

use nix::libc;
use std::collections::BTreeMap;

/// One step of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) code: u32,
    /// How many steps to leave out when a comparison holds, and when it does not.
    pub(super) jump: (u8, u8),
    pub(super) k: u32,
}

/// No group has as many sockets.
pub(super) const ANY_SOCKET: u32 = u32::MAX;

/// The most steps that the kernel takes (`BPF_MAXINSNS`).
pub(super) const MOST_STEPS: usize = 4096;

const OFFSET_OF_CPU: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_CPU).cast_unsigned();
const OFFSET_OF_RANDOM: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_RANDOM).cast_unsigned();

const fn step(code: u32, k: u32) -> Step {
    Step { code, jump: (0, 0), k }
}

const LOAD_CPU: Step = step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, OFFSET_OF_CPU);
const LOAD_RANDOM: Step = step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, OFFSET_OF_RANDOM);

fn modulo(count: u32) -> Step {
    step(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K, count)
}

fn give(socket: u32) -> Step {
    step(libc::BPF_RET | libc::BPF_K, socket)
}

/// The program for `sockets` sockets, of which these take what each processor receives:
/// any of several with the same chance. `None` when there is nothing to say, or more than
/// the kernel takes.
pub(super) fn build(takers: &BTreeMap<u32, Vec<usize>>, sockets: u32) -> Option<Vec<Step>> {
    let is_there = |thread: &usize| u32::try_from(*thread).is_ok_and(|it| it < sockets);
    if takers.is_empty() || !takers.values().flatten().all(is_there) {
        return None;
    }
    let is_remainder = |(processor, of): (&u32, &Vec<usize>)| matches!(of.as_slice(), [one] if u32::try_from(*one) == Ok(processor % sockets));
    if takers.iter().all(is_remainder) {
        let answer = step(libc::BPF_RET | libc::BPF_A, 0);
        return Some(vec![LOAD_CPU, modulo(sockets), answer]);
    }
    let mut program = vec![LOAD_CPU];
    // Numbers that no processor has belong to the run after them: nobody asks.
    let rows: Vec<(&u32, &Vec<usize>)> = takers.iter().collect();
    for run in rows.chunk_by(|(_, one), (_, next)| one == next) {
        let &[.., (last, of)] = run else { continue };
        let answer = answer(of)?;
        program.extend(unless_above(*last, answer.len()));
        program.extend(answer);
    }
    program.push(give(ANY_SOCKET));
    (program.len() <= MOST_STEPS).then_some(program)
}

/// Leaves out so many steps for processors above `last`.
fn unless_above(last: u32, steps: usize) -> Vec<Step> {
    let code = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
    match u8::try_from(steps) {
        Ok(steps) => vec![Step { code, jump: (steps, 0), k: last }],
        // A comparison reaches 255 steps; a plain jump any number.
        Err(_) => {
            let far = step(libc::BPF_JMP | libc::BPF_JA, u32::try_from(steps).unwrap_or(u32::MAX));
            vec![Step { code, jump: (0, 1), k: last }, far]
        }
    }
}

/// One of these sockets.
fn answer(of: &[usize]) -> Option<Vec<Step>> {
    let of: Vec<u32> = of.iter().filter_map(|thread| u32::try_from(*thread).ok()).collect();
    let (last, others) = of.split_last()?;
    if others.is_empty() {
        return Some(vec![give(*last)]);
    }
    let mut steps = vec![LOAD_RANDOM, modulo(u32::try_from(of.len()).ok()?)];
    for (at, socket) in (0u32..).zip(others) {
        let code = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        steps.extend([Step { code, jump: (0, 1), k: at }, give(*socket)]);
    }
    steps.push(give(*last));
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the kernel would do with a program, on a processor, with a number by chance.
    fn run(program: &[Step], processor: u32, chance: u32) -> Option<u32> {
        let (mut at, mut a) = (0usize, 0u32);
        let is = |step: &Step, code: u32| step.code == code;
        for _ in 0..=program.len() {
            let step = program.get(at)?;
            at += 1;
            let leave_out =
                |holds: bool| usize::from(if holds { step.jump.0 } else { step.jump.1 });
            if is(step, LOAD_CPU.code) {
                a = if step.k == OFFSET_OF_CPU { processor } else { chance };
            } else if is(step, libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K) {
                a = a.checked_rem(step.k)?;
            } else if is(step, libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) {
                at += leave_out(a > step.k);
            } else if is(step, libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) {
                at += leave_out(a == step.k);
            } else if is(step, libc::BPF_JMP | libc::BPF_JA) {
                at += step.k as usize;
            } else if is(step, libc::BPF_RET | libc::BPF_A) {
                return Some(a);
            } else if is(step, libc::BPF_RET | libc::BPF_K) {
                return Some(step.k);
            } else {
                return None;
            }
        }
        None
    }

    fn alone(map: &[(u32, usize)]) -> BTreeMap<u32, Vec<usize>> {
        map.iter().map(|(processor, thread)| (*processor, vec![*thread])).collect()
    }

    #[test]
    fn where_the_remainder_says_it_the_program_is_three_steps() {
        let program = build(&alone(&[(0, 0), (1, 1), (2, 2)]), 3).expect("a program");
        assert_eq!(program.len(), 3);
        assert_eq!(run(&program, 2, 7), Some(2));
    }

    #[test]
    fn what_cannot_be_said_is_no_program() {
        assert_eq!(build(&BTreeMap::new(), 2), None);
        assert_eq!(build(&alone(&[(0, 2)]), 2), None);
        assert_eq!(build(&BTreeMap::from([(0, vec![]), (5, vec![1])]), 2), None);
        let alternating: Vec<(u32, usize)> =
            (0..4096).map(|at| (at, at as usize / 2 % 2)).collect();
        assert_eq!(build(&alone(&alternating), 2), None, "{MOST_STEPS} steps are too few");
        assert!(build(&alone(&alternating[..4000]), 2).is_some());
    }

    #[test]
    fn hundreds_may_share() {
        let everyone: Vec<usize> = (0..300).collect();
        let takers = BTreeMap::from([(3, everyone), (9, vec![7])]);
        let program = build(&takers, 300).expect("a program");
        for chance in 0..300 {
            assert_eq!(run(&program, 3, chance), Some(chance));
        }
        assert_eq!(run(&program, 9, 5), Some(7));
        assert_eq!(run(&program, 10, 5), Some(ANY_SOCKET));
    }

    proptest! {
        #[test]
        fn a_program_says_what_the_map_says(
            takers in proptest::collection::btree_map(
                0u32..600,
                proptest::collection::vec(0usize..64, 1..5),
                1..200,
            ),
            chance: u32,
        ) {
            let program = build(&takers, 64).expect("short enough");
            prop_assert!(program.len() <= MOST_STEPS);
            for (processor, of) in &takers {
                let expected = of[chance as usize % of.len()];
                prop_assert_eq!(run(&program, *processor, chance), u32::try_from(expected).ok());
            }
        }
    }
}
