//! What comes out: one measure, how it is defined, and what it has to reach.

use serde::Serialize;

/// One measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What is measured.
    pub name: &'static str,
    /// Which rows are scored and how, and what the baseline is.
    pub definition: &'static str,
    /// The baseline's value, from the same rows.
    pub baseline: f64,
    /// The forecast's value.
    pub value: f64,
    /// What it has to be where the baseline is [`Row::baseline_then`].
    pub must_reach: Bound,
    /// The baseline over all weeks beside which that was set, where there was one: other weeks are
    /// harder or easier, and ask for as much less or more.
    pub baseline_then: Option<f64>,
    /// How many rows were scored.
    pub rows_scored: usize,
    /// Further values worth knowing: other baselines, parts of the weeks.
    pub beside: Vec<Beside>,
}

/// A value that explains a row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Beside {
    /// Of what.
    pub name: &'static str,
    /// How much.
    pub value: f64,
}

/// What a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// Neither less than the first nor more than the second.
    Between(f64, f64),
}

impl Bound {
    /// Whether a value is what it has to be. What is not a number is not.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::Between(least, most) => (least..=most).contains(&value),
        }
    }
}

impl Row {
    /// What the value has to be beside the baseline of these rows; of a share nobody has more than
    /// all.
    #[must_use]
    pub fn must_reach_here(&self) -> Bound {
        let harder = self.baseline_then.map_or(1.0, |then| self.baseline / then);
        match self.must_reach {
            Bound::AtMost(most) => Bound::AtMost(most * harder),
            Bound::AtLeast(least) => Bound::AtLeast((least * harder).min(1.0)),
            // Such rows have no baseline beside which that was set.
            between @ Bound::Between(..) => between,
        }
    }

    /// Whether it is that.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.must_reach_here().holds(self.value)
    }
}
