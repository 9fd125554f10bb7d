//! The daily curve: how much more is watched in the busiest step of a day than on average.

use std::io::BufRead;

/// A published day has 274 steps of five minutes.
const STEPS_MAX: usize = 1_000_000;

/// A day of no file: evenings have twice the average, as everywhere.
const USUAL_PEAK: f64 = 2.0;

/// Requests over a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    peak: f64,
}

impl Default for Curve {
    fn default() -> Self {
        Self { peak: USUAL_PEAK }
    }
}

/// Why a curve is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadCurve {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// A line that is not a time and a number of requests.
    #[error("line {0}: is no time and number of requests, with a comma between them")]
    Line(usize),
    /// Nothing in it, or no requests.
    #[error("has no requests")]
    None,
    /// Too much.
    #[error("has more than {STEPS_MAX} steps")]
    TooMany,
}

impl Curve {
    /// Reads steps of equal length, a line each: Unix time, a comma, requests.
    ///
    /// # Errors
    /// [`BadCurve`], with the line.
    pub fn parse(text: impl BufRead) -> Result<Self, BadCurve> {
        // A line has two numbers; what has no lines is another kind of file.
        let text = text.take(64 * STEPS_MAX as u64);
        let (mut sum, mut most, mut steps) = (0.0, 0.0_f64, 0);
        for (at, line) in (1..).zip(text.lines()) {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let (time, requests) = line.split_once(',').ok_or(BadCurve::Line(at))?;
            let _: f64 = time.trim().parse().map_err(|_| BadCurve::Line(at))?;
            let requests = requests.trim().parse().ok();
            let requests = requests.filter(|requests: &f64| (0.0..=1e15).contains(requests));
            let requests = requests.ok_or(BadCurve::Line(at))?;
            (sum, most, steps) = (sum + requests, most.max(requests), steps + 1);
            if steps > STEPS_MAX {
                return Err(BadCurve::TooMany);
            }
        }
        if sum > 0.0 { Ok(Self { peak: most * steps as f64 / sum }) } else { Err(BadCurve::None) }
    }

    /// The busiest step over the mean.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.peak
    }
}
