//! How long a client may take, by what it is about.

use super::connection::{Connection, Open, Stage, Stand};
use super::core::Core;
use crate::counters::Counters;
use std::time::Duration;

/// A client on the far side of the world has seen the last answer by then.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Deadlines are looked at at least so often: they move, and the wheel is not told.
const LOOK_MS: u64 = 1000;

/// What happens to a connection whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// The end, without a word.
    Cut,
    /// The end, with a goodbye.
    Goodbye,
    /// 408.
    Refuse,
}

impl Connection {
    /// Begins the time that its stage allows.
    pub(super) fn wind(&mut self, core: &Core) {
        let limits = &core.shared.limits;
        self.deadline_ms = match &self.stage {
            Stage::Shaking(_) => core.after(limits.handshake_timeout_s.duration()),
            Stage::Leaving { .. } => core.after(LINGER),
            Stage::Open(open) => match &open.stand {
                Stand::Idle if core.is_draining => core.after(LINGER),
                Stand::Idle => core.after(limits.idle_timeout_s.duration()),
                Stand::Asking => core.after(limits.header_timeout_s.duration()),
                // The disk has its own patience.
                Stand::Parked(_) => u64::MAX,
                Stand::Answering(_) | Stand::Done => core.after(limits.write_timeout_s.duration()),
            },
        };
    }

    /// The server drains: who has connected and asked nothing yet is waited for, but not long.
    pub(super) fn hasten(&mut self, core: &Core) {
        if matches!(&self.stage, Stage::Open(open) if matches!(open.stand, Stand::Idle)) {
            self.deadline_ms = self.deadline_ms.min(core.after(LINGER));
        }
    }

    /// When it should be looked at next.
    pub(super) fn look_ms(&self, core: &Core) -> u64 {
        self.deadline_ms.min(core.now_ms + LOOK_MS)
    }

    /// Its time is over: counts it, and says what happens.
    pub(super) fn late(&self, counters: &Counters) -> Late {
        let timeouts = &counters.timeouts;
        match &self.stage {
            Stage::Shaking(_) => {
                timeouts.handshake.one();
                Late::Cut
            }
            Stage::Leaving { .. } => Late::Cut,
            Stage::Open(open) => open.late(counters),
        }
    }
}

impl Open {
    fn late(&self, counters: &Counters) -> Late {
        let timeouts = &counters.timeouts;
        match &self.stand {
            Stand::Idle => {
                timeouts.idle.one();
                Late::Goodbye
            }
            Stand::Asking => {
                timeouts.header.one();
                Late::Refuse
            }
            Stand::Answering(_) | Stand::Done | Stand::Parked(_) => {
                timeouts.write.one();
                Late::Cut
            }
        }
    }
}
