use super::*;
use proptest::prelude::*;

const GOOD: &str = "about: a test
networks:
  internet: [10.80.0.0/24, 'fd00:80::/64']
  access-a: [10.81.0.0/24]
machines:
  fleet: { role: fleet, links: { eth0: { network: internet, addresses: [10.80.0.10] } } }
  origin: { role: origin, links: { eth0: { network: internet, addresses: [10.80.0.11] } } }
  oca1:
    role: appliance
    links:
      eth0: { network: internet, addresses: [10.80.0.21, 'fd00:80::21'] }
      eth1: { network: access-a, addresses: [10.81.0.21] }
clients:
  viewer: { links: { eth0: { network: access-a, addresses: [10.81.0.100] } } }
cdn:
  fleet: fleet
  origin: origin
  backbone: internet
  sites:
    site-a: { latitude: 1.5, longitude: 2, viewers: access-a, appliances: [oca1] }
  groups:
    studio: { owner: Studio, host_pattern: '{device}.test' }
";

fn complaint(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let err = Topology::parse(&GOOD.replacen(from, to, 1)).expect_err("a complaint");
    format!("{err:#}")
}

#[test]
fn a_good_one_is_read() {
    let topology = Topology::parse(GOOD).expect("good");
    let found: Vec<IpAddr> = topology.addresses("oca1", "internet").collect();
    assert_eq!(found, ["10.80.0.21", "fd00:80::21"].map(|it| it.parse::<IpAddr>().expect("ip")));
    assert_eq!(topology.devices().count(), 4);
}

#[test]
fn every_topology_here_is_good() {
    let names = names(&folder()).expect("names");
    assert!(names.contains(&"two-sites".to_owned()), "{names:?}");
    for name in names {
        Topology::read(&name).expect("good");
    }
}

#[test]
fn complaints_say_where_and_what() {
    for (from, to, expected) in [
        ("network: access-a", "network: acess-a", "12:24: there is no network \"acess-a\", only"),
        ("10.81.0.21", "10.82.0.21", "12:46: 10.82.0.21 is in no prefix of access-a"),
        ("10.81.0.100", "10.81.0.21", "14:61: 10.81.0.21 is an address of oca1 already"),
        ("10.81.0.0/24", "11.81.0.0/24", "4:14: 11.81.0.0/24 is somebody's on the Internet"),
        ("10.81.0.0/24", "10.80.0.0/16", "10.80.0.0/24 overlaps with a prefix of access-a"),
        ("fleet: fleet\n", "fleet: flet\n", "16:10: there is no machine \"flet\""),
        ("[oca1]", "[oca1, oca1]", "20:82: oca1 stands in two places"),
        ("viewers: access-a", "viewers: access-b", "20:76: oca1 has no address in access-b"),
        ("  viewer:", "  fabric:", "\"fabric\" cannot be the name of a device"),
        ("  viewer:", "  oca1:", "oca1 is a machine already"),
        ("eth1:", "a-very-long-name:", "\"a-very-long-name\" cannot be the name of an inter"),
        ("role: fleet", "roll: fleet", "unknown field `roll`"),
    ] {
        let found = complaint(from, to);
        assert!(found.contains(expected), "{to}: {found}");
    }
}

#[test]
fn one_that_is_not_there_is_told_from_those_that_are() {
    let err = Topology::read("two-site").expect_err("none").to_string();
    assert!(err.contains("\"two-site\"") && err.contains("two-sites"), "{err}");
    assert!(Topology::read("../lab/two-sites").is_err());
}

#[test]
fn what_is_too_long_is_not_read() {
    let long = GOOD.to_owned() + &"#".repeat(MAX_BYTES);
    assert!(Topology::parse(&long).expect_err("too long").to_string().contains("larger than"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}", at in 0..GOOD.len()) {
        let _ = Topology::parse(&text);
        let at = (0..=at).rev().find(|&at| GOOD.is_char_boundary(at)).unwrap_or(0);
        let _ = Topology::parse(&format!("{}{text}{}", &GOOD[..at], &GOOD[at..]));
    }
}
