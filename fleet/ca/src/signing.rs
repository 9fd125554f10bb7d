//! Document-signing keys: Ed25519, each for one role.

use crate::CaError;
use crate::key_file::read_or_make;
use contract::envelope::{Role, SigningKey};
use contract::object::Digest;
use rcgen::KeyPair;
use std::path::Path;

pub(crate) fn generate() -> Result<String, CaError> {
    Ok(KeyPair::generate_for(&rcgen::PKCS_ED25519)?.serialize_pem())
}

/// The key in a file; made, where there is none.
pub(crate) fn open(path: &Path, role: Role) -> Result<SigningKey, CaError> {
    let pem = read_or_make(path, true, generate, CaError::file(path))?;
    let not_a_key = || CaError::NotWhatItShouldBe {
        path: path.to_owned(),
        expected: "an Ed25519 private key in PEM",
    };
    let pair = KeyPair::from_pem(&pem).map_err(|_| not_a_key())?;
    SigningKey::from_pkcs8(key_id(role, &pair), role, pair.serialized_der())
        .map_err(|_| not_a_key())
}

/// Says the role to people and tells keys of one role apart.
fn key_id(role: Role, pair: &KeyPair) -> String {
    let digest = Digest::of(pair.public_key_raw()).to_string();
    format!("{role}-{}", &digest[..16])
}
