//! What the configuration says of filling. May be another while a box runs.

use crate::gate::Gate;
use crate::window::{Schedule, UnknownZone};
use contract::config::{Fill, SourceCaps, WidenAfter};
use contract::time::TimeUs;
use std::sync::Arc;

/// The clock on the wall: windows are local time. A simulation has its own.
pub type Clock = Arc<dyn Fn() -> TimeUs + Send + Sync>;

/// When, how fast, from how far, and how many at once.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Windows and caps.
    pub gate: Gate,
    /// When sources further away are asked, too.
    pub widen_after: WidenAfter,
    /// What each source may give.
    pub source_caps: SourceCaps,
    /// Transfers at once.
    pub parallel: usize,
}

impl Rules {
    /// As a configuration says.
    ///
    /// # Errors
    /// [`UnknownZone`]: only whoever has a time zone database can tell.
    pub fn of(fill: &Fill) -> Result<Self, UnknownZone> {
        Ok(Self {
            gate: Gate::new(fill)?,
            widen_after: fill.widen_after_s,
            source_caps: fill.source_caps_bits_per_s,
            parallel: usize::from(fill.parallel).max(1),
        })
    }
}

impl Default for Rules {
    /// At any hour, as fast as sources give.
    fn default() -> Self {
        let fill = Fill::default();
        Self {
            gate: Gate::open(Schedule::always()),
            widen_after: fill.widen_after_s,
            source_caps: fill.source_caps_bits_per_s,
            parallel: fill.parallel.into(),
        }
    }
}
