//! Where one record ends and the next begins (RFC 8446 §5.1, RFC 5246 §6.2.1).

/// Type, version and length.
pub const HEADER_LEN: usize = 5;

/// The most plaintext in a record.
pub const MAX_PLAIN_LEN: usize = 1 << 14;

/// What encryption may add: RFC 5246 §6.2.3 allows 2048, RFC 8446 §5.2 256.
const MAX_EXPANSION: usize = 2048;

/// The longest record, header included.
pub const MAX_RECORD_LEN: usize = HEADER_LEN + MAX_PLAIN_LEN + MAX_EXPANSION;

/// What a record carries (RFC 8446 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// 20.
    ChangeCipherSpec,
    /// 21.
    Alert,
    /// 22.
    Handshake,
    /// 23.
    ApplicationData,
}

impl ContentType {
    /// From the wire.
    #[must_use]
    pub fn of(octet: u8) -> Option<Self> {
        match octet {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }

    /// On the wire.
    #[must_use]
    pub fn octet(self) -> u8 {
        match self {
            Self::ChangeCipherSpec => 20,
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::ApplicationData => 23,
        }
    }
}

/// Bytes that cannot be the beginning of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// No such content type.
    #[error("a record of an unknown type")]
    Type,
    /// Not TLS.
    #[error("a record of another protocol")]
    Version,
    /// Longer than any record may be.
    #[error("a record that is too long")]
    Length,
}

/// The length of the first record in `bytes`, header included; `None` when its header has
/// not all come.
///
/// # Errors
/// [`BadFrame`], as soon as it shows.
pub fn record_len(bytes: &[u8]) -> Result<Option<usize>, BadFrame> {
    if bytes.first().is_some_and(|&octet| ContentType::of(octet).is_none()) {
        return Err(BadFrame::Type);
    }
    if bytes.get(1).is_some_and(|&major| major != 3) {
        return Err(BadFrame::Version);
    }
    let Some(&[_, _, _, high, low]) = bytes.first_chunk::<HEADER_LEN>() else { return Ok(None) };
    let len = HEADER_LEN + usize::from(u16::from_be_bytes([high, low]));
    if len > MAX_RECORD_LEN { Err(BadFrame::Length) } else { Ok(Some(len)) }
}

/// The header of a record whose fragment has this many bytes.
#[must_use]
pub fn header(kind: ContentType, fragment_len: usize) -> [u8; HEADER_LEN] {
    debug_assert!(fragment_len <= MAX_PLAIN_LEN + MAX_EXPANSION);
    let [high, low] = u16::try_from(fragment_len).unwrap_or(u16::MAX).to_be_bytes();
    // RFC 8446 §5.1: TLS 1.3 goes on saying 1.2.
    [kind.octet(), 3, 3, high, low]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn headers_come_back(len in 0..=MAX_PLAIN_LEN + 256, cut in 0..HEADER_LEN) {
            let header = header(ContentType::ApplicationData, len);
            prop_assert_eq!(record_len(&header), Ok(Some(HEADER_LEN + len)));
            prop_assert_eq!(record_len(&header[..cut]), Ok(None));
        }

        #[test]
        fn garbage_is_bounded(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(Some(len)) = record_len(&bytes) {
                prop_assert!((HEADER_LEN..=MAX_RECORD_LEN).contains(&len));
            }
        }
    }

    #[test]
    fn plain_http_is_refused_at_its_first_octets() {
        assert_eq!(record_len(b"G"), Err(BadFrame::Type));
        assert_eq!(record_len(&[22, 2]), Err(BadFrame::Version));
        assert_eq!(record_len(&[23, 3, 3, 0xff, 0xff]), Err(BadFrame::Length));
    }
}
