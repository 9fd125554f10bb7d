//! Differences as updates (RFC 2136). Pure.

use crate::Difference;
use hickory_proto::op::{Message, OpCode, Query, UpdateMessage};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// Of records, uncompressed. A message has at most 65,535, and its signature takes some.
const MAX_BYTES: usize = 48_000;

/// What a record has beside its name and data.
const FIXED_BYTES: usize = 10;

/// As few messages as they fit into. All of one name stands in one: nobody sees half of it.
pub(crate) fn updates(zone: &Name, differences: &[Difference]) -> Vec<Message> {
    let (mut all, mut bytes) = (Vec::<Message>::new(), 0);
    for of_a_name in differences.chunk_by(|a, b| a.name == b.name) {
        let more: usize = of_a_name.iter().map(weight).sum();
        if all.is_empty() || bytes + more > MAX_BYTES {
            all.push(empty(zone));
            bytes = 0;
        }
        bytes += more;
        if let Some(message) = all.last_mut() {
            of_a_name.iter().for_each(|one| add(message, one));
        }
    }
    all
}

/// An update that changes nothing yet.
pub(crate) fn empty(zone: &Name) -> Message {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    let mut whole = Query::query(zone.clone(), RecordType::SOA);
    whole.set_query_class(DNSClass::IN);
    message.add_zone(whole);
    message
}

/// On condition that all is still there that was seen, and nothing else (§2.4.2, §2.4.3).
fn add(message: &mut Message, one: &Difference) {
    if one.present.is_empty() {
        let nothing = Record::update0(one.name.clone(), 0, one.kind).into_record_of_rdata();
        message.add_answer(of_class(nothing, DNSClass::NONE));
    }
    for record in &one.present {
        message.add_answer(of_class(record.clone(), DNSClass::IN));
    }
    for record in &one.remove {
        message.add_update(of_class(record.clone(), DNSClass::NONE));
    }
    for record in &one.add {
        message.add_update(record.clone());
    }
}

fn of_class(mut record: Record, class: DNSClass) -> Record {
    record.dns_class = class;
    record.ttl = 0;
    record
}

fn weight(one: &Difference) -> usize {
    let all = one.present.iter().chain(&one.remove).chain(&one.add);
    let of_data: usize = all.map(|it| it.name.len() + FIXED_BYTES + data_bytes(&it.data)).sum();
    of_data + one.name.len() + FIXED_BYTES
}

/// At least what is written of it.
fn data_bytes(data: &RData) -> usize {
    match data {
        RData::A(_) => 4,
        RData::AAAA(_) => 16,
        RData::PTR(name) => name.len() + 1,
        RData::CAA(caa) => 2 + caa.tag.len() + caa.value.len(),
        // Nothing else is ours.
        _ => 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{A, AAAA};
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).expect("a name")
    }

    fn new(of: &str, data: RData) -> Difference {
        let kind = data.record_type();
        let add = vec![Record::from_rdata(name(of), 60, data)];
        Difference { name: name(of), kind, present: Vec::new(), remove: Vec::new(), add }
    }

    #[test]
    fn what_was_seen_is_a_condition() {
        let was = Record::from_rdata(name("a.example."), 60, RData::A(A::new(192, 0, 2, 1)));
        let mut other = new("a.example.", RData::A(A::new(192, 0, 2, 2)));
        (other.present, other.remove) = (vec![was.clone()], vec![was]);
        let more = new("a.example.", RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));
        let messages = updates(&name("example."), &[other, more]);
        let [message] = &*messages else { panic!("{messages:?}") };
        let read = Message::from_vec(&message.to_vec().expect("bytes")).expect("a message");
        let classes = |records: &[Record]| {
            records.iter().map(|it| (it.record_type(), it.dns_class)).collect::<Vec<_>>()
        };
        let (a, aaaa) = (RecordType::A, RecordType::AAAA);
        assert_eq!(classes(&read.answers), [(a, DNSClass::IN), (aaaa, DNSClass::NONE)]);
        let changes = [(a, DNSClass::NONE), (a, DNSClass::IN), (aaaa, DNSClass::IN)];
        assert_eq!(classes(&read.authorities), changes);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        /// However many there are and however long: each message fits, none is left out.
        #[test]
        fn every_message_fits(count in 1_usize..3000, letters in 1_usize..63) {
            let long = "x".repeat(letters);
            let all: Vec<Difference> = (0..count)
                .map(|at| new(&format!("n{at}.{long}.{long}.{long}."), RData::A(A::new(192, 0, 2, 1))))
                .collect();
            let messages = updates(&name("example."), &all);
            let mut changes = 0;
            for message in &messages {
                prop_assert!(message.to_vec().expect("bytes").len() < 60_000);
                changes += message.authorities.len();
            }
            prop_assert_eq!(changes, count);
        }
    }
}
