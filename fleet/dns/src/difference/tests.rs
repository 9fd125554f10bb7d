use super::*;
use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::{A, CNAME};
use proptest::prelude::*;

fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name")
}

fn address(of: &str, last: u8, ttl: u32) -> Record {
    Record::from_rdata(name(of), ttl, RData::A(A::new(192, 0, 2, last)))
}

#[test]
fn what_is_not_ours_stays() {
    let present = [address("ours.", 1, 60), address("others.", 2, 60)];
    let is_ours = |record: &Record| record.name == name("ours.");
    let found = difference(&present, &[], is_ours).expect("no alias");
    let [one] = &*found else { panic!("{found:?}") };
    assert_eq!((&one.remove[..], &one.add[..]), (&present[..1], &[][..]));
}

#[test]
fn another_time_to_live_is_another_record() {
    let (present, wanted) = ([address("a.", 1, 60)], [address("a.", 1, 300)]);
    let found = difference(&present, &wanted, |_| true).expect("no alias");
    assert_eq!((&found[0].remove[..], &found[0].add[..]), (&present[..], &wanted[..]));
    // Beside others' it lives as long as theirs.
    let present = [address("a.", 1, 60), address("a.", 2, 60)];
    let found = difference(&present, &wanted, |it| it.data == present[0].data).expect("no alias");
    assert_eq!(found, []);
    let found = difference(&present, &[address("a.", 3, 300)], |_| false).expect("no alias");
    assert_eq!((&found[0].remove[..], &found[0].add[..]), (&[][..], &[address("a.", 3, 60)][..]));
}

#[test]
fn no_address_beside_an_alias() {
    let alias = Record::from_rdata(name("a."), 60, RData::CNAME(CNAME(name("b."))));
    let refused = difference(&[alias], &[address("A.", 1, 60)], |_| true).expect_err("an alias");
    assert!(refused.to_string().starts_with("A. is another name"), "{refused}");
}

prop_compose! {
    fn records()(all in proptest::collection::btree_map((0_u8..6, 0_u8..6), Just(()), 0..20))
        -> Vec<Record> {
        all.into_keys().map(|(of, last)| address(&format!("n{of}."), last, 60)).collect()
    }
}

proptest! {
    /// Carried out, it leads to what is wanted, without touching what is others'; and then there is nothing
    /// left to do.
    #[test]
    fn it_leads_to_what_is_wanted(present in records(), wanted in records()) {
        let is_ours = |record: &Record| record.name < name("n3.");
        let found = difference(&present, &wanted, is_ours).expect("no alias");
        let mut zone = present.clone();
        for one in &found {
            for gone in &one.remove {
                prop_assert!(is_ours(gone));
                zone.retain(|it| it != gone);
            }
            zone.extend(one.add.clone());
        }
        let others = present.iter().filter(|it| !is_ours(it));
        let others: Vec<&Record> = others.filter(|it| !wanted.contains(it)).collect();
        let expected = wanted.iter().chain(others);
        let sorted = |all: Vec<Record>| {
            let mut lines: Vec<String> = all.iter().map(ToString::to_string).collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(sorted(zone.clone()), sorted(expected.cloned().collect()));
        prop_assert_eq!(difference(&zone, &wanted, is_ours).expect("no alias"), []);
    }
}
