//! What is expected on later days, as a part of the question.

use super::exact;
use serde::{Deserialize, Serialize};

/// A later day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AheadAsked {
    /// In how many days.
    pub days: u32,
    /// What is expected of regions, in the order of [`super::Question::regions`].
    pub regions: Vec<AheadRegion>,
}

/// A region on a later day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AheadRegion {
    /// What all demand of today is multiplied with by then.
    #[serde(with = "exact::one")]
    pub growth: f64,
    /// What is wanted then of titles of which nothing is wanted yet, rising by number: bytes per second at the peak.
    #[serde(with = "exact::by_title", default, skip_serializing_if = "Vec::is_empty")]
    pub releases: Vec<(u32, f32)>,
}
