//! Edge routers from a seed, as JSON: interfaces, sessions, lists of prefixes, and what is told to whom.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Whom a router speaks with, and what it prefers: the more a route earns, the more.
const PREFERENCES: [(&str, u32); 3] = [("customer", 300), ("peer", 200), ("transit", 100)];

const SPEEDS_MBITS: [u32; 3] = [10_000, 25_000, 100_000];

const FAMILIES: [&str; 2] = ["ipv4", "ipv6"];

/// So many routers, each a line of JSON.
#[must_use]
pub fn routers(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut dice = StdRng::seed_from_u64(seed);
    (0..count).map(|at| router(&mut dice, at).to_string().into_bytes()).collect()
}

fn router(dice: &mut StdRng, at: usize) -> Value {
    let (high, low) = (at / 250, at % 250 + 1);
    let asn = 64_512 + at % 1000;
    let sessions: Vec<Value> = (0..dice.random_range(4..=16)).map(|k| session(dice, k)).collect();
    json!({
        "device": { "name": format!("Edge{at}"), "site": format!("site-{high}"), "role": "router" },
        "router_id": format!("10.{}.{}.{low}", high / 250, high % 250),
        "interfaces": (0..dice.random_range(4..=12)).map(|k| interface(dice, k)).collect::<Vec<_>>(),
        "static_routes": (0..dice.random_range(1..=4)).map(|k| route(dice, k)).collect::<Vec<_>>(),
        "networks": networks(dice),
        "bgp": {
            "asn": asn, "hold_time_s": 90, "graceful_restart": dice.random_bool(0.5),
            "max_prefixes": 1000,
        },
        "sessions": sessions,
        "prefix_lists": lists(dice),
        "communities": communities(asn),
        "preferences": PREFERENCES.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
    })
}

fn interface(dice: &mut StdRng, at: usize) -> Value {
    let is_core = at.is_multiple_of(2);
    let (a, b) = (dice.random_range(0..=255), dice.random_range(0..64) * 4 + 1);
    json!({
        "name": format!("eth{at}"), "role": if is_core { "core" } else { "edge" },
        "description": format!("to port {} of rack {}", at + 1, dice.random_range(1..40)),
        "enabled": dice.random_bool(0.9),
        "speed_mbits": SPEEDS_MBITS[dice.random_range(0..SPEEDS_MBITS.len())],
        "addresses": [format!("198.18.{a}.{b}/30"), format!("2001:db8:{a:x}:{b:x}::1/64")],
    })
}

fn route(dice: &mut StdRng, at: usize) -> Value {
    let metric = if dice.random_bool(0.5) { json!(200) } else { Value::Null };
    match at % 2 {
        0 => {
            json!({ "to": format!("192.0.2.{}/28", at * 16), "via": "198.18.0.2", "metric": metric })
        }
        _ => {
            json!({ "to": format!("2001:db8:f{at}::/48"), "via": "2001:db8::2", "metric": metric })
        }
    }
}

fn networks(dice: &mut StdRng) -> Vec<String> {
    let four = (0..dice.random_range(1..=6)).map(|k| format!("203.0.{k}.0/24"));
    let four: Vec<String> = four.collect();
    let six = (0..dice.random_range(1..=6)).map(|k| format!("2001:db8:a{k}::/48"));
    four.into_iter().chain(six).collect()
}

fn session(dice: &mut StdRng, at: usize) -> Value {
    let family = FAMILIES[at % 2];
    let relation = PREFERENCES[dice.random_range(0..PREFERENCES.len())].0;
    let host = dice.random_range(1..255);
    let address = match family {
        "ipv4" => format!("198.51.{at}.{host}"),
        _ => format!("2001:db8:b{at:x}::{host:x}"),
    };
    let mut session = json!({
        "name": format!("{relation}-{at}"), "relation": relation, "family": family,
        "description": format!("Network {host}, circuit {}", dice.random_range(10_000..99_999)),
        "peer_address": address, "peer_asn": 65_000 + host,
        "ttl_hops": dice.random_range(1..=2),
        "max_prefixes": if dice.random_bool(0.5) { json!(host * 10) } else { Value::Null },
    });
    if dice.random_bool(0.3) {
        session["password"] = json!(format!("{:016x}", dice.random::<u64>()));
    }
    session
}

/// For each whom it speaks with what may come from there, in both families.
fn lists(dice: &mut StdRng) -> Vec<Value> {
    let mut lists = Vec::new();
    for (relation, _) in PREFERENCES {
        for family in FAMILIES {
            let entries = 0..dice.random_range(2..=12);
            lists.push(json!({
                "name": format!("{relation}-v{}", &family[3..]), "family": family,
                "entries": entries.map(|k| entry(dice, family, k)).collect::<Vec<_>>(),
            }));
        }
    }
    lists
}

/// The first one is let in, so that no list is empty.
fn entry(dice: &mut StdRng, family: &str, at: usize) -> Value {
    let third = dice.random_range(0..=255);
    let (prefix, least, most) = match family {
        "ipv4" => (format!("100.{at}.{third}.0/22"), 23, 24),
        _ => (format!("2001:db8:{at:x}{third:02x}::/44"), 45, 48),
    };
    let is_exact = dice.random_bool(0.3);
    json!({
        "action": if at == 0 || dice.random_bool(0.8) { "permit" } else { "deny" },
        "prefix": prefix,
        "ge": if is_exact { Value::Null } else { json!(least) },
        "le": if is_exact { Value::Null } else { json!(most) },
    })
}

fn communities(asn: usize) -> Value {
    let mut all = serde_json::Map::new();
    for (at, (relation, _)) in PREFERENCES.iter().enumerate() {
        all.insert((*relation).to_owned(), json!(format!("{asn}:{}", 100 + at)));
        all.insert(format!("to_{relation}"), json!(format!("{asn}:{}", 200 + at)));
    }
    Value::Object(all)
}
