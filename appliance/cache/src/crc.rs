//! CRC-32C (Castagnoli), by which torn and rotten bytes are told from good ones.

use crc_fast::{CrcAlgorithm, Digest};

pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// Of these parts as if they were one.
pub(crate) fn crc32c_of<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> u32 {
    let mut digest = Digest::new(CrcAlgorithm::Crc32Iscsi);
    parts.into_iter().for_each(|part| digest.update(part.as_ref()));
    u32::try_from(digest.finalize()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of the catalogue of CRCs.
    const CHECK: u32 = 0xe306_9283;

    #[test]
    fn it_is_the_crc_that_disks_have() {
        assert_eq!(crc32c(b"123456789"), CHECK);
        assert_eq!(crc32c_of(["1234", "", "56789"]), CHECK);
        assert_eq!((crc32c(b""), crc32c_of([""; 0])), (0, 0));
        // Long enough for every way in which it is worked out: 32 bytes of zeros, 32 of ones
        // (RFC 3720, B.4), and parts of all lengths of what is long.
        assert_eq!((crc32c(&[0; 32]), crc32c(&[255; 32])), (0x8a91_36aa, 0x62a8_ab43));
        let long: Vec<_> = (0..70_000_u32).map(|at| (at * 7 % 251) as u8).collect();
        for len in (0..300).chain([4095, 4096, 4097, 65_535, 65_536, 70_000]) {
            let (part, bytes) = (&long[..len], long[..len].iter());
            assert_eq!(crc32c(part), crc32c_of(bytes.map(std::slice::from_ref)), "{len}");
        }
    }
}
