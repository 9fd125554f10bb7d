//! Which of what stands in a zone is the fleet's.

use super::records::says_who_issues;
use dns::{Name, RData, Record};
use inventory::zones::Zone;
use std::collections::HashSet;

/// What the rule says of a zone.
pub(super) struct Ours {
    owned: HashSet<String>,
    owned_tops: HashSet<String>,
    /// Names under which the fleet wants something to stand.
    wanted: HashSet<String>,
    /// Whether the fleet was told who may issue certificates: else it says nothing of that.
    is_told_issuers: bool,
}

impl Ours {
    pub(super) fn new(zone: &Zone, is_told_issuers: bool) -> Self {
        Self {
            owned: zone.owned.iter().cloned().collect(),
            owned_tops: zone.owned_tops.iter().cloned().collect(),
            wanted: zone.records.iter().map(|it| it.name.clone()).collect(),
            is_told_issuers,
        }
    }

    /// An address under a name of a box; what leads back to such a name, or from the address of a box; who may
    /// issue certificates for boxes. What others have put there is none of these.
    pub(super) fn has(&self, record: &Record) -> bool {
        match &record.data {
            RData::A(_) | RData::AAAA(_) => self.owned.contains(&plain(&record.name)),
            RData::PTR(target) => {
                self.owned.contains(&plain(target)) || self.wanted.contains(&plain(&record.name))
            }
            RData::CAA(caa) => {
                self.is_told_issuers
                    && says_who_issues(caa)
                    && self.owned_tops.contains(&plain(&record.name))
            }
            _ => false,
        }
    }
}

/// In small letters, without the dot at its end.
fn plain(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.strip_suffix('.').map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::records::{name, record};
    use super::*;
    use dns::{CAA, PTR};
    use inventory::zones::{Data, Record as Own};

    fn texts<T: FromIterator<String>>(all: &[&str]) -> T {
        all.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn what_others_put_there_is_theirs() {
        let address = "192.0.2.1".parse().expect("an address");
        let own = |of: &str, data: Data| Own { name: of.to_owned(), data };
        let zone = Zone {
            zone: "cdn.example".to_owned(),
            serial: 1,
            records: vec![own("1.2.0.192.in-addr.arpa", Data::Ptr { target: "a".to_owned() })],
            notes: Vec::new(),
            owned: texts(&["oca1.cdn.example", "oca9.cdn.example"]),
            owned_tops: texts(&["cdn.example"]),
        };
        let ours = Ours::new(&zone, true);
        let has = |of: &str, data| ours.has(&record(&own(of, data), 60).expect("a record"));
        assert!(has("OCA9.cdn.example", Data::A { address }), "it was a box once");
        assert!(!has("www.cdn.example", Data::A { address }));
        let to = |target: &str| Data::Ptr { target: target.to_owned() };
        assert!(has("9.2.0.192.in-addr.arpa", to("oca9.cdn.example")));
        assert!(has("1.2.0.192.in-addr.arpa", to("www.cdn.example")), "the address is a box's");
        assert!(!has("9.2.0.192.in-addr.arpa", to("www.cdn.example")));
        let caa = |issue: &str| Data::Caa { issue: issue.to_owned() };
        assert!(has("cdn.example", caa("ca.example")));
        assert!(!has("www.cdn.example", caa("ca.example")));
        let told_nothing = Ours::new(&zone, false);
        let other = record(&own("cdn.example", caa("ca.example")), 60).expect("a record");
        assert!(!told_nothing.has(&other));
        let wild = CAA::new_issuewild(false, None, Vec::new());
        let wild = Record::from_rdata(name("cdn.example").expect("a name"), 60, RData::CAA(wild));
        assert!(!ours.has(&wild));
        let pointer = RData::PTR(PTR(name("x").expect("a name")));
        let pointer = Record::from_rdata(name("oca1.cdn.example").expect("a name"), 60, pointer);
        assert!(!ours.has(&pointer));
    }
}
