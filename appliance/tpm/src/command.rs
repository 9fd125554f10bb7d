//! What is said to the chip, command by command (part 3), and what it answers.

use crate::error::{Reason, TpmError};
use crate::exchange::{Exchange, HEAD_BYTES};
use crate::pcrs::Pcrs;
use crate::wire::{Answer, Words};
use aws_lc_rs::digest::{SHA256 as SHA256_OF, digest};
use zeroize::Zeroizing;

/// A command, and its name for whoever reads that it was refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code(pub(crate) u32, &'static str);

const CREATE_PRIMARY: Code = Code(0x131, "TPM2_CreatePrimary");
pub(crate) const CREATE: Code = Code(0x153, "TPM2_Create");
const LOAD: Code = Code(0x157, "TPM2_Load");
pub(crate) const UNSEAL: Code = Code(0x15e, "TPM2_Unseal");
const FLUSH_CONTEXT: Code = Code(0x165, "TPM2_FlushContext");
const START_AUTH_SESSION: Code = Code(0x176, "TPM2_StartAuthSession");
const POLICY_PCR: Code = Code(0x17f, "TPM2_PolicyPCR");
const POLICY_GET_DIGEST: Code = Code(0x189, "TPM2_PolicyGetDigest");

/// Tags: whether a command brings authorisation.
const NO_SESSIONS: u16 = 0x8001;
const SESSIONS: u16 = 0x8002;

/// Handles that stand for something.
const OWNER: u32 = 0x4000_0001;
const NULL: u32 = 0x4000_0007;
const PASSWORD: u32 = 0x4000_0009;

/// Algorithms (part 2, §6.3), and a curve (§6.4).
const AES: u16 = 0x0006;
const KEYEDHASH: u16 = 0x0008;
const SHA256: u16 = 0x000b;
const NO_ALGORITHM: u16 = 0x0010;
const ECC: u16 = 0x0023;
const CFB: u16 = 0x0043;
const P256: u16 = 0x0003;

/// What objects are and may be used for (part 2, §8.3).
mod attributes {
    const FIXED_TPM: u32 = 1 << 1;
    const FIXED_PARENT: u32 = 1 << 4;
    const SENSITIVE_DATA_ORIGIN: u32 = 1 << 5;
    const USER_WITH_AUTH: u32 = 1 << 6;
    /// There is no password that somebody could guess.
    const NO_DA: u32 = 1 << 10;
    const RESTRICTED: u32 = 1 << 16;
    const DECRYPT: u32 = 1 << 17;

    const STAYS: u32 = FIXED_TPM | FIXED_PARENT | NO_DA;
    pub(super) const PARENT: u32 =
        STAYS | SENSITIVE_DATA_ORIGIN | USER_WITH_AUTH | RESTRICTED | DECRYPT;
    pub(super) const FOR_ALL: u32 = STAYS | USER_WITH_AUTH;
    pub(super) const BY_POLICY: u32 = STAYS;
}

/// What a session is for (part 2, §6.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Hmac = 0,
    Policy = 1,
    /// Only works a policy out.
    Trial = 3,
}

/// The key under which it seals: derived from its seed, the same each time.
pub(crate) struct Primary {
    pub(crate) handle: u32,
    pub(crate) name: Vec<u8>,
    /// A point, as SEC 1 §2.3.3 writes one without compression.
    pub(crate) point: [u8; 65],
}

/// A chip with what has been made in it meanwhile.
pub(crate) struct Chip<'a, E> {
    way: &'a mut E,
    made: Vec<u32>,
}

impl<'a, E: Exchange> Chip<'a, E> {
    pub(crate) fn new(way: &'a mut E) -> Self {
        Self { way, made: Vec::new() }
    }

    /// Says a command until it is not too busy for it; gives what follows the head of the answer.
    pub(crate) fn say(
        &mut self,
        code: Code,
        handles: &[u32],
        authorisation: Option<&[u8]>,
        parameters: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let command = written(code, handles, authorisation, parameters);
        loop {
            let mut heard = self.way.exchange(command.as_ref())?;
            let mut head = Answer::new(&heard);
            let (tag, _, said) = (head.u16()?, head.u32()?, head.u32()?);
            if !matches!(tag, NO_SESSIONS | SESSIONS) {
                return Err(TpmError::Garbled("its tag is another"));
            }
            if said == 0 {
                heard.drain(..HEAD_BYTES);
                return Ok(heard);
            }
            let reason = Reason::of(said);
            if reason != Reason::Busy || !self.way.wait() {
                return Err(TpmError::Refused { command: code.1, code: said, reason });
            }
        }
    }

    /// The same, with the password of something that has none.
    fn say_openly(
        &mut self,
        code: Code,
        handle: u32,
        parameters: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let nobody = Words::new().u32(PASSWORD).buffer(b"").u8(0).buffer(b"");
        self.say(code, &[handle], Some(nobody.as_ref()), parameters)
    }

    /// Has it derive its key (TCG, TPM 2.0 Provisioning Guidance, §7.5.1: storage root key).
    pub(crate) fn primary(&mut self) -> Result<Primary, TpmError> {
        let template = Words::new().u16(ECC).u16(SHA256).u32(attributes::PARENT).buffer(b"");
        let template = template.u16(AES).u16(128).u16(CFB).u16(NO_ALGORITHM);
        let template = template.u16(P256).u16(NO_ALGORITHM).buffer(b"").buffer(b"");
        let no_secret = Words::new().buffer(b"").buffer(b"");
        let parameters = Words::new().buffer(no_secret.as_ref()).buffer(template.as_ref());
        let parameters = parameters.buffer(b"").u32(0);
        let heard = self.say_openly(CREATE_PRIMARY, OWNER, parameters.as_ref())?;
        let mut answer = Answer::new(&heard);
        let handle = self.made(answer.u32()?);
        answer.u32()?;
        let public = answer.buffer()?;
        Ok(Primary { handle, name: name(public), point: point(public)? })
    }

    /// Gives a session's handle, and what the chip adds to its nonces.
    pub(crate) fn start(
        &mut self,
        primary: &Primary,
        kind: Kind,
        nonce: &[u8],
        encrypted_salt: &[u8],
    ) -> Result<(u32, Vec<u8>), TpmError> {
        let parameters = Words::new().buffer(nonce).buffer(encrypted_salt).u8(kind as u8);
        let parameters = parameters.u16(AES).u16(128).u16(CFB).u16(SHA256);
        let handles = [primary.handle, NULL];
        let heard = self.say(START_AUTH_SESSION, &handles, None, parameters.as_ref())?;
        let mut answer = Answer::new(&heard);
        Ok((self.made(answer.u32()?), answer.buffer()?.to_vec()))
    }

    /// Binds a policy to what stands in registers now.
    pub(crate) fn policy_pcr(&mut self, session: u32, pcrs: Pcrs) -> Result<(), TpmError> {
        let selected = Words::new().u32(1).u16(SHA256).u8(3).octets(&pcrs.select());
        let parameters = Words::new().buffer(b"").octets(selected.as_ref());
        self.say(POLICY_PCR, &[session], None, parameters.as_ref()).map(drop)
    }

    pub(crate) fn policy_digest(&mut self, session: u32) -> Result<Vec<u8>, TpmError> {
        let heard = self.say(POLICY_GET_DIGEST, &[session], None, b"")?;
        Ok(Answer::new(&heard).buffer()?.to_vec())
    }

    /// Takes in what was sealed.
    pub(crate) fn load(
        &mut self,
        primary: &Primary,
        private: &[u8],
        public: &[u8],
    ) -> Result<u32, TpmError> {
        let parameters = Words::new().buffer(private).buffer(public);
        let heard = self.say_openly(LOAD, primary.handle, parameters.as_ref())?;
        Ok(self.made(Answer::new(&heard).u32()?))
    }

    fn made(&mut self, handle: u32) -> u32 {
        self.made.push(handle);
        handle
    }

    /// Has it forget all that was made. Behind the kernel's resource manager it would by itself, and
    /// sessions end with what they were for: what it does not know any more is no matter.
    pub(crate) fn forget(mut self) {
        for handle in std::mem::take(&mut self.made).into_iter().rev() {
            let _ = self.say(FLUSH_CONTEXT, &[], None, &handle.to_be_bytes());
        }
    }
}

/// What is to be sealed: the template of an object that holds data.
pub(crate) fn sealed_template(policy: &[u8]) -> Words {
    let may = if policy.is_empty() { attributes::FOR_ALL } else { attributes::BY_POLICY };
    let template = Words::new().u16(KEYEDHASH).u16(SHA256).u32(may).buffer(policy);
    template.u16(NO_ALGORITHM).buffer(b"")
}

/// How an object is called: what its public part hashes to (part 1, §16).
pub(crate) fn name(public: &[u8]) -> Vec<u8> {
    let hash = digest(&SHA256_OF, public);
    [SHA256.to_be_bytes().as_slice(), hash.as_ref()].concat()
}

fn written(code: Code, handles: &[u32], authorisation: Option<&[u8]>, parameters: &[u8]) -> Words {
    let mut body = Words::new();
    for handle in handles {
        body = body.u32(*handle);
    }
    if let Some(authorisation) = authorisation {
        let len = u32::try_from(authorisation.len()).unwrap_or(u32::MAX);
        body = body.u32(len).octets(authorisation);
    }
    let body = body.octets(parameters);
    let tag = if authorisation.is_some() { SESSIONS } else { NO_SESSIONS };
    let len = u32::try_from(HEAD_BYTES + body.as_ref().len()).unwrap_or(u32::MAX);
    Words::new().u16(tag).u32(len).u32(code.0).octets(body.as_ref())
}

/// The point of a key on P-256.
fn point(public: &[u8]) -> Result<[u8; 65], TpmError> {
    let mut public = Answer::new(public);
    let is_ecc = public.u16()? == ECC;
    public.u16()?;
    public.u32()?;
    public.buffer()?;
    let cipher = [public.u16()?, public.u16()?, public.u16()?, public.u16()?];
    let is_p256 = public.u16()? == P256;
    public.u16()?;
    if !is_ecc || !is_p256 || cipher != [AES, 128, CFB, NO_ALGORITHM] {
        return Err(TpmError::Garbled("its key is of another kind"));
    }
    let mut point = [0; 65];
    point[0] = 4;
    for half in point[1..].chunks_exact_mut(32) {
        let octets = public.buffer()?;
        // Leading zeros may be missing.
        let at = half.len().checked_sub(octets.len());
        let at = at.ok_or(TpmError::Garbled("its key is too long"))?;
        half[at..].copy_from_slice(octets);
    }
    Ok(point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_command_is_written_as_the_specification_has_it() {
        let command = written(FLUSH_CONTEXT, &[], None, &0x8000_0000_u32.to_be_bytes());
        assert_eq!(command.as_ref(), b"\x80\x01\0\0\0\x0e\0\0\x01\x65\x80\0\0\0");
        let command = written(UNSEAL, &[0x8000_0001], Some(b"auth"), b"");
        let octets = b"\x80\x02\0\0\0\x16\0\0\x01\x5e\x80\0\0\x01\0\0\0\x04auth";
        assert_eq!(command.as_ref(), octets);
    }

    /// Answers everything alike, so often.
    struct Parrot(Vec<u8>, usize);

    impl Exchange for Parrot {
        fn exchange(&mut self, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TpmError> {
            self.1 = self.1.checked_sub(1).expect("asked too often");
            Ok(Zeroizing::new(self.0.clone()))
        }

        fn wait(&mut self) -> bool {
            self.1 > 0
        }
    }

    #[test]
    fn a_busy_chip_is_asked_again_while_there_is_time() {
        let busy = b"\x80\x01\0\0\0\x0a\0\0\x09\x22".to_vec();
        let mut parrot = Parrot(busy, 3);
        let said = Chip::new(&mut parrot).primary().map(drop).expect_err("busy");
        assert_eq!(said.reason(), Some(Reason::Busy));
        assert!(said.to_string().contains("TPM2_CreatePrimary: it is busy"), "{said}");
        assert_eq!(parrot.1, 0);
        // A chip of the generation before.
        let mut old = Parrot(b"\x00\xc4\0\0\0\x0a\0\0\0\x1e".to_vec(), 1);
        let said = Chip::new(&mut old).primary().map(drop).expect_err("another generation");
        assert!(matches!(said, TpmError::Garbled(_)), "{said}");
    }

    proptest! {
        #[test]
        fn whatever_it_answers_is_judged(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let head = Words::new().u16(SESSIONS).u32(0).u32(0);
            let heard = [head.as_ref(), &body].concat();
            let _ = Chip::new(&mut Parrot(heard.clone(), 1)).primary();
            let primary = Primary { handle: 0, name: Vec::new(), point: [0; 65] };
            let _ = Chip::new(&mut Parrot(heard.clone(), 1)).start(&primary, Kind::Hmac, b"", b"");
            let _ = Chip::new(&mut Parrot(heard.clone(), 1)).load(&primary, b"", b"");
            let _ = Chip::new(&mut Parrot(heard, 1)).policy_digest(0);
        }
    }
}
