//! Ages in steps of half a doubling. Time is what is asked for, in bytes: a quiet night is
//! short by that clock, and it needs no other.

/// How many steps there are: to 2^63 bytes.
pub(super) const STEPS: usize = 96;

/// The first step, as a power of two: shorter ages are alike.
const FINEST_BITS: u32 = 15;

/// The step of an age.
pub(super) fn step(age_bytes: u64) -> usize {
    step_of_unit(age_bytes >> FINEST_BITS)
}

/// The age at which a step begins.
pub(super) fn begin(step: usize) -> u64 {
    first_unit(step) << FINEST_BITS
}

/// The step of whatever is counted, from zero.
pub(super) fn step_of_unit(unit: u64) -> usize {
    let units = unit.saturating_add(2);
    let doublings = units.ilog2() - 1;
    let is_upper_half = (units >> doublings) & 1 == 1;
    (2 * doublings as usize + usize::from(is_upper_half)).min(STEPS - 1)
}

/// With what a step begins.
pub(super) fn first_unit(step: usize) -> u64 {
    let units = 2_u64 << (step / 2);
    let half = if step % 2 == 1 { units / 2 } else { 0 };
    units + half - 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_begin_where_they_begin() {
        for at in 0..STEPS - 1 {
            let (first, behind) = (begin(at), begin(at + 1));
            assert_eq!((step(first), step(behind - 1)), (at, at));
        }
        assert_eq!((step(u64::MAX), step_of_unit(u64::MAX)), (STEPS - 1, STEPS - 1));
    }
}
