//! Documents as they are kept: JSON, compressed.

use contract::object::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read};

/// More than the question of a million titles and twenty thousand boxes.
const MOST_BYTES: u64 = 1 << 30;

const LEVEL: i32 = 3;

pub(super) fn pack<T: Serialize + ?Sized>(document: &T) -> io::Result<Vec<u8>> {
    zstd::encode_all(serde_json::to_vec(document)?.as_slice(), LEVEL)
}

pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    let mut text = Vec::new();
    zstd::Decoder::new(bytes)?.take(MOST_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// What a document's text hashes to.
pub(super) fn digest<T: Serialize + ?Sized>(document: &T) -> io::Result<String> {
    Ok(Digest::of(&serde_json::to_vec(document)?).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_and_nothing_else() {
        let numbers: Vec<u32> = (0..9000).collect();
        let bytes = pack(&numbers).expect("packed");
        assert!(bytes.len() < 20_000);
        assert_eq!(unpack::<Vec<u32>>(&bytes).expect("the same"), numbers);
        assert!(unpack::<Vec<u32>>(&bytes[1..]).is_err());
        assert!(unpack::<String>(&bytes).is_err());
    }
}
