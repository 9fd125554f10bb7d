//! A session: who listens on the wires of the board hears nothing of the secret, and cannot change
//! what is said (part 1, §17 to §21).
//!
//! Both sides work a key out from a secret that is encrypted to the chip's own key. What is
//! secret in a command or an answer is encrypted with it, and all of both is authenticated.

use crate::command::{Chip, Code, Kind, Primary};
use crate::error::TpmError;
use crate::exchange::Exchange;
use crate::wire::{Answer, Words};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::cipher::{
    AES_128, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::digest::{Context, SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 32;

/// What of a command is secret; the session ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// Its first parameter.
    Said,
    /// The first that is answered.
    Heard,
}

impl Hidden {
    /// Of a session that does not go on (part 2, §8.4: `decrypt`, `encrypt`).
    fn attributes(self) -> u8 {
        match self {
            Self::Said => 1 << 5,
            Self::Heard => 1 << 6,
        }
    }
}

/// What the chip and we have in common.
pub(crate) struct Session {
    pub(crate) handle: u32,
    key: Key,
    nonce_of_chip: Vec<u8>,
}

impl Session {
    pub(crate) fn start<E: Exchange>(
        chip: &mut Chip<'_, E>,
        primary: &Primary,
        kind: Kind,
    ) -> Result<Self, TpmError> {
        let (salt, encrypted) = salt(primary)?;
        let nonce = nonce()?;
        let (handle, nonce_of_chip) = chip.start(primary, kind, &nonce, &encrypted)?;
        let key = Key(salt).derived("ATH", &nonce_of_chip, &nonce);
        Ok(Self { handle, key, nonce_of_chip })
    }

    /// Says a command about an object that this session may use; gives the parameters of the answer.
    pub(crate) fn say<E: Exchange>(
        self,
        chip: &mut Chip<'_, E>,
        code: Code,
        (handle, name): (u32, &[u8]),
        mut parameters: Words,
        hidden: Hidden,
    ) -> Result<Zeroizing<Vec<u8>>, TpmError> {
        let (nonce, attributes) = (nonce()?, hidden.attributes());
        if hidden == Hidden::Said {
            let mask = self.key.derived("CFB", &nonce, &self.nonce_of_chip);
            mask.encrypt(first(parameters.as_mut())?)?;
        }
        let hash = hash(&[&code.0.to_be_bytes(), name, parameters.as_ref()]);
        let proof = self.key.proof(&[&hash, &nonce, &self.nonce_of_chip, &[attributes]]);
        let shown = Words::new().u32(self.handle).buffer(&nonce).u8(attributes).buffer(&proof);
        let heard = chip.say(code, &[handle], Some(shown.as_ref()), parameters.as_ref())?;
        let (mut answer, nonce_of_chip) = self.check(code, &nonce, &heard)?;
        if hidden == Hidden::Heard {
            let mask = self.key.derived("CFB", &nonce_of_chip, &nonce);
            mask.decrypt(first(&mut answer)?)?;
        }
        Ok(answer)
    }

    /// The parameters of an answer, once they are known to be the chip's, and its nonce.
    fn check(
        &self,
        code: Code,
        nonce: &[u8],
        heard: &[u8],
    ) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), TpmError> {
        let mut answer = Answer::new(heard);
        let len = usize::try_from(answer.u32()?).unwrap_or(usize::MAX);
        let parameters = answer.take(len)?;
        let nonce_of_chip = answer.buffer()?;
        let attributes = answer.u8()?;
        let proof = answer.buffer()?;
        let hash = hash(&[&0u32.to_be_bytes(), &code.0.to_be_bytes(), parameters]);
        let proved = [&hash, nonce_of_chip, nonce, &[attributes]].concat();
        hmac::verify(&self.key.hmac(), &proved, proof)
            .map_err(|_| TpmError::Garbled("somebody else has answered"))?;
        Ok((Zeroizing::new(parameters.to_vec()), nonce_of_chip.to_vec()))
    }
}

/// Half of it encrypts, where it encrypts.
struct Key(Zeroizing<[u8; 32]>);

impl Key {
    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice())
    }

    fn proof(&self, of: &[&[u8]]) -> Vec<u8> {
        hmac::sign(&self.hmac(), &of.concat()).as_ref().to_vec()
    }

    /// KDFa (part 1, §11.4.10.2), for as many bits as SHA-256 has.
    fn derived(&self, label: &str, newer: &[u8], older: &[u8]) -> Self {
        let parts: [&[u8]; _] =
            [&1u32.to_be_bytes(), label.as_bytes(), &[0], newer, older, &256u32.to_be_bytes()];
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(hmac::sign(&self.hmac(), &parts.concat()).as_ref());
        Self(key)
    }

    /// Key and vector of AES in CFB (part 1, §21.3).
    fn cipher(&self) -> Result<(UnboundCipherKey, FixedLength<16>), TpmError> {
        let (key, vector) = self.0.split_at(16);
        let failed = |_| TpmError::Crypto("AES");
        let vector: [u8; 16] = vector.try_into().map_err(|_| TpmError::Crypto("AES"))?;
        Ok((UnboundCipherKey::new(&AES_128, key).map_err(failed)?, FixedLength::from(vector)))
    }

    fn encrypt(&self, octets: &mut [u8]) -> Result<(), TpmError> {
        let (key, vector) = self.cipher()?;
        let failed = |_| TpmError::Crypto("AES");
        let key = EncryptingKey::cfb128(key).map_err(failed)?;
        key.less_safe_encrypt(octets, EncryptionContext::Iv128(vector)).map_err(failed).map(drop)
    }

    fn decrypt(&self, octets: &mut [u8]) -> Result<(), TpmError> {
        let (key, vector) = self.cipher()?;
        let failed = |_| TpmError::Crypto("AES");
        let key = DecryptingKey::cfb128(key).map_err(failed)?;
        key.decrypt(octets, DecryptionContext::Iv128(vector)).map_err(failed).map(drop)
    }
}

/// A secret for both (part 1, §C.6.1 and §C.6.3), and what tells it to the chip alone.
fn salt(primary: &Primary) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), TpmError> {
    let failed = || TpmError::Crypto("its key is no point of the curve");
    let ours = PrivateKey::generate(&ECDH_P256).map_err(|_| TpmError::Crypto("no randomness"))?;
    let public = ours.compute_public_key().map_err(|_| failed())?;
    let (x, y) = halves(public.as_ref()).ok_or_else(failed)?;
    let (chips, _) = halves(&primary.point).ok_or_else(failed)?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, primary.point);
    let salt = agree(&ours, theirs, failed(), |shared| {
        // KDFe (part 1, §11.4.10.3).
        let mut hash = Context::new(&SHA256);
        for part in [&1u32.to_be_bytes(), shared, b"SECRET\0", x, chips] {
            hash.update(part);
        }
        let mut salt = Zeroizing::new([0; 32]);
        salt.copy_from_slice(hash.finish().as_ref());
        Ok(salt)
    })?;
    Ok((salt, Words::new().buffer(x).buffer(y).as_ref().to_vec()))
}

/// Both coordinates of a point without compression.
fn halves(point: &[u8]) -> Option<(&[u8], &[u8])> {
    Some((point.get(1..33)?, point.get(33..65)?))
}

/// The octets of the first parameter, a buffer.
fn first(parameters: &mut [u8]) -> Result<&mut [u8], TpmError> {
    let len = Answer::new(parameters).u16()?;
    let octets = parameters.get_mut(2..2 + usize::from(len));
    octets.ok_or(TpmError::Garbled("it ends too early"))
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    digest(&SHA256, &parts.concat()).as_ref().to_vec()
}

fn nonce() -> Result<[u8; NONCE_BYTES], TpmError> {
    let mut nonce = [0; NONCE_BYTES];
    aws_lc_rs::rand::fill(&mut nonce).map_err(|_| TpmError::Crypto("no randomness"))?;
    Ok(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> Key {
        Key(Zeroizing::new([7; 32]))
    }

    #[test]
    fn what_is_encrypted_comes_back_and_depends_on_both_nonces() {
        let mask = key().derived("CFB", b"newer", b"older");
        let mut octets = *b"the secret, and more than one block of it";
        mask.encrypt(&mut octets).expect("encrypted");
        assert_ne!(&octets, b"the secret, and more than one block of it");
        let mut others = octets;
        key().derived("CFB", b"older", b"newer").decrypt(&mut others).expect("decrypted");
        mask.decrypt(&mut octets).expect("decrypted");
        assert_eq!(&octets, b"the secret, and more than one block of it");
        assert_ne!(others, octets);
    }

    proptest! {
        #[test]
        fn what_the_chip_has_not_said_is_not_believed(
            heard in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let session = Session { handle: 1, key: key(), nonce_of_chip: vec![0; 32] };
            prop_assert!(session.check(crate::command::UNSEAL, &[0; 32], &heard).is_err());
        }
    }
}
