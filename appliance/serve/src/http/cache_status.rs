//! `Cache-Status` (RFC 9211): how this box came to its answer.

use super::answer::FieldSink;
use super::stack_text::StackText;
use cache::Tier;
use cache::received::Absence;

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
    /// Not here; a box of the same site holds it.
    Redirected,
    /// Not here, and no box of the site that this one knows of holds it.
    NoSibling,
    /// Whoever asks has carried out purges that this box has not.
    PurgePending,
    /// Held, outside its rights window.
    NotServedNow,
    /// Held until now, and found unreadable.
    Unreadable,
    /// Not here, and this network has asked for too much that is not.
    MissLimit,
    /// Received before; for so long it stays fresh, or has been stale.
    Fresh {
        /// Negative when it is stale.
        ttl_s: i64,
        /// Where the first byte came from; none was needed otherwise.
        tier: Option<Tier>,
    },
    /// Received, or found unchanged, because this request asked for it.
    Forwarded {
        /// Why.
        forward: Forward,
        /// Together with another request.
        is_collapsed: bool,
        /// As above.
        ttl_s: i64,
    },
    /// Ordered, and brought now because this request asked for it.
    Brought {
        /// Together with another request.
        is_collapsed: bool,
    },
    /// No origin has given it.
    Absent {
        /// Why not.
        why: Absence,
        /// Why they were asked for this request, if they were.
        forward: Option<Forward>,
    },
}

/// Why an origin was asked (RFC 9211 §2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// Nothing was here.
    UriMiss,
    /// Something was, and stale.
    Stale,
}

impl Forward {
    fn as_str(self) -> &'static str {
        match self {
            Self::UriMiss => "uri-miss",
            Self::Stale => "stale",
        }
    }
}

fn reason(why: Absence) -> &'static str {
    match why {
        Absence::NotFound => "not-found",
        Absence::NoAnswer => "no-answer",
        Absence::NotForCaches => "not-for-caches",
        Absence::NoRoom => "no-room",
    }
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
            Self::Redirected => "; detail=redirected",
            Self::NoSibling => "; detail=no-sibling",
            Self::PurgePending => "; detail=purge-pending",
            Self::NotServedNow => "; detail=not-served-now",
            Self::Unreadable => "; detail=unreadable",
            Self::MissLimit => "; detail=miss-limit",
            Self::Brought { is_collapsed: true } => "; fwd=uri-miss; stored; collapsed",
            Self::Brought { is_collapsed: false } => "; fwd=uri-miss; stored",
            Self::Fresh { .. } | Self::Forwarded { .. } | Self::Absent { .. } => return None,
        })
    }

    /// Parameters that hold a number or depend on several things.
    fn demanded(self) -> Option<StackText<80>> {
        match self {
            Self::Fresh { ttl_s, tier } => {
                let tier = match tier {
                    Some(Tier::Ram) => "; detail=ram",
                    Some(Tier::Disk) => "; detail=disk",
                    None => "",
                };
                StackText::of(format_args!("; hit; ttl={ttl_s}{tier}"))
            }
            Self::Forwarded { forward, is_collapsed, ttl_s } => {
                let collapsed = if is_collapsed { "; collapsed" } else { "" };
                let forward = forward.as_str();
                StackText::of(format_args!("; fwd={forward}; stored{collapsed}; ttl={ttl_s}"))
            }
            Self::Absent { why, forward } => {
                let detail = reason(why);
                match forward.map(Forward::as_str) {
                    Some(forward) => {
                        StackText::of(format_args!("; fwd={forward}; detail={detail}"))
                    }
                    None => StackText::of(format_args!("; detail={detail}")),
                }
            }
            _ => None,
        }
    }

    pub(super) fn write(self, cache_name: &str, sink: &mut impl FieldSink) {
        let demanded = self.demanded();
        let demanded = demanded.as_ref().map(StackText::as_bytes);
        if let Some(parameters) = self.parameters().map(str::as_bytes).or(demanded) {
            sink.field_of("Cache-Status", &[cache_name.as_bytes(), parameters]);
        }
    }
}
