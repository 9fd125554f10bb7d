//! A server with its load, and what was measured of it.

use super::core;
use super::load::{Brought, Drive};
use super::running::Running;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// How often each server is measured; medians count.
pub const ROUNDS: usize = 15;

/// How long one measurement takes. Machines have slow moments, some of which last for
/// seconds: short turns and many of them share those out among all. The clock counts
/// hundredths of a second.
pub const SPAN: Duration = Duration::from_millis(700);

/// What one measurement of one server gave.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// What the load got.
    pub brought: Brought,
    /// How long the server's core was busy.
    pub core: Duration,
    /// The CPU time of the server's process.
    pub process: Duration,
    /// How long it all took.
    pub span: Duration,
}

/// A server with its load.
pub struct Contender {
    running: Running,
    load: Box<dyn Drive>,
    taken: Vec<Taken>,
}

impl Contender {
    /// Not measured yet.
    #[must_use]
    pub fn new(running: Running, load: impl Drive + 'static) -> Self {
        Self { running, load: Box::new(load), taken: Vec::new() }
    }

    /// What the table calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.running.name
    }

    /// Measures once.
    ///
    /// # Errors
    /// When the server answers wrongly, or has ended.
    pub fn measure(&mut self, span: Duration) -> Result<()> {
        let pid = self.running.pid()?;
        let clocks = || -> Result<_> { Ok((core::busy(core::SERVER)?, core::process_time(pid)?)) };
        let (begun, before) = (Instant::now(), clocks()?);
        let brought = self.load.run(span).with_context(|| self.running.name.clone())?;
        let after = clocks()?;
        self.taken.push(Taken {
            brought,
            core: after.0 - before.0,
            process: after.1 - before.1,
            span: begun.elapsed(),
        });
        Ok(())
    }

    /// The median of a figure.
    pub fn median(&self, figure: impl Fn(&Taken) -> f64) -> f64 {
        median(self.taken.iter().map(figure).collect())
    }
}

/// Measures all of them in turn, A B A B.
///
/// # Errors
/// When one answers wrongly.
pub fn take_turns(contenders: &mut [Contender]) -> Result<()> {
    nix::unistd::sync();
    for _ in 0..ROUNDS {
        for contender in &mut *contenders {
            contender.measure(SPAN)?;
        }
    }
    Ok(())
}

/// The one in the middle.
#[must_use]
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
