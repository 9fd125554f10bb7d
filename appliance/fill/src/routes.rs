//! Which sources serve an object.

use contract::catalogue::Ordinal;
use contract::sources::{Batch, Source, Sources};
use std::sync::Arc;

/// The sources of every object, by runs of ordinals.
#[derive(Debug, Default, Clone)]
pub struct Routes {
    /// First ordinal, last ordinal, sources; by rising first ordinal.
    runs: Vec<(Ordinal, Ordinal, Arc<[Source]>)>,
}

impl Routes {
    /// Takes the document apart for look-up.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        let mut runs: Vec<_> = sources.batches.into_iter().flat_map(runs_of).collect();
        runs.sort_by_key(|(first, ..)| *first);
        Self { runs }
    }

    /// The sources of one object, best first; none when the fleet named none.
    #[must_use]
    pub fn of(&self, ordinal: Ordinal) -> Option<Arc<[Source]>> {
        let behind = self.runs.partition_point(|(first, ..)| *first <= ordinal);
        let (_, last, ranked) = self.runs.get(behind.checked_sub(1)?)?;
        (ordinal <= *last).then(|| Arc::clone(ranked))
    }

    /// All sources, some of them more than once.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.runs.iter().flat_map(|(_, _, ranked)| ranked.iter())
    }
}

fn runs_of(batch: Batch) -> impl Iterator<Item = (Ordinal, Ordinal, Arc<[Source]>)> {
    let ranked: Arc<[Source]> = batch.ranked.into();
    batch
        .objects
        .into_iter()
        .filter(|run| run.1 > 0)
        .map(move |run| (run.0, run.0.saturating_add(run.1 - 1), Arc::clone(&ranked)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::manifest::Run;
    use contract::names::GroupName;
    use contract::sources::SourceKind;

    fn batch(objects: Vec<Run>, port: u16) -> Batch {
        let source = Source {
            kind: SourceKind::Origin,
            address: ([127, 0, 0, 1], port).into(),
            tls_name: None,
            origin: None,
            after_s: 0,
            cap_bytes_per_s: None,
        };
        Batch { group: GroupName::new("g").expect("name"), objects, ranked: vec![source] }
    }

    #[test]
    fn runs_interleave() {
        let batches =
            vec![batch(vec![Run(10, 5), Run(0, 1), Run(40, 0)], 1), batch(vec![Run(1, 9)], 2)];
        let routes = Routes::new(Sources { schema: 1, manifest_version: 1, batches });
        let port = |ordinal| routes.of(ordinal).map(|ranked| ranked[0].address.port());
        assert_eq!([port(0), port(1), port(9), port(10), port(14)], [1, 2, 2, 1, 1].map(Some));
        assert_eq!([port(15), port(40), port(u32::MAX)], [None; 3]);
    }
}
