//! Which registers a secret is bound to: what firmware and boot loader have written there of the
//! machine's start (TCG, PC Client Platform Firmware Profile, §3.3.4).

use std::fmt;
use std::str::FromStr;

/// Registers of a PC, by number.
const COUNT: u8 = 24;

/// Registers, of the bank of SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pcrs(u32);

/// Not a list of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("registers are numbers from 0 to 23 with commas between them, such as 7 or 0,7")]
pub struct NoPcrs;

impl Pcrs {
    /// None at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As the chip is told: a bit for each, the lowest first.
    pub(crate) fn select(self) -> [u8; 3] {
        let [low, middle, high, _] = self.0.to_le_bytes();
        [low, middle, high]
    }
}

impl FromStr for Pcrs {
    type Err = NoPcrs;

    fn from_str(text: &str) -> Result<Self, NoPcrs> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let bit = |number: &str| {
            let number: u8 = number.trim().parse().map_err(|_| NoPcrs)?;
            if number < COUNT { Ok(1u32 << number) } else { Err(NoPcrs) }
        };
        text.split(',').try_fold(Self::default(), |all, number| Ok(Self(all.0 | bit(number)?)))
    }
}

impl fmt::Display for Pcrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = (0..COUNT).filter(|number| self.0 & (1 << number) != 0);
        let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
        f.write_str(&numbers.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn registers_are_named_by_number() {
        assert_eq!("7".parse().map(Pcrs::select), Ok([0x80, 0, 0]));
        assert_eq!("0, 23".parse().map(Pcrs::select), Ok([1, 0, 0x80]));
        assert!("".parse().is_ok_and(Pcrs::is_empty));
        for wrong in ["24", "-1", "7,", "seven", "4294967296"] {
            assert_eq!(wrong.parse::<Pcrs>(), Err(NoPcrs), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(bits in 0u32..1 << COUNT) {
            prop_assert_eq!(Pcrs(bits).to_string().parse(), Ok(Pcrs(bits)));
        }
    }
}
