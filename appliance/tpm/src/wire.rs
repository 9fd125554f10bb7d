//! Octets: big-endian numbers, and buffers with their length in front (part 2, §10.4: `TPM2B`).

use crate::error::TpmError;
use zeroize::Zeroizing;

/// What is said. Wiped when it has been: a secret may stand in it.
#[derive(Default)]
pub(crate) struct Words(Zeroizing<Vec<u8>>);

impl Words {
    /// More than any command of ours takes: what grows leaves copies behind.
    const ROOM: usize = 1024;

    pub(crate) fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(Self::ROOM)))
    }

    pub(crate) fn u8(mut self, number: u8) -> Self {
        self.0.push(number);
        self
    }

    pub(crate) fn u16(mut self, number: u16) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(crate) fn octets(mut self, octets: &[u8]) -> Self {
        self.0.extend_from_slice(octets);
        self
    }

    /// With its length in front. Nothing that is said is longer than a command may be.
    pub(crate) fn buffer(self, octets: &[u8]) -> Self {
        let len = u16::try_from(octets.len()).unwrap_or(u16::MAX);
        self.u16(len).octets(octets.get(..usize::from(len)).unwrap_or(octets))
    }

    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl AsRef<[u8]> for Words {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What was answered, from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], TpmError> {
        let (taken, left) =
            self.0.split_at_checked(count).ok_or(TpmError::Garbled("it ends too early"))?;
        self.0 = left;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TpmError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| TpmError::Garbled("it ends too early"))
    }

    pub(crate) fn u8(&mut self) -> Result<u8, TpmError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, TpmError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, TpmError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn buffer(&mut self) -> Result<&'a [u8], TpmError> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard() {
        let said = Words::new().u8(1).u16(2).u32(3).buffer(b"four").octets(b"five");
        let mut heard = Answer::new(said.as_ref());
        assert_eq!(heard.u8().ok(), Some(1));
        assert_eq!(heard.u16().ok(), Some(2));
        assert_eq!(heard.u32().ok(), Some(3));
        assert_eq!(heard.buffer().ok(), Some(b"four".as_slice()));
        assert_eq!(heard.take(4).ok(), Some(b"five".as_slice()));
        assert!(heard.u8().is_err(), "there is no more");
    }

    #[test]
    fn a_buffer_that_is_not_all_there_is_none() {
        assert!(Answer::new(&[0, 3, 1, 2]).buffer().is_err());
        assert!(Answer::new(&[0]).buffer().is_err());
    }
}
