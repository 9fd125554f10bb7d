//! What is asked of a name server, and what its answers say. Pure.

use crate::update;
use hickory_proto::op::{Message, MessageType, Query, ResponseCode, UpdateMessage};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// Nobody but the authority is to see the record, and nobody long: what was asked for before it was
/// there, or after it has gone, is to be forgotten soon.
const TTL_S: u32 = 60;

/// Who is asked where a zone begins is asked about a name and all that it stands below.
const MAX_LABELS: usize = 128;

/// What an answer says of where a zone begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apex {
    /// Here, and the server has it.
    Here,
    /// Further up, or nowhere.
    NotHere,
    /// The server does not say.
    Refused(ResponseCode),
}

/// A question.
pub(crate) fn question(name: &Name, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = false;
    message.add_query(Query::query(name.clone(), kind));
    message
}

/// Puts the values in the place of whatever stands under the name in its zone; nothing, for none
/// (RFC 2136 §2.5.2 and §2.5.1, carried out in this order).
pub(crate) fn replacement(zone: &Name, name: &Name, values: &[String]) -> Message {
    let mut message = update::empty(zone);
    let mut all = Record::update0(name.clone(), 0, RecordType::TXT).into_record_of_rdata();
    all.dns_class = DNSClass::ANY;
    message.add_update(all);
    for value in values {
        let text = RData::TXT(TXT::new(vec![value.clone()]));
        message.add_update(Record::from_rdata(name.clone(), TTL_S, text));
    }
    message
}

/// A name, and all that it stands below, but for the root.
pub(crate) fn upwards(name: &Name) -> impl Iterator<Item = Name> {
    let up = |name: &Name| Some(name.base_name());
    let all = std::iter::successors(Some(name.clone()), up);
    all.take_while(|name| !name.is_root()).take(MAX_LABELS)
}

/// Whether this is an answer to that at all.
pub(crate) fn is_answer(asked: &Message, answer: &Message) -> bool {
    answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == asked.metadata.id
        && answer.metadata.op_code == asked.metadata.op_code
        && !answer.metadata.truncation
}

/// What an answer to a question for a start of authority says.
pub(crate) fn apex(name: &Name, answer: &Message) -> Apex {
    let is_soa = |record: &Record| record.record_type() == RecordType::SOA && record.name == *name;
    match answer.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => {
            let is_here = answer.metadata.authoritative && answer.answers.iter().any(is_soa);
            if is_here { Apex::Here } else { Apex::NotHere }
        }
        other => Apex::Refused(other),
    }
}

/// The texts under a name, by a server that has its zone; `None` where it does not say.
pub(crate) fn texts(name: &Name, answer: &Message) -> Option<Vec<String>> {
    let is_said =
        matches!(answer.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
            && answer.metadata.authoritative;
    let text = |record: &Record| match &record.data {
        RData::TXT(text) if record.name == *name => {
            let joined: Vec<u8> = text.txt_data.iter().flatten().copied().collect();
            Some(String::from_utf8_lossy(&joined).into_owned())
        }
        _ => None,
    };
    is_said.then(|| answer.answers.iter().filter_map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::OpCode;
    use hickory_proto::rr::rdata::SOA;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        let mut name = Name::from_ascii(text).expect("a name");
        name.set_fqdn(true);
        name
    }

    fn answer(code: ResponseCode, records: Vec<Record>) -> Message {
        let mut message = Message::response(7, OpCode::Query);
        message.metadata.response_code = code;
        message.metadata.authoritative = true;
        message.add_answers(records);
        message
    }

    fn soa(of: &str) -> Record {
        let data = SOA::new(name("ns.example"), name("admin.example"), 1, 2, 3, 4, 5);
        Record::from_rdata(name(of), 60, RData::SOA(data))
    }

    fn text(of: &str, words: &[&str]) -> Record {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Record::from_rdata(name(of), 60, RData::TXT(TXT::new(words)))
    }

    #[test]
    fn a_zone_is_looked_for_upwards() {
        let up: Vec<String> = upwards(&name("a.b.example")).map(|it| it.to_ascii()).collect();
        assert_eq!(up, ["a.b.example.", "b.example.", "example."]);
    }

    #[test]
    fn a_zone_begins_where_a_server_that_has_it_says_so() {
        let of = |message: &Message| apex(&name("b.example"), message);
        assert_eq!(of(&answer(ResponseCode::NoError, vec![soa("b.example")])), Apex::Here);
        assert_eq!(of(&answer(ResponseCode::NoError, vec![soa("example")])), Apex::NotHere);
        assert_eq!(of(&answer(ResponseCode::NXDomain, vec![])), Apex::NotHere);
        let refused = of(&answer(ResponseCode::Refused, vec![]));
        assert_eq!(refused, Apex::Refused(ResponseCode::Refused));
        let mut hearsay = answer(ResponseCode::NoError, vec![soa("b.example")]);
        hearsay.metadata.authoritative = false;
        assert_eq!(of(&hearsay), Apex::NotHere);
    }

    #[test]
    fn only_texts_under_the_name_count() {
        let shown = vec![text("a.example", &["on", "e"]), text("b.example", &["two"])];
        let mut message = answer(ResponseCode::NoError, shown);
        assert_eq!(texts(&name("a.example"), &message), Some(vec!["one".to_owned()]));
        message.metadata.authoritative = false;
        assert_eq!(texts(&name("a.example"), &message), None);
        assert_eq!(
            texts(&name("a.example"), &answer(ResponseCode::NXDomain, vec![])),
            Some(vec![])
        );
        assert_eq!(texts(&name("a.example"), &answer(ResponseCode::ServFail, vec![])), None);
    }

    #[test]
    fn an_update_takes_all_away_before_it_adds() {
        let (zone, of) = (name("example"), name("_acme-challenge.a.example"));
        let message = replacement(&zone, &of, &["x".to_owned()]);
        let bytes = message.to_vec().expect("a message");
        let read = Message::from_vec(&bytes).expect("a message");
        assert_eq!(read.metadata.op_code, OpCode::Update);
        assert_eq!(read.queries[0].name(), &zone);
        let [all, one] = &*read.authorities else { panic!("{read:?}") };
        assert_eq!((all.dns_class, all.record_type()), (DNSClass::ANY, RecordType::TXT));
        assert_eq!((one.dns_class, one.ttl), (DNSClass::IN, TTL_S));
        assert_eq!(replacement(&zone, &of, &[]).authorities.len(), 1);
    }

    proptest! {
        #[test]
        fn whatever_a_server_says_does_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(message) = Message::from_vec(&bytes) {
                let of = name("a.example");
                let _ = (is_answer(&message, &message), apex(&of, &message), texts(&of, &message));
            }
        }
    }
}
