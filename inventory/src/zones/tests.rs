use super::*;
use crate::{Appliance, Disk, DiskClass, PlayerListener};
use contract::names::{DeviceName, SiteName};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn appliance(name: &str, addresses: &[&str]) -> Appliance {
    let addresses = addresses.iter().map(|it| it.parse().expect("an address"));
    Appliance {
        name: DeviceName::new(name).expect("a name"),
        site: SiteName::new("a").expect("a name"),
        serial: None,
        players: vec![PlayerListener { addresses: addresses.collect(), http2: false }],
        peers: vec!["192.0.2.11:9443".parse().expect("an address")],
        disks: vec![Disk::new("/srv/disk0", DiskClass::Nvme, 1 << 40)],
        ram_budget_bytes: 1 << 30,
        state_folder: "/var/lib/headend".into(),
        access_log_folder: None,
    }
}

fn texts(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|it| (*it).to_owned()).collect()
}

/// Two boxes, one of them of one family, and one that there is no more.
fn sources() -> Sources {
    Sources {
        version: (1 << 32) + 7,
        boxes: vec![
            appliance("oca1.a", &["192.0.2.11:443", "[2001:db8::11]:443", "192.0.2.11:8443"]),
            appliance("oca1.b", &["[::ffff:198.51.100.7]:443"]),
        ],
        patterns: texts(&[
            "{device}.cdn.example",
            "kino-{device}.cdn.example",
            "{device}.x.example",
        ]),
        prefixes: ["192.0.2.0/24", "192.0.2.0/26", "198.51.100.0/25", "2001:db8::/44", "0.0.0.0/0"]
            .map(|it| it.parse().expect("a network"))
            .to_vec(),
        ever_boxes: texts(&["oca1.a", "oca1.b", "oca9.a"]),
        ever_patterns: texts(&[
            "{device}.cdn.example",
            "kino-{device}.cdn.example",
            "{device}.old",
        ]),
    }
}

fn soa(server: &str) -> Soa {
    Soa {
        name_servers: vec![server.parse().expect("a name server")],
        hostmaster: "dns.ops@cdn.example".to_owned(),
        ttl_s: 600,
    }
}

#[test]
fn a_zone_has_its_names_and_no_others() {
    let names = Names::new(sources());
    let issuers = ["ca.example".to_owned(), "a\"b; x=\\".to_owned()];
    let own = zone("CDN.example.", &names, &issuers).expect("a zone");
    let file = render(&own, &soa("ns1.cdn.example=192.0.2.53,2001:db8::53")).expect("a file");
    insta::assert_snapshot!(file);
    for half in ["dn.example", "other.example"] {
        assert_eq!(zone(half, &names, &issuers).expect("a zone").records, [], "{half}");
    }
}

#[test]
fn what_was_a_name_once_is_ours() {
    let names = Names::new(sources());
    let own = zone("cdn.example", &names, &[]).expect("a zone");
    assert_eq!(own.owned.len(), 3 * 2 * 3);
    assert!(own.owned.contains("ipv6-kino-oca9.a.cdn.example"));
    assert!(!own.owned.contains("www.cdn.example"));
    assert_eq!(own.owned_tops, texts(&["cdn.example"]));
    // Where a zone begins further down, it is said there.
    let below = zone("a.cdn.example", &names, &["ca.example".to_owned()]).expect("a zone");
    assert_eq!(below.records[0].to_string(), "a.cdn.example CAA 0 issue \"ca.example\"");
    assert!(zone("old", &names, &[]).expect("a zone").owned.contains("oca9.a.old"));
}

#[test]
fn an_address_leads_back_to_the_plainest_name() {
    let names = Names::new(sources());
    let of = |name: &str| {
        let zone = zone(name, &names, &[]).expect("a zone");
        zone.records.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(of("2.0.192.in-addr.arpa"), ["11.2.0.192.in-addr.arpa PTR oca1.a.x.example."]);
    assert_eq!(of("100.51.198.in-addr.arpa").len(), 1);
    assert_eq!(of("192.in-addr.arpa").len(), 1);
    let six = of("8.b.d.0.1.0.0.2.ip6.arpa");
    assert!(six.len() == 1 && six[0].starts_with("1.1.0.0."), "{six:?}");
    for wrong in [
        "0/26.2.0.192.in-addr.arpa",
        "256.in-addr.arpa",
        "01.in-addr.arpa",
        "in-addr.arpa",
        "1.1.1.1.1.in-addr.arpa",
        "g.ip6.arpa",
        "10.ip6.arpa",
        "ip6.arpa",
        "",
        "a..b",
        "-a.example",
    ] {
        assert!(zone(wrong, &names, &[]).is_err(), "{wrong}");
    }
}

#[test]
fn zones_are_called_for_by_patterns_and_the_widest_networks() {
    let told = called_for(&Names::new(sources())).into_iter().map(|it| {
        let prefixes: Vec<String> = it.prefixes.iter().map(ToString::to_string).collect();
        format!("{} {} {}", it.zone, it.names, prefixes.join(","))
    });
    let expected = [
        "0.0.0.8.b.d.0.1.0.0.2.ip6.arpa 1 2001:db8::/44",
        "100.51.198.in-addr.arpa 1 198.51.100.0/25",
        "2.0.192.in-addr.arpa 1 192.0.2.0/24",
        "cdn.example 10 ",
        "x.example 5 ",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_as_expected_is_told() {
    let long = "x".repeat(59);
    let mut sources = sources();
    sources.boxes = vec![
        appliance(&long, &["192.0.2.1:443"]),
        appliance("everywhere", &["0.0.0.0:443", "[::]:443"]),
        appliance("a", &["192.0.2.2:443"]),
        appliance("ipv4-a", &["192.0.2.3:443"]),
    ];
    sources.patterns = texts(&["{device}.cdn.example"]);
    let own = zone("cdn.example", &Names::new(sources), &[]).expect("a zone");
    let notes: Vec<String> =
        own.notes.iter().map(|it| format!("{} {}", it.name, it.what)).collect();
    let expected = [
        "everywhere.cdn.example leads nowhere: its box is told no address of its own".to_owned(),
        "ipv4-a.cdn.example is a name of several boxes: a, ipv4-a".to_owned(),
        format!(
            "ipv4-{long}.cdn.example left out, for it can be no name: a part of 64 characters, 63 are the most"
        ),
    ];
    assert_eq!(notes, expected);
    assert!(own.records.iter().any(|it| it.name.starts_with(&long)), "its own name fits");
}

#[test]
fn the_top_of_a_zone_can_be_meant() {
    let own = zone("cdn.example", &Names::new(sources()), &[]).expect("a zone");
    let refused = |soa: Soa| soa.check(&own).expect_err("it cannot").to_string();
    let inside = refused(soa("ns1.cdn.example"));
    assert!(inside.ends_with("say where it is, as ns1.cdn.example=ADDRESS"), "{inside}");
    assert_eq!(soa("oca1.a.cdn.example").check(&own), Ok(()), "it is a name of a box");
    refused(Soa { name_servers: vec![], ..soa("ns.example") });
    refused(Soa { ttl_s: 0, ..soa("ns.example") });
    for wrong in ["ops", "@x", "a b@x.example", "a\n@x.example", "a@-x"] {
        refused(Soa { hostmaster: wrong.to_owned(), ..soa("ns.example") });
    }
    for wrong in ["", "a b", "ns.example=x", "ns.example\n@ NS evil."] {
        assert!(wrong.parse::<NameServer>().is_err(), "{wrong:?}");
    }
}

#[test]
fn serial_numbers_go_on_after_the_largest() {
    let serial = |version| Names::new(Sources { version, ..Sources::default() }).serial();
    assert_eq!([serial(7), serial((1 << 32) - 1), serial(1 << 32)], [7, u32::MAX, 0]);
}

#[test]
fn a_box_has_names_from_when_it_is_sent_until_it_goes_back() {
    let nameless = crate::rules::life_cycle::STATES.into_iter().filter(|state| {
        !has_names(crate::rules::life_cycle::LifeCycle::of(state).expect("a state"))
    });
    assert_eq!(nameless.collect::<Vec<_>>(), ["planned", "rma", "retired"]);
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.data)
    }
}

prop_compose! {
    fn a_fleet()(
        boxes in proptest::collection::btree_map(
            "[a-z][a-z0-9]{0,3}(\\.[a-c]){0,2}",
            proptest::collection::vec(any::<IpAddr>(), 1..4), 0..8),
        patterns in proptest::collection::btree_set("[a-z]{0,2}\\{device\\}(\\.[a-b]{1,2}){1,3}", 1..4),
    ) -> Sources {
        let boxes: Vec<Appliance> = boxes.iter().map(|(name, addresses)| {
            let addresses: Vec<String> =
                addresses.iter().map(|it| std::net::SocketAddr::new(*it, 443).to_string()).collect();
            appliance(name, &addresses.iter().map(String::as_str).collect::<Vec<_>>())
        }).collect();
        let ever_boxes = boxes.iter().map(|it| it.name.to_string()).collect();
        Sources { version: 1, boxes, ever_patterns: patterns.clone(), patterns, ever_boxes,
            prefixes: vec!["0.0.0.0/1".parse().expect("a network"), "8000::/2".parse().expect("one")] }
    }
}

proptest! {
    /// Whatever there is: every record stands in its zone and is ours, every name is in a zone that is called
    /// for, and every address that a name leads to leads back to a name that leads to it.
    #[test]
    fn zones_hold_together(sources in a_fleet()) {
        let names = Names::new(sources);
        let mut seen = BTreeSet::new();
        for called in called_for(&names) {
            let zone = zone(&called.zone, &names, &["ca.example".to_owned()]).expect("a zone");
            prop_assert!(!zone.records.is_empty(), "{} is called for by nothing", zone.zone);
            for record in &zone.records {
                prop_assert!(is_within(&record.name, &zone.zone), "{record} in {}", zone.zone);
                match &record.data {
                    Data::Caa { .. } => prop_assert!(zone.owned_tops.contains(&record.name)),
                    Data::Ptr { target } => {
                        prop_assert!(zone.owned.contains(target));
                        prop_assert!(names.hosts.contains_key(target));
                    }
                    _ => prop_assert!(zone.owned.contains(&record.name)),
                }
                seen.insert(record.name.clone());
            }
        }
        for name in names.hosts.keys() {
            prop_assert!(seen.contains(name), "{name} is in no zone");
        }
    }

    #[test]
    fn a_zone_of_addresses_is_read_as_it_is_written(address: IpAddr, bits in 1_u8..=32) {
        let zone = reverse::zone_of(address, bits);
        let network = reverse::network(&zone).expect("a network");
        prop_assert!(network.contains(&address));
        prop_assert_eq!(reverse::zone_of(network.network(), network.prefix_len()), zone);
    }
}

#[test]
fn a_box_serves_under_the_names_that_it_has() {
    let group = |name: &str, pattern: &str| {
        let group = serde_json::json!({"name": name, "owner": "O", "host_pattern": pattern,
            "origin_url": "https://o.example"});
        serde_json::from_value::<crate::ContentGroup>(group).expect("a group")
    };
    let groups = [group("a", "{device}.cdn.example"), group("b", "ipv6-{device}.cdn.example")];
    let of = |appliance: &Appliance, at: usize| host_names(appliance, &groups[at], &groups);
    let both = appliance("oca1", &["192.0.2.1:443", "[2001:db8::1]:443"]);
    // One is another group's already.
    assert_eq!(of(&both, 0), ["oca1.cdn.example", "ipv4-oca1.cdn.example"]);
    assert_eq!(of(&both, 1).len(), 3);
    assert_eq!(of(&appliance("oca1", &["0.0.0.0:443"]), 0), ["oca1.cdn.example"]);
    let long = "x".repeat(60);
    assert_eq!(of(&appliance(&long, &["192.0.2.1:443"]), 0).len(), 1);
}
