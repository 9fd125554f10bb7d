//! Which box of a site asks the origins for what nobody ordered: the home of its key.
//!
//! As with what is ordered ([`standing`]) nobody announces it: each box works out from names
//! alone who stands before it for a key. It asks the first of them that is well, and the origins
//! where that says nothing. A box takes itself for the home while all that stand before it are
//! not well, and answers for others only then. So a box that is gone is replaced by the next, and a
//! question only ever goes to a box that stands higher than the one that asks: in no circle,
//! whatever boxes think of each other. Pure.

use contract::catalogue::Ordinal;
use contract::names::DeviceName;
use contract::object::{Digest, ObjectKey};
use contract::sources::{Neighbour, SLAB, Source, SourceKind, standing};
use std::cmp::Reverse;

/// The boxes that stand before `me` for a key, the first of all first.
pub(crate) fn before<'a>(
    me: &DeviceName,
    neighbours: &'a [Neighbour],
    key: &ObjectKey,
) -> Vec<&'a Source> {
    let number = number(key);
    let mine = standing(me, number);
    let serve_it = neighbours.iter().filter(|it| it.viewers.contains_key(&key.group));
    let others = serve_it.filter_map(|neighbour| {
        let SourceKind::Peer(name) = &neighbour.source.kind else { return None };
        let theirs = standing(name, number);
        (theirs > mine).then_some((theirs, &neighbour.source))
    });
    let mut before: Vec<_> = others.collect();
    before.sort_unstable_by_key(|(theirs, _)| Reverse(*theirs));
    before.into_iter().map(|(_, source)| source).collect()
}

/// Keys have no ordinal. The segments of a title are spread over the boxes: they share the work
/// of the title that everybody watches.
fn number(key: &ObjectKey) -> Ordinal {
    let hash = Digest::of(format!("{}{}", key.group, key.path).as_bytes());
    let [a, b, c, d, ..] = hash.0;
    u32::from_be_bytes([a, b, c, d]) / SLAB * SLAB
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::GroupName;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn name(number: u16) -> DeviceName {
        DeviceName::new(format!("oca{number}")).expect("name")
    }

    fn group(name: &str) -> GroupName {
        GroupName::new(name).expect("name")
    }

    fn neighbour(number: u16) -> Neighbour {
        let source = Source {
            kind: SourceKind::Peer(name(number)),
            address: ([127, 0, 0, 1], number).into(),
            tls_name: None,
            origin: None,
            after_s: 0,
            cap_bytes_per_s: None,
        };
        Neighbour { source, viewers: BTreeMap::from([(group("g"), "a.test".to_owned())]) }
    }

    /// Whom each of these boxes asks, the first of all first.
    fn views(boxes: &[u16], key: &ObjectKey) -> Vec<(u16, Vec<u16>)> {
        let view = |me: &u16| {
            let others = boxes.iter().filter(|other| *other != me);
            let others: Vec<_> = others.map(|other| neighbour(*other)).collect();
            let before = before(&name(*me), &others, key);
            (*me, before.iter().map(|source| source.address.port()).collect())
        };
        boxes.iter().map(view).collect()
    }

    fn key(path: &str) -> ObjectKey {
        ObjectKey { group: group("g"), path: path.into() }
    }

    proptest! {
        #[test]
        fn all_boxes_agree_on_one_order(count in 1..9_u16, path in "/[a-z]{1,9}") {
            let boxes: Vec<u16> = (1..=count).collect();
            let mut views = views(&boxes, &key(&path));
            views.sort_by_key(|(_, before)| before.len());
            for (place, (_, before)) in views.iter().enumerate() {
                let expected: Vec<u16> = views[..place].iter().map(|(me, _)| *me).collect();
                prop_assert_eq!(before, &expected);
            }
        }

        /// Whatever they know of each other, who asks stands behind whom it asks.
        #[test]
        fn no_question_goes_in_circles(path in "/[a-z]{1,9}", known in prop::collection::vec(
            prop::collection::vec(1..7_u16, 0..6), 6,
        )) {
            let key = key(&path);
            let full = views(&[1, 2, 3, 4, 5, 6], &key);
            let place = |number: u16| full.iter().find(|(me, _)| *me == number).map(|it| it.1.len());
            for (me, known) in (1..).zip(known) {
                let others: Vec<_> = known.iter().filter(|it| **it != me).copied().collect();
                let others: Vec<_> = others.into_iter().map(neighbour).collect();
                for source in before(&name(me), &others, &key) {
                    prop_assert!(place(source.address.port()) < place(me));
                }
            }
        }
    }

    #[test]
    fn keys_are_spread_and_few_move_when_a_box_goes() {
        let home = |boxes: &[u16], at: usize| {
            let views = views(boxes, &key(&format!("/t/{at}.m4s")));
            views.into_iter().find(|(_, before)| before.is_empty()).map(|(me, _)| me).expect("one")
        };
        let mut counts = [0; 4];
        for at in 0..400 {
            let before = home(&[1, 2, 3, 4], at);
            let after = home(&[1, 2, 3], at);
            assert!(before == after || before == 4, "{at} moved between boxes that stay");
            counts[usize::from(before) - 1] += 1;
        }
        assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
    }

    #[test]
    fn who_does_not_serve_the_group_is_no_home() {
        let others: Vec<_> = (2..9).map(neighbour).collect();
        let key = ObjectKey { group: group("other"), path: "/a".into() };
        assert!(before(&name(1), &others, &key).is_empty());
    }
}
