//! What leads from names to addresses.

use super::names::Names;
use super::text::is_within;
use super::{Data, Record};
use std::collections::BTreeSet;

/// All names in a zone with their addresses, and above them who may issue certificates: where the names of a
/// pattern begin, for what else stands in the zone is not ours to speak for.
pub(super) fn forward(zone: &str, names: &Names, issuers: &[String]) -> Vec<Record> {
    let own = names.hosts.iter().filter(|(name, _)| is_within(name, zone));
    let mut records: Vec<Record> = own
        .flat_map(|(name, host)| host.addresses.iter().map(|it| record(name, Data::of(*it))))
        .collect();
    if records.is_empty() {
        return records;
    }
    for top in tops_within(zone, names.tops.iter().map(String::as_str)) {
        let of_top = |issuer: &String| record(top, Data::Caa { issue: issuer.clone() });
        records.extend(issuers.iter().map(of_top));
    }
    records.sort_unstable();
    records.dedup();
    records
}

/// Where in a zone it is said who may issue certificates for names of patterns.
pub(super) fn tops_within<'a>(
    zone: &'a str,
    tops: impl Iterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    tops.filter_map(|top| {
        // Names of a pattern may be spread over several zones.
        is_within(top, zone).then_some(top).or_else(|| is_within(zone, top).then_some(zone))
    })
    .collect()
}

fn record(name: &str, data: Data) -> Record {
    Record { name: name.to_owned(), data }
}
