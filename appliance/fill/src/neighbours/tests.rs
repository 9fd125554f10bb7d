use super::*;
use contract::names::DeviceName;
use std::collections::BTreeMap;

fn key(path: &str) -> ObjectKey {
    ObjectKey { group: GroupName::new("g").expect("name"), path: path.into() }
}

fn neighbour(number: u16, authority: &str) -> Neighbour {
    let name = DeviceName::new(format!("oca{number}")).expect("name");
    let source = Source {
        kind: SourceKind::Peer(name),
        address: ([127, 0, 0, 1], number).into(),
        tls_name: None,
        origin: None,
        after_s: 0,
        cap_bytes_per_s: None,
    };
    let viewers = BTreeMap::from([(GroupName::new("g").expect("name"), authority.to_owned())]);
    Neighbour { source, viewers }
}

fn first(neighbours: &[Neighbour], path: &str) -> u16 {
    ranked(neighbours, &key(path)).next().expect("some").0.address.port()
}

#[test]
fn a_folder_has_one_order_and_folders_are_spread() {
    let boxes: Vec<_> = (1..=4).map(|number| neighbour(number, "a.test")).collect();
    let mut turned = boxes.clone();
    turned.reverse();
    let mut counts = [0; 4];
    for folder in 0..400 {
        let at = |segment: u32| format!("/title/{folder}/{segment}.m4s");
        let one = first(&boxes, &at(1));
        assert_eq!(one, first(&boxes, &at(2)));
        assert_eq!(one, first(&turned, &at(1)), "whatever order they are named in");
        counts[usize::from(one) - 1] += 1;
    }
    assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
}

#[test]
fn only_what_is_an_authority_gets_into_a_header() {
    let good = ["oca2.cdn.example", "oca2.cdn.example:8443", "[2001:db8::1]:443"];
    for text in good {
        assert_eq!(ranked(&[neighbour(1, text)], &key("/a")).count(), 1, "{text}");
    }
    let long = "a".repeat(MAX_AUTHORITY_LEN + 1);
    for text in ["", "a.test/x", "u@a.test", "a.test\r\nX: y", "a.test?b", "a.test#", &long] {
        assert_eq!(ranked(&[neighbour(1, text)], &key("/a")).count(), 0, "{text:?}");
    }
    let other = ObjectKey { group: GroupName::new("other").expect("name"), path: "/a".into() };
    assert_eq!(ranked(&[neighbour(1, "a.test")], &other).count(), 0, "not of its groups");
}
