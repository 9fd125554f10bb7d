//! Sealing and unsealing, from the first command to the last.

use crate::command::{CREATE, Chip, Kind, UNSEAL, name, sealed_template};
use crate::error::TpmError;
use crate::exchange::{Exchange, Open};
use crate::pcrs::Pcrs;
use crate::place::Place;
use crate::session::{Hidden, Session};
use crate::wire::{Answer, Words};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use std::fmt;
use zeroize::Zeroizing;

/// What is sealed is a key, and as long.
pub const SECRET_BYTES: usize = 32;

/// What is sealed. Wiped when it is dropped, and shown to nobody by mistake.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// One that nobody has seen.
    ///
    /// # Errors
    /// When no randomness can be had.
    pub fn random() -> Result<Self, TpmError> {
        let mut octets = Zeroizing::new(vec![0; SECRET_BYTES]);
        aws_lc_rs::rand::fill(&mut octets).map_err(|_| TpmError::Crypto("no randomness"))?;
        Ok(Self(octets))
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A secret that one chip alone can unseal. Everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What it is (`TPMT_PUBLIC`).
    pub public: Vec<u8>,
    /// The secret, encrypted by the chip (`TPM2B_PRIVATE`).
    pub private: Vec<u8>,
    /// What has to stand in these registers is what stood there.
    pub pcrs: Pcrs,
}

/// Seals a secret to a chip, and to what stands in some of its registers now.
///
/// # Errors
/// When the chip cannot be reached in time, or refuses.
pub fn seal(place: &Place, secret: &Secret, pcrs: Pcrs) -> Result<Sealed, TpmError> {
    with(&mut Open::at(place)?, |chip| seal_by(chip, secret, pcrs))
}

/// Unseals it.
///
/// # Errors
/// When the chip cannot be reached in time, is another, or was started otherwise.
pub fn unseal(place: &Place, sealed: &Sealed) -> Result<Secret, TpmError> {
    with(&mut Open::at(place)?, |chip| unseal_by(chip, sealed))
}

fn with<E: Exchange, T>(
    way: &mut E,
    ask: impl FnOnce(&mut Chip<'_, E>) -> Result<T, TpmError>,
) -> Result<T, TpmError> {
    let mut chip = Chip::new(way);
    let outcome = ask(&mut chip);
    chip.forget();
    outcome
}

fn seal_by<E: Exchange>(
    chip: &mut Chip<'_, E>,
    secret: &Secret,
    pcrs: Pcrs,
) -> Result<Sealed, TpmError> {
    let primary = chip.primary()?;
    let policy = match pcrs.is_empty() {
        true => Vec::new(),
        false => {
            let trial = Session::start(chip, &primary, Kind::Trial)?.handle;
            chip.policy_pcr(trial, pcrs)?;
            chip.policy_digest(trial)?
        }
    };
    let session = Session::start(chip, &primary, Kind::Hmac)?;
    let sensitive = Words::new().buffer(b"").buffer(secret.as_ref());
    let parameters = Words::new().buffer(sensitive.as_ref());
    let parameters = parameters.buffer(sealed_template(&policy).as_ref()).buffer(b"").u32(0);
    let parent = (primary.handle, primary.name.as_slice());
    let heard = session.say(chip, CREATE, parent, parameters, Hidden::Said)?;
    let mut answer = Answer::new(&heard);
    let (private, public) = (answer.buffer()?.to_vec(), answer.buffer()?.to_vec());
    Ok(Sealed { public, private, pcrs })
}

fn unseal_by<E: Exchange>(chip: &mut Chip<'_, E>, sealed: &Sealed) -> Result<Secret, TpmError> {
    let Sealed { public, private, pcrs } = sealed;
    let primary = chip.primary()?;
    let (handle, name) = (chip.load(&primary, private, public)?, name(public));
    let kind = if pcrs.is_empty() { Kind::Hmac } else { Kind::Policy };
    let session = Session::start(chip, &primary, kind)?;
    if !pcrs.is_empty() {
        chip.policy_pcr(session.handle, *pcrs)?;
    }
    let heard = session.say(chip, UNSEAL, (handle, &name), Words::new(), Hidden::Heard)?;
    let octets = Answer::new(&heard).buffer()?;
    match octets.len() == SECRET_BYTES {
        true => Ok(Secret(Zeroizing::new(octets.to_vec()))),
        false => Err(TpmError::Garbled("what it unseals is of another length")),
    }
}
