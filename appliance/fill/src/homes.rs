//! Which box of a site asks the origins for what nobody ordered: the home of its key.
//!
//! As with what is ordered ([`standing`]) nobody announces it: each box works it out from names
//! alone. A box that is not the home asks the home first; the home asks the origins, and nobody
//! else, so that no question goes in circles. One that does not take itself for the home, be it
//! that it knows of boxes that the other does not, answers so, and origins are asked after all.
//! Pure.

use contract::catalogue::Ordinal;
use contract::names::DeviceName;
use contract::object::{Digest, ObjectKey};
use contract::sources::{Neighbour, SLAB, Source, SourceKind, standing};

/// The box that is the home of a key; `None`: this one is, `me`.
pub(crate) fn home_of<'a>(
    me: &DeviceName,
    neighbours: &'a [Neighbour],
    key: &ObjectKey,
) -> Option<&'a Source> {
    let number = number(key);
    let serve_it = neighbours.iter().filter(|it| it.viewers.contains_key(&key.group));
    let others = serve_it.filter_map(|neighbour| {
        let SourceKind::Peer(name) = &neighbour.source.kind else { return None };
        Some((standing(name, number), &neighbour.source))
    });
    let (theirs, home) = others.max_by_key(|(standing, _)| *standing)?;
    (theirs > standing(me, number)).then_some(home)
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

    /// Which of these boxes takes itself for the home, and whom each asks.
    fn views(boxes: &[u16], key: &ObjectKey) -> Vec<(u16, Option<u16>)> {
        let view = |me: &u16| {
            let others = boxes.iter().filter(|other| *other != me);
            let others: Vec<_> = others.map(|other| neighbour(*other)).collect();
            (*me, home_of(&name(*me), &others, key).map(|home| home.address.port()))
        };
        boxes.iter().map(view).collect()
    }

    proptest! {
        #[test]
        fn all_boxes_turn_to_one_and_it_to_nobody(count in 1..9_u16, path in "/[a-z]{1,9}") {
            let boxes: Vec<u16> = (1..=count).collect();
            let key = ObjectKey { group: group("g"), path: path.as_str().into() };
            let views = views(&boxes, &key);
            let homes: Vec<u16> =
                views.iter().filter(|(_, home)| home.is_none()).map(|(me, _)| *me).collect();
            prop_assert_eq!(homes.len(), 1);
            prop_assert!(views.iter().all(|(_, home)| home.is_none_or(|home| home == homes[0])));
        }
    }

    #[test]
    fn keys_are_spread_and_few_move_when_a_box_goes() {
        let home = |boxes: &[u16], at: usize| {
            let key = ObjectKey { group: group("g"), path: format!("/t/{at}.m4s").into() };
            let views = views(boxes, &key);
            views.into_iter().find(|(_, home)| home.is_none()).map(|(me, _)| me).expect("one")
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
        assert_eq!(home_of(&name(1), &others, &key), None);
    }
}
