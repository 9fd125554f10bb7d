//! What nobody can guess.

use crate::PeopleError;

/// Random octets.
pub(crate) fn random<const BYTES: usize>() -> Result<[u8; BYTES], PeopleError> {
    let mut bytes = [0u8; BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| PeopleError::Random)?;
    Ok(bytes)
}
