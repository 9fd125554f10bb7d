//! Regions, providers, sites.

use crate::random::Random;
use crate::{Record, record};
use serde_json::json;

/// How large a fleet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    boxes: usize,
}

/// From where to where, in degrees.
type Span = (f64, f64);

const REGIONS: [(&str, Span, Span, &str); 8] = [
    ("europe-west", (43.0, 55.0), (-5.0, 8.0), "Europe/Paris"),
    ("europe-central", (46.0, 54.0), (8.0, 20.0), "Europe/Berlin"),
    ("america-north", (30.0, 48.0), (-120.0, -75.0), "America/Chicago"),
    ("america-south", (-34.0, 0.0), (-65.0, -40.0), "America/Sao_Paulo"),
    ("africa", (-30.0, 30.0), (10.0, 35.0), "Africa/Johannesburg"),
    ("asia-south", (10.0, 28.0), (72.0, 88.0), "Asia/Kolkata"),
    ("asia-east", (24.0, 40.0), (110.0, 140.0), "Asia/Tokyo"),
    ("oceania", (-38.0, -20.0), (115.0, 152.0), "Australia/Sydney"),
];

/// Of a provider so many sites.
const SITES_OF_PROVIDER: usize = 12;

impl Size {
    /// A fleet of so many boxes.
    #[must_use]
    pub fn of_boxes(boxes: usize) -> Self {
        Self { boxes }
    }

    /// Three for ten boxes.
    #[must_use]
    pub fn sites(self) -> usize {
        (self.boxes * 3).div_ceil(10)
    }

    /// How many stand at a site: as many as at any other, or one more.
    #[must_use]
    pub fn boxes_of(self, site: usize) -> usize {
        let sites = self.sites().max(1);
        self.boxes / sites + usize::from(site < self.boxes % sites)
    }

    fn providers(self) -> usize {
        self.sites().div_ceil(SITES_OF_PROVIDER)
    }
}

/// A site, for what stands there.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) number: usize,
    /// Of its provider.
    pub(crate) asn: usize,
}

/// The autonomous system of a provider: of those that are for private use.
fn asn(provider: usize) -> usize {
    4_200_000_000 + provider
}

/// What all sites share.
pub(crate) fn shared(size: Size) -> Vec<Record> {
    let mut all = vec![
        record("tag", json!({"name": "simulated", "description": "Nobody has ever racked it."})),
        record(
            "device-type",
            json!({"slug": "flash-1u", "manufacturer": "Simulated", "model": "Flash 1U",
            "u_height": 1, "max_power_w": 400, "weight_kg": 18}),
        ),
        record(
            "device-type",
            json!({"slug": "storage-2u", "manufacturer": "Simulated", "model": "Storage 2U",
            "u_height": 2, "max_power_w": 650, "weight_kg": 35}),
        ),
    ];
    for (name, ..) in REGIONS {
        all.push(record("region", json!({"name": name})));
    }
    for at in 0..size.providers() {
        all.push(record(
            "provider",
            json!({"name": format!("isp-{at:04}"), "asns": [asn(at)],
            "contacts": [{"name": "NOC", "email": format!("noc@isp-{at:04}.example")}]}),
        ));
    }
    all
}

/// A site with its rack and its networks.
pub(crate) fn site(size: Size, at: usize, random: &mut Random) -> (Vec<Record>, Place) {
    let name = format!("s{at:05}");
    let (region, latitudes, longitudes, zone) = REGIONS[at % REGIONS.len()];
    let of_provider = at % size.providers().max(1);
    let provider = format!("isp-{of_provider:04}");
    let records = vec![
        record(
            "site",
            json!({"name": name, "region": region, "provider": provider, "time_zone": zone,
            "latitude": random.between(latitudes.0, latitudes.1),
            "longitude": random.between(longitudes.0, longitudes.1),
            "client_scope": random.pick(&["announced", "announced", "any"]), "tags": ["simulated"]}),
        ),
        record("rack", json!({"site": name, "name": "r1", "u_height": 42})),
        record("cluster", json!({"name": name, "site": name})),
        record("prefix", json!({"prefix": network(at, 0), "site": name, "purpose": "viewers"})),
        record(
            "prefix",
            json!({"prefix": format!("fd00:{at:x}::/64"), "site": name, "purpose": "viewers"}),
        ),
    ];
    (records, Place { name, number: at, asn: asn(of_provider) })
}

/// The network of a site: of 64 addresses, out of those that nobody else has.
pub(crate) fn network(site: usize, host: usize) -> String {
    let first = site * 64 + host;
    let length = if host == 0 { "/26" } else { "" };
    format!("10.{}.{}.{}{length}", first >> 16 & 0xff, first >> 8 & 0xff, first & 0xff)
}
