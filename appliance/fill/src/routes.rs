//! Which sources serve an object, in which order, and what each may be asked for.

use crate::homes;
use contract::catalogue::Ordinal;
use contract::names::DeviceName;
use contract::object::ObjectKey;
use contract::sources::{Batch, Neighbour, Source, SourceKind, Sources, standing};
use std::cmp::Reverse;
use std::sync::Arc;

/// One way to get an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Whom to ask.
    pub source: Source,
    /// How it stands to this box.
    pub standing: Standing,
}

/// How a source stands to the box that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A sibling that goes before this box: what it does not have yet it will get.
    Before,
    /// A sibling that gets it from this box: it is asked only for what it holds, or the two
    /// would wait for each other.
    Behind,
    /// Beyond the site.
    Beyond,
}

/// The sources of every object, by runs of ordinals.
#[derive(Debug, Default, Clone)]
pub struct Routes {
    me: Option<DeviceName>,
    /// First ordinal, last ordinal, sources; by rising first ordinal.
    runs: Vec<(Ordinal, Ordinal, Arc<Shared>)>,
    neighbours: Vec<Neighbour>,
}

/// What objects of a batch have in common.
#[derive(Debug)]
struct Shared {
    siblings: Vec<Source>,
    beyond: Vec<Source>,
}

impl Routes {
    /// Takes the document apart for look-up, as this box is to read it.
    #[must_use]
    pub fn new(me: &DeviceName, sources: Sources) -> Self {
        let mut runs: Vec<_> = sources.batches.into_iter().flat_map(runs_of).collect();
        runs.sort_by_key(|(first, ..)| *first);
        Self { me: Some(me.clone()), runs, neighbours: sources.neighbours }
    }

    /// The ways to get one object, best first; none when the fleet named none.
    #[must_use]
    pub fn of(&self, ordinal: Ordinal) -> Option<Vec<Route>> {
        Some(self.shared(ordinal)?.ranked(self.me.as_ref()?, ordinal))
    }

    /// Whether this box goes before all others that are to have the object.
    #[must_use]
    pub fn are_first(&self, ordinal: Ordinal) -> bool {
        let (Some(shared), Some(me)) = (self.shared(ordinal), &self.me) else { return true };
        let mine = standing(me, ordinal);
        shared.siblings.iter().all(|sibling| standing_of(sibling, ordinal) <= mine)
    }

    /// Whether there is any way to get an object.
    #[must_use]
    pub fn lead_to(&self, ordinal: Ordinal) -> bool {
        self.shared(ordinal).is_some()
    }

    /// All sources, some of them more than once; the homes of what no catalogue has among them.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let shared = self.runs.iter().map(|(_, _, shared)| shared);
        let ordered = shared.flat_map(|shared| shared.siblings.iter().chain(&shared.beyond));
        ordered.chain(self.neighbours.iter().map(|neighbour| &neighbour.source))
    }

    /// The other boxes of the site that viewers may be redirected to.
    #[must_use]
    pub fn neighbours(&self) -> &[Neighbour] {
        &self.neighbours
    }

    /// The boxes that stand before this one for a key that no catalogue has, the first of all
    /// first: its home, and those that take its place.
    #[must_use]
    pub fn homes_of(&self, key: &ObjectKey) -> Vec<&Source> {
        let me = self.me.as_ref();
        me.map(|me| homes::before(me, &self.neighbours, key)).unwrap_or_default()
    }

    fn shared(&self, ordinal: Ordinal) -> Option<&Shared> {
        let behind = self.runs.partition_point(|(first, ..)| *first <= ordinal);
        let (_, last, shared) = self.runs.get(behind.checked_sub(1)?)?;
        (ordinal <= *last).then_some(shared)
    }
}

/// Where a sibling stands among those that hold an object.
fn standing_of(sibling: &Source, ordinal: Ordinal) -> [u8; 32] {
    match &sibling.kind {
        SourceKind::Peer(name) | SourceKind::Parent(name) => standing(name, ordinal),
        SourceKind::Origin => [0; 32],
    }
}

impl Shared {
    fn ranked(&self, me: &DeviceName, ordinal: Ordinal) -> Vec<Route> {
        let mine = standing(me, ordinal);
        let mut siblings: Vec<_> =
            self.siblings.iter().map(|source| (standing_of(source, ordinal), source)).collect();
        siblings.sort_by_key(|(weight, _)| Reverse(*weight));
        let siblings = siblings.into_iter().map(|(weight, source)| Route {
            source: source.clone(),
            standing: if weight > mine { Standing::Before } else { Standing::Behind },
        });
        let beyond = self
            .beyond
            .iter()
            .map(|source| Route { source: source.clone(), standing: Standing::Beyond });
        siblings.chain(beyond).collect()
    }
}

fn runs_of(batch: Batch) -> impl Iterator<Item = (Ordinal, Ordinal, Arc<Shared>)> {
    let shared = Arc::new(Shared { siblings: batch.siblings, beyond: batch.beyond });
    batch
        .objects
        .into_iter()
        .filter(|run| run.1 > 0)
        .map(move |run| (run.0, run.0.saturating_add(run.1 - 1), Arc::clone(&shared)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::manifest::Run;
    use contract::names::GroupName;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn source(kind: SourceKind, port: u16) -> Source {
        let address = ([127, 0, 0, 1], port).into();
        Source { kind, address, tls_name: None, origin: None, after_s: 20, cap_bytes_per_s: None }
    }

    fn batch(objects: Vec<Run>, siblings: Vec<Source>, port: u16) -> Batch {
        let beyond = vec![source(SourceKind::Origin, port)];
        Batch { group: GroupName::new("g").expect("name"), objects, siblings, beyond }
    }

    fn device(number: usize) -> DeviceName {
        DeviceName::new(format!("oca{number}")).expect("name")
    }

    fn routes(me: usize, batches: Vec<Batch>) -> Routes {
        Routes::new(
            &device(me),
            Sources { schema: 1, manifest_version: 1, batches, neighbours: vec![] },
        )
    }

    #[test]
    fn runs_interleave() {
        let runs = vec![Run(10, 5), Run(0, 1), Run(40, 0)];
        let routes = routes(0, vec![batch(runs, vec![], 1), batch(vec![Run(1, 9)], vec![], 2)]);
        let port = |ordinal| routes.of(ordinal).map(|ranked| ranked[0].source.address.port());
        assert_eq!([port(0), port(1), port(9), port(10), port(14)], [1, 2, 2, 1, 1].map(Some));
        assert_eq!([port(15), port(40), port(u32::MAX)], [None; 3]);
        assert!(routes.lead_to(14) && !routes.lead_to(15));
    }

    /// Whoever is no source for what is ordered may be asked for what is not, under his cap.
    #[test]
    fn caps_of_all_that_are_asked_are_known() {
        let peer = |number, port| source(SourceKind::Peer(device(number)), port);
        let mut routes = routes(0, vec![batch(vec![Run(0, 1)], vec![peer(1, 1)], 2)]);
        routes.neighbours.push(Neighbour { source: peer(2, 3), viewers: [].into() });
        let ports: Vec<_> = routes.sources().map(|source| source.address.port()).collect();
        assert_eq!(ports, [1, 2, 3]);
    }

    proptest! {
        /// Who waits for whom has no circle, and one box waits for nobody.
        #[test]
        fn all_boxes_agree_on_one_order(boxes in 1..9_usize, ordinal: u32) {
            let mut places = BTreeSet::new();
            for me in 0..boxes {
                let others = (0..boxes).filter(|other| *other != me);
                let siblings = others.map(|other| {
                    source(SourceKind::Peer(device(other)), u16::try_from(other).expect("few"))
                });
                let batch = batch(vec![Run(ordinal, 1)], siblings.collect(), 9);
                let ranked = routes(me, vec![batch]).of(ordinal).expect("there are some");
                let before = ranked.iter().take_while(|it| it.standing == Standing::Before);
                let before = before.count();
                prop_assert_eq!(ranked.len(), boxes);
                prop_assert_eq!(ranked[boxes - 1].standing, Standing::Beyond);
                for route in &ranked[..boxes - 1] {
                    let other = device(route.source.address.port().into());
                    let is_before = standing(&other, ordinal) > standing(&device(me), ordinal);
                    prop_assert_eq!(is_before, route.standing == Standing::Before);
                }
                places.insert(before);
            }
            prop_assert_eq!(places.len(), boxes);
        }
    }
}
