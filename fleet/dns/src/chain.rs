//! Signatures over an answer of several messages (RFC 8945 §5.3.1): each is made over what came since
//! the one before, and not every message needs to have one.

use hickory_proto::op::Message;
use hickory_proto::rr::TSigner;
use hickory_proto::rr::rdata::tsig::signed_bitmessage_to_buf;

/// So many messages in a row may come without a signature (RFC 8945 §5.3.1).
const MAX_UNSIGNED: usize = 99;

/// What an answer is verified by, message by message.
pub(crate) struct Chain<'a> {
    key: &'a TSigner,
    now_s: u64,
    last_mac: Vec<u8>,
    is_first: bool,
    unsigned: Vec<Vec<u8>>,
}

impl<'a> Chain<'a> {
    /// The answer to a question that was signed at this time, with this result.
    pub(crate) fn new(key: &'a TSigner, now_s: u64, asked_mac: Vec<u8>) -> Self {
        Self { key, now_s, last_mac: asked_mac, is_first: true, unsigned: Vec::new() }
    }

    /// The next message, as it came and as it was read.
    ///
    /// # Errors
    /// When it is not signed, or not with the key, or not now.
    pub(crate) fn next(&mut self, bytes: Vec<u8>, read: &Message) -> Result<(), String> {
        let Some(signature) = read.signature() else {
            // The first and the last have one, or nothing of it is believed.
            if self.is_first || self.unsigned.len() == MAX_UNSIGNED {
                return Err("no signature".to_owned());
            }
            self.unsigned.push(bytes);
            return Ok(());
        };
        // The library counts them in 16 bits.
        if read.answers.len() + read.authorities.len() > usize::from(u16::MAX) {
            return Err("more records than fit into a message".to_owned());
        }
        let said = &signature.data;
        if signature.name != *self.key.signer_name() || said.algorithm != *self.key.algorithm() {
            return Err("signed with another key".to_owned());
        }
        if let Some(error) = &said.error {
            return Err(format!("{error:?}"));
        }
        self.key.verify(&self.signed_text(&bytes)?, &said.mac).map_err(|err| err.to_string())?;
        if said.time.abs_diff(self.now_s) > u64::from(said.fudge) {
            return Err("signed at another time: the clocks are apart".to_owned());
        }
        self.last_mac.clone_from(&said.mac);
        self.is_first = false;
        self.unsigned.clear();
        Ok(())
    }

    /// Whether all that came is believed.
    pub(crate) fn is_signed(&self) -> bool {
        !self.is_first && self.unsigned.is_empty()
    }

    /// What was signed: the signature before, what came without, and this one.
    fn signed_text(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let length = u16::try_from(self.last_mac.len()).map_err(|err| err.to_string())?;
        let (own, _) =
            signed_bitmessage_to_buf(bytes, None, self.is_first).map_err(|err| err.to_string())?;
        let mut text = length.to_be_bytes().to_vec();
        text.extend_from_slice(&self.last_mac);
        for message in &self.unsigned {
            text.extend_from_slice(message);
        }
        text.extend_from_slice(&own);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::OpCode;
    use hickory_proto::rr::rdata::TSIG;
    use hickory_proto::rr::rdata::tsig::{TsigAlgorithm, make_tsig_record, message_tbs};
    use hickory_proto::rr::{Name, Record};

    const NOW_S: u64 = 1_764_000_000;

    fn key(secret: &[u8]) -> TSigner {
        let name = Name::from_ascii("key.").expect("a name");
        TSigner::new(secret.to_vec(), TsigAlgorithm::HmacSha256, name, 300).expect("a key")
    }

    /// What a server signs after these.
    struct Signer {
        key: TSigner,
        last_mac: Vec<u8>,
        since: Vec<u8>,
        is_first: bool,
    }

    impl Signer {
        fn new(key: TSigner) -> Self {
            Self { key, last_mac: vec![7; 32], since: Vec::new(), is_first: true }
        }

        fn message(id: u16) -> Message {
            Message::response(id, OpCode::Query)
        }

        fn plain(&mut self, id: u16) -> Vec<u8> {
            let bytes = Self::message(id).to_vec().expect("a message");
            self.since.extend(&bytes);
            bytes
        }

        fn signed(&mut self, id: u16, at_s: u64) -> Vec<u8> {
            let mut message = Self::message(id);
            let stub =
                TSIG::new(TsigAlgorithm::HmacSha256, at_s, 300, Vec::new(), id, None, Vec::new());
            let mut text = 32_u16.to_be_bytes().to_vec();
            text.extend(&self.last_mac);
            text.extend(&self.since);
            if self.is_first {
                text.extend(message_tbs(&message, &stub, self.key.signer_name()).expect("text"));
            } else {
                text.extend(message.to_vec().expect("a message"));
                text.extend(&at_s.to_be_bytes()[2..]);
                text.extend(300_u16.to_be_bytes());
            }
            let mac = self.key.sign(&text).expect("signed");
            self.last_mac.clone_from(&mac);
            self.since.clear();
            self.is_first = false;
            let name = self.key.signer_name().clone();
            let record: Record<TSIG> = make_tsig_record(name, stub.set_mac(mac));
            message.signature = Some(Box::new(record));
            message.to_vec().expect("a message")
        }
    }

    fn verified(messages: &[Vec<u8>]) -> Result<bool, String> {
        let key = key(b"sixteen bytes and more");
        let mut chain = Chain::new(&key, NOW_S, vec![7; 32]);
        for bytes in messages {
            chain.next(bytes.clone(), &Message::from_vec(bytes).expect("a message"))?;
        }
        Ok(chain.is_signed())
    }

    #[test]
    fn some_in_the_middle_need_no_signature() {
        let mut signer = Signer::new(key(b"sixteen bytes and more"));
        let all = [
            signer.signed(7, NOW_S),
            signer.plain(7),
            signer.plain(7),
            signer.signed(7, NOW_S),
            signer.signed(7, NOW_S),
        ];
        assert_eq!(verified(&all), Ok(true));
        assert_eq!(verified(&all[..3]), Ok(false), "the end is not signed");
        let without = [all[0].clone(), all[2].clone(), all[3].clone()];
        assert!(verified(&without).is_err(), "one was taken out");
        assert!(verified(&all[1..]).is_err(), "it does not begin with a signature");
    }

    #[test]
    fn another_key_and_another_time_are_not_believed() {
        let mut signer = Signer::new(key(b"another sixteen bytes"));
        assert!(verified(&[signer.signed(7, NOW_S)]).is_err());
        let mut signer = Signer::new(key(b"sixteen bytes and more"));
        let late = verified(&[signer.signed(7, NOW_S + 301)]).expect_err("too late");
        assert!(late.contains("clocks"), "{late}");
    }
}
