//! What is asked of a name server, and what its answers say. Pure.

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode, UpdateMessage};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// Nobody but the authority is to see the record, and nobody long: what was asked for before it was
/// there, or after it has gone, is to be forgotten soon.
const TTL_S: u32 = 60;

/// Who is asked where a zone begins is asked about a name and all that it stands below.
const MAX_LABELS: usize = 128;

/// What an answer says of where a zone begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apex {
    /// Here, and the server has it.
    Here,
    /// Further up, or nowhere.
    NotHere,
    /// The server does not say.
    Refused(ResponseCode),
}

/// A question.
pub(super) fn question(name: &Name, kind: RecordType) -> Message {
    let mut message = Message::query();
    message.metadata.recursion_desired = false;
    message.add_query(Query::query(name.clone(), kind));
    message
}

/// Puts the values in the place of whatever stands under the name in its zone; nothing, for none
/// (RFC 2136 §2.5.2 and §2.5.1, carried out in this order).
pub(super) fn replacement(zone: &Name, name: &Name, values: &[String]) -> Message {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    let mut whole = Query::query(zone.clone(), RecordType::SOA);
    whole.set_query_class(DNSClass::IN);
    message.add_zone(whole);
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
pub(super) fn upwards(name: &Name) -> impl Iterator<Item = Name> {
    let up = |name: &Name| Some(name.base_name());
    let all = std::iter::successors(Some(name.clone()), up);
    all.take_while(|name| !name.is_root()).take(MAX_LABELS)
}

/// Whether this is an answer to that at all.
pub(super) fn is_answer(asked: &Message, answer: &Message) -> bool {
    answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == asked.metadata.id
        && answer.metadata.op_code == asked.metadata.op_code
        && !answer.metadata.truncation
}

/// What an answer to a question for a start of authority says.
pub(super) fn apex(name: &Name, answer: &Message) -> Apex {
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
pub(super) fn texts(name: &Name, answer: &Message) -> Option<Vec<String>> {
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
