//! When sources further away are asked, too. Pure.
//!
//! Same site first, then boxes elsewhere in the provider's network, then the origin: each has
//! its time, so that an object crosses the provider's edge once. Where the fleet names a time
//! for a source, that holds; it orders hops within a network so.

use contract::config::WidenAfter;
use contract::sources::{Source, SourceKind};
use std::time::Duration;

/// How far away a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// In the same site.
    Site,
    /// In the provider's network.
    Network,
    /// The owner's own server.
    Origin,
}

impl Reach {
    /// By what kind of place it is.
    #[must_use]
    pub fn of(kind: &SourceKind) -> Self {
        match kind {
            SourceKind::Peer(_) => Self::Site,
            SourceKind::Parent(_) => Self::Network,
            SourceKind::Origin => Self::Origin,
        }
    }
}

/// For how long an object must have been wanted before this source is asked, where the nearest
/// that there is lies at `nearest`: that one is asked at once.
#[must_use]
pub fn after(source: &Source, nearest: Reach, widen: &WidenAfter) -> Duration {
    match (source.after_s, Reach::of(&source.kind)) {
        (1.., _) => Duration::from_secs(source.after_s.into()),
        (0, reach) if reach <= nearest => Duration::ZERO,
        (0, Reach::Site) => Duration::ZERO,
        (0, Reach::Network) => widen.network.duration(),
        (0, Reach::Origin) => widen.origin.duration(),
    }
}

/// The nearest of several.
#[must_use]
pub fn nearest<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Reach {
    sources.into_iter().map(|source| Reach::of(&source.kind)).min().unwrap_or(Reach::Site)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::DeviceName;
    use contract::quantity::Seconds;

    fn source(kind: SourceKind, after_s: u32) -> Source {
        Source {
            kind,
            address: ([127, 0, 0, 1], 1).into(),
            tls_name: None,
            origin: None,
            after_s,
            cap_bytes_per_s: None,
        }
    }

    #[test]
    fn the_nearest_are_asked_at_once_and_the_fleet_has_the_last_word() {
        let name = DeviceName::new("oca1.a").expect("name");
        let (peer, parent) = (SourceKind::Peer(name.clone()), SourceKind::Parent(name));
        let widen = WidenAfter { network: Seconds(15), origin: Seconds(60) };
        let seconds = |ranked: &[Source]| {
            let nearest = nearest(ranked);
            ranked.iter().map(|each| after(each, nearest, &widen).as_secs()).collect::<Vec<_>>()
        };
        let all = |after_s| {
            [&peer, &parent, &parent, &SourceKind::Origin]
                .map(|kind| source(kind.clone(), if *kind == parent { after_s } else { 0 }))
        };
        assert_eq!(seconds(&all(0)), [0, 15, 15, 60]);
        assert_eq!(seconds(&all(5)), [0, 5, 5, 60]);
        assert_eq!(seconds(&all(0)[1..]), [0, 0, 60], "no box in the site has it");
        assert_eq!(seconds(&[source(SourceKind::Origin, 0)]), [0]);
        assert_eq!(seconds(&[source(SourceKind::Origin, 7)]), [7]);
    }
}
