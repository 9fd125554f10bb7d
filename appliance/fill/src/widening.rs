//! When sources further away are asked, too. Pure.
//!
//! The boxes of a site first, then those elsewhere in the provider's network, then the origin:
//! each when the siblings have not answered for its time, so that an object crosses the
//! provider's edge once. Where the fleet names a time for a source, that holds; it orders hops
//! within a network so.

use contract::config::WidenAfter;
use contract::sources::{Source, SourceKind};
use std::time::Duration;

/// For how long siblings must not have answered before this source is asked.
#[must_use]
pub(crate) fn after(source: &Source, widen: &WidenAfter) -> Duration {
    match (source.after_s, &source.kind) {
        (1.., _) => Duration::from_secs(source.after_s.into()),
        (0, SourceKind::Peer(_)) => Duration::ZERO,
        (0, SourceKind::Parent(_)) => widen.network.duration(),
        (0, SourceKind::Origin) => widen.origin.duration(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::DeviceName;
    use contract::quantity::Seconds;

    #[test]
    fn the_origin_comes_last_and_the_fleet_has_the_last_word() {
        let name = DeviceName::new("oca1.a").expect("name");
        let widen = WidenAfter { network: Seconds(15), origin: Seconds(60) };
        let seconds = |kind, after_s| {
            let source = Source {
                kind,
                address: ([127, 0, 0, 1], 1).into(),
                tls_name: None,
                origin: None,
                after_s,
                cap_bytes_per_s: None,
            };
            after(&source, &widen).as_secs()
        };
        assert_eq!(seconds(SourceKind::Peer(name.clone()), 0), 0);
        assert_eq!(seconds(SourceKind::Parent(name.clone()), 0), 15);
        assert_eq!(seconds(SourceKind::Parent(name), 5), 5);
        assert_eq!([0, 7].map(|after_s| seconds(SourceKind::Origin, after_s)), [60, 7]);
    }
}
