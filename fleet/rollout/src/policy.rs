//! How careful a change is to be.

use serde::{Deserialize, Serialize};

/// How careful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// How many devices are first, each at another site as far as there are as many.
    pub canaries: usize,
    /// What share of the devices has it when each of the following waves is done, rising; the last is all.
    pub waves_percent: Vec<u8>,
    /// At how many devices of a site it is in the making at once: the others serve its viewers.
    pub per_site: usize,
    /// The same of a cluster.
    pub per_cluster: usize,
    /// The same of all.
    pub at_once: usize,
    /// How long a wave is looked at before the next begins, in seconds.
    pub soak_s: u64,
    /// How many devices it may fail at before it halts. A canary that fails halts it in any case.
    pub most_failed: usize,
    /// What share of a wave may be out of reach when the next begins; they get it when they are back.
    pub most_unreachable_percent: u8,
    /// How often a device that is out of reach is tried, in seconds.
    pub retry_s: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            canaries: 1,
            waves_percent: vec![5, 25, 100],
            per_site: 1,
            per_cluster: 1,
            at_once: 50,
            // A box says within ten seconds how it is, a viewer who stalls within a minute.
            soak_s: 300,
            most_failed: 0,
            most_unreachable_percent: 10,
            retry_s: 60,
        }
    }
}

/// Why a policy cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPolicy {
    /// Nothing would ever begin.
    #[error("{0}: at least one, or it never begins")]
    None(&'static str),
    /// Some would be left out, or come before themselves.
    #[error("waves_percent: rising, from 1 on, and the last is 100")]
    Waves,
    /// One change at a device at a time.
    #[error("{0} stands in it twice")]
    Twice(String),
    /// There is no such share.
    #[error("{0}: from 0 to 100")]
    Percent(&'static str),
}

impl Policy {
    /// Whether it can be meant.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), BadPolicy> {
        let counts = [
            ("per_site", self.per_site),
            ("per_cluster", self.per_cluster),
            ("at_once", self.at_once),
        ];
        if let Some((name, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(BadPolicy::None(name));
        }
        let waves = &self.waves_percent;
        let is_rising = waves.windows(2).all(|pair| pair[0] < pair[1]);
        if waves.first().is_none_or(|it| *it == 0) || waves.last() != Some(&100) || !is_rising {
            return Err(BadPolicy::Waves);
        }
        match self.most_unreachable_percent {
            0..=100 => Ok(()),
            _ => Err(BadPolicy::Percent("most_unreachable_percent")),
        }
    }
}
