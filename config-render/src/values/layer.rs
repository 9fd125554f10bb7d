//! A layer: settings, for how many devices they are said, and by what.

use serde::Serialize;
use serde_json::Value;

/// For how many devices something is said. The later of two that say different things counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// For all, shipped with the program.
    Shipped,
    /// For all.
    All,
    /// For those of a model.
    Model,
    /// For those of a site.
    Site,
    /// For one.
    Device,
}

impl Rank {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Shipped, Self::All, Self::Model, Self::Site, Self::Device];

    /// How it is said.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::All => "all",
            Self::Model => "model",
            Self::Site => "site",
            Self::Device => "device",
        }
    }
}

/// Settings that are said together.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// For how many.
    pub rank: Rank,
    /// What says it: the name of a config context; of what is shipped, the file.
    pub name: String,
    /// Until when, in microseconds since 1970, where it does not count for good. Such a layer counts before
    /// all that do.
    pub expires_at_us: Option<i64>,
    /// A tree of names with values at its leaves.
    pub data: Value,
}

impl Layer {
    /// What comes later counts.
    pub(super) fn order(&self) -> (bool, Rank) {
        (self.expires_at_us.is_some(), self.rank)
    }
}
