//! Whether somebody sets the clock of this machine.
#![expect(unsafe_code, reason = "the kernel is asked what it knows of its clock, by one call")]

use super::{About, Finding};
use crate::filling::when;
use contract::time::TimeUs;
use nix::libc;

/// What the kernel takes for set is set to within this, or nobody has set it for long.
const MOST_ERROR_US: i64 = 1_000_000;

/// `since`: the time is later, by the word of whoever has issued this box's certificate.
pub(super) fn look(now: TimeUs, since: Option<TimeUs>) -> Finding {
    judge(now, since, kernel())
}

fn judge(now: TimeUs, since: Option<TimeUs>, kernel: Option<Kernel>) -> Finding {
    let here = when(now);
    if let Some(since) = since.filter(|since| now < *since) {
        let says = format!("it is {here} by it, and this box was certified at {}", when(since));
        return Finding::missing(About::Clock, says, "set it: chronyc makestep");
    }
    match kernel {
        Some(Kernel { is_set: true, error_us }) if error_us <= MOST_ERROR_US => {
            Finding::well(About::Clock, format!("it is {here}, to within {} ms", error_us / 1000))
        }
        Some(_) => {
            let says = format!("it is {here} by it, and nobody sets it");
            Finding::missing(About::Clock, says, "see whether chrony runs: chronyc sources")
        }
        None => Finding::well(About::Clock, format!("it is {here}; the kernel does not say more")),
    }
}

/// What the kernel knows.
#[derive(Debug, Clone, Copy)]
struct Kernel {
    /// Somebody keeps it right.
    is_set: bool,
    /// At the most.
    error_us: i64,
}

fn kernel() -> Option<Kernel> {
    // SAFETY: numbers, of which zeros are as good as any; no mode is a question alone.
    let mut known: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes into what is borrowed for this call alone.
    let state = unsafe { libc::adjtimex(&raw mut known) };
    let is_set = state != libc::TIME_ERROR && known.status & libc::STA_UNSYNC == 0;
    (state >= 0).then_some(Kernel { is_set, error_us: known.maxerror })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_well_that_is_set_and_not_behind_its_own_certificate() {
        let at = |second| TimeUs(0).plus_s(second);
        let set = |error_us| Some(Kernel { is_set: true, error_us });
        let is_well = |since, kernel| judge(at(100), since, kernel).is_well;
        assert!(is_well(None, set(5)) && is_well(Some(at(100)), set(5)) && is_well(None, None));
        assert!(!is_well(Some(at(101)), set(5)));
        assert!(!is_well(None, set(MOST_ERROR_US + 1)));
        assert!(!is_well(None, Some(Kernel { is_set: false, error_us: 0 })));
        assert!(kernel().is_some(), "this machine's kernel says");
    }
}
