//! `Cache-Status` (RFC 9211): how this box came to its answer.

use super::answer::FieldSink;
use cache::Tier;

/// How the answer came about. Without `hit` and without `fwd`: nobody else was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStatus {
    /// The index decided; no lookup took place.
    Silent,
    /// Held here; no byte of it was needed.
    Hit,
    /// Held here, and the first byte came from this tier.
    HitFrom(Tier),
    /// Nobody told this box of it.
    Unknown,
    /// It will be here: the manifest lists it.
    Wanted,
    /// Held, outside its rights window.
    NotServedNow,
    /// Held until now, and found unreadable.
    Unreadable,
    /// Not here, and this network has asked for too much that is not.
    MissLimit,
}

impl CacheStatus {
    fn parameters(self) -> Option<&'static str> {
        Some(match self {
            Self::Silent => return None,
            Self::Hit => "; hit",
            Self::HitFrom(Tier::Ram) => "; hit; detail=ram",
            Self::HitFrom(Tier::Disk) => "; hit; detail=disk",
            Self::Unknown => "; detail=unknown",
            Self::Wanted => "; detail=wanted",
            Self::NotServedNow => "; detail=not-served-now",
            Self::Unreadable => "; detail=unreadable",
            Self::MissLimit => "; detail=miss-limit",
        })
    }

    pub(super) fn write(self, cache_name: &str, sink: &mut impl FieldSink) {
        if let Some(parameters) = self.parameters() {
            sink.field_of("Cache-Status", &[cache_name.as_bytes(), parameters.as_bytes()]);
        }
    }
}
