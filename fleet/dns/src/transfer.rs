//! A whole zone, as it comes in (RFC 5936). Pure.

use hickory_proto::rr::{Name, Record, RecordType};

/// A hundred names of each of a hundred thousand boxes would be as many.
const MAX_RECORDS: usize = 10_000_000;

/// What has come so far.
pub(crate) struct Incoming<'a> {
    zone: &'a Name,
    kinds: &'a [RecordType],
    count: usize,
    /// Those of these kinds.
    pub(crate) records: Vec<Record>,
}

impl<'a> Incoming<'a> {
    /// Nothing yet. Records of other kinds are not kept.
    pub(crate) fn new(zone: &'a Name, kinds: &'a [RecordType]) -> Self {
        Self { zone, kinds, count: 0, records: Vec::new() }
    }

    /// Takes what a message brings; says whether that was the last one.
    ///
    /// # Errors
    /// When it is none of a transfer.
    pub(crate) fn take(&mut self, answers: Vec<Record>) -> Result<bool, String> {
        let mut is_over = false;
        for record in answers {
            if is_over {
                return Err("there is more after the end of the zone".to_owned());
            }
            let is_soa = record.record_type() == RecordType::SOA && record.name == *self.zone;
            if self.count == 0 && !is_soa {
                return Err("a zone does not begin so".to_owned());
            }
            // It stands at the beginning, and again at the end.
            is_over = is_soa && self.count > 0;
            self.count += 1;
            if self.count > MAX_RECORDS {
                return Err(format!("more than {MAX_RECORDS} records"));
            }
            if self.kinds.contains(&record.record_type()) && self.zone.zone_of(&record.name) {
                self.records.push(record);
            }
        }
        if self.count == 0 {
            return Err("a zone without records".to_owned());
        }
        Ok(is_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::RData;
    use hickory_proto::rr::rdata::{A, SOA, TXT};
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).expect("a name")
    }

    fn soa() -> Record {
        let data = SOA::new(name("ns.example."), name("admin.example."), 1, 2, 3, 4, 5);
        Record::from_rdata(name("example."), 60, RData::SOA(data))
    }

    fn address(of: &str) -> Record {
        Record::from_rdata(name(of), 60, RData::A(A::new(192, 0, 2, 1)))
    }

    fn text(of: &str) -> Record {
        Record::from_rdata(name(of), 60, RData::TXT(TXT::new(vec!["x".to_owned()])))
    }

    #[test]
    fn a_zone_ends_as_it_began() {
        let zone = name("example.");
        let mut incoming = Incoming::new(&zone, &[RecordType::A]);
        assert_eq!(incoming.take(vec![soa(), address("a.example.")]), Ok(false));
        assert_eq!(incoming.take(vec![text("a.example."), address("other.")]), Ok(false));
        assert_eq!(incoming.take(vec![address("b.example."), soa()]), Ok(true));
        assert_eq!(incoming.records, [address("a.example."), address("b.example.")]);
    }

    #[test]
    fn what_is_no_zone_says_why() {
        let zone = name("example.");
        for wrong in
            [vec![], vec![address("a.example.")], vec![soa(), soa(), address("a.example.")]]
        {
            assert!(Incoming::new(&zone, &[]).take(wrong.clone()).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn however_it_is_cut_it_is_the_same(cuts in proptest::collection::vec(1_usize..5, 1..20)) {
            let zone = name("example.");
            let mut all = vec![soa()];
            all.extend((0..20).map(|at| address(&format!("n{at}.example."))));
            all.push(soa());
            let (mut incoming, mut is_over) = (Incoming::new(&zone, &[RecordType::A]), false);
            let mut cuts = cuts.into_iter().cycle();
            while !is_over {
                let count = cuts.next().unwrap_or(1).min(all.len());
                is_over = incoming.take(all.drain(..count).collect()).expect("a zone");
            }
            prop_assert!(all.is_empty());
            prop_assert_eq!(incoming.records.len(), 20);
        }
    }
}
