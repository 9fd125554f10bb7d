//! TLS 1.3 records (RFC 8446 §5) with AES-128-GCM: one direction of a connection whose
//! handshake rustls has done.

use anyhow::{Context, Result, bail};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::ConnectionTrafficSecrets;

/// The most plaintext in a record.
pub const PLAINTEXT: usize = 16 << 10;

/// Type, version and length.
pub const HEADER: usize = 5;

/// What a record has beside header and plaintext: the inner type and the tag.
pub const TRAILER: usize = 1 + 16;

/// The type of records that hold content.
pub const APPLICATION_DATA: u8 = 23;

/// The inner type of records that hold handshake messages: tickets, by then.
pub const HANDSHAKE: u8 = 22;

/// Seals or opens.
pub struct Direction {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Direction {
    /// Goes on where rustls has stopped.
    ///
    /// # Errors
    /// When another cipher was chosen.
    pub fn new((sequence, secrets): (u64, ConnectionTrafficSecrets)) -> Result<Self> {
        let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else {
            bail!("another cipher was chosen")
        };
        let key = UnboundKey::new(&AES_128_GCM, key.as_ref()).ok().context("a key")?;
        Ok(Self { key: LessSafeKey::new(key), iv: iv.as_ref().try_into()?, sequence })
    }

    fn nonce(&mut self) -> Nonce {
        let mut nonce = self.iv;
        for (octet, count) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *octet ^= count;
        }
        self.sequence += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    /// Seals content into `room`, which must be as long as the record.
    ///
    /// # Errors
    /// When it is not.
    pub fn seal(&mut self, content: &[u8], room: &mut [u8]) -> Result<()> {
        let nonce = self.nonce();
        let (header, rest) = room.split_first_chunk_mut::<HEADER>().context("room")?;
        let [high, low] = u16::try_from(rest.len())?.to_be_bytes();
        *header = [APPLICATION_DATA, 3, 3, high, low];
        let (cipher, tail) = rest.split_at_mut(content.len());
        let aad = Aad::from(*header);
        let inner = [APPLICATION_DATA];
        let sealed = self.key.seal_out_of_place_scatter(nonce, aad, content, cipher, &inner, tail);
        sealed.ok().context("sealing")
    }

    /// Opens a whole record in place: its inner type and its plaintext.
    ///
    /// # Errors
    /// When it is not what the other side sealed.
    pub fn open<'a>(&mut self, record: &'a mut [u8]) -> Result<(u8, &'a [u8])> {
        let nonce = self.nonce();
        let (header, rest) = record.split_first_chunk_mut::<HEADER>().context("a header")?;
        let inner = self.key.open_in_place(nonce, Aad::from(*header), rest);
        let inner: &[u8] = inner.ok().context("a record was not sealed as agreed")?;
        let end = inner.iter().rposition(|octet| *octet != 0).context("a record without type")?;
        Ok((inner[end], &inner[..end]))
    }

    /// One record was not opened.
    pub fn skip(&mut self) {
        self.sequence += 1;
    }
}

/// The length of the record, with its header, that begins with these octets; `None` while
/// they are not a whole header.
///
/// # Errors
/// When it is not of application data, as all records are after the handshake.
pub fn length(begin: &[u8]) -> Result<Option<usize>> {
    let Some((&[kind, _, _, high, low], _)) = begin.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    anyhow::ensure!(kind == APPLICATION_DATA, "a record of kind {kind} after the handshake");
    Ok(Some(HEADER + usize::from(u16::from_be_bytes([high, low]))))
}
