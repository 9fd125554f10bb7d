//! Sets of processors, as the kernel writes them.

use serde::{Serialize, Serializer};
use std::fmt;

/// No kernel is built for more processors (`NR_CPUS`): a strange file cannot fill the memory.
const MOST_PROCESSORS: u32 = 8192;

/// A set of processors, or of nodes: numbers, rising.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuList(Vec<u32>);

impl CpuList {
    /// Reads a list like `0-3,8,10-11`, with or without its line feed; `None` for anything
    /// that no kernel writes. An empty list is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut numbers: Vec<u32> = Vec::new();
        if text.is_empty() {
            return Some(Self(numbers));
        }
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            let is_rising = numbers.last().is_none_or(|before| *before < first);
            if !is_rising || first > last || last >= MOST_PROCESSORS {
                return None;
            }
            numbers.extend(first..=last);
        }
        Some(Self(numbers))
    }

    /// Reads a mask like `ff,00000003`: words of 32 bits in hex, the highest first.
    #[must_use]
    pub fn parse_mask(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split(',').collect();
        let mut numbers = Vec::new();
        for (base, word) in (0..MOST_PROCESSORS).step_by(32).zip(words.iter().rev()) {
            let is_hex = word.len() <= 8 && word.bytes().all(|octet| octet.is_ascii_hexdigit());
            let bits = is_hex.then(|| u32::from_str_radix(word, 16).ok())??;
            numbers.extend((0..32).filter(|bit| bits >> bit & 1 == 1).map(|bit| base + bit));
        }
        (words.len() <= MOST_PROCESSORS as usize / 32).then_some(Self(numbers))
    }

    /// Its numbers, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// Whether a number is among them.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.binary_search(&number).is_ok()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Digits and nothing else: `parse` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

impl FromIterator<u32> for CpuList {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut numbers: Vec<u32> = numbers.into_iter().collect();
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers)
    }
}

impl fmt::Display for CpuList {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = self.0.chunk_by(|one, next| one + 1 == *next);
        for (at, run) in runs.enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match run {
                [first, .., last] => write!(to, "{comma}{first}-{last}")?,
                [] => {}
                [alone] => write!(to, "{comma}{alone}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for CpuList {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_no_kernel_writes_is_no_list() {
        let strange = [" 0", "0 ", "0,", ",0", "-", "0-", "-3", "3-0", "1,1", "2,1", "0-3,3", "+1"];
        for text in strange.into_iter().chain(["0x1", "0-6:2/4", "0\n\n", "8192", "99999999999"]) {
            assert_eq!(CpuList::parse(text), None, "{text:?}");
        }
        assert_eq!(CpuList::parse("0-3,8,10-11\n").map(|list| list.len()), Some(7));
        assert_eq!(CpuList::parse("\n"), Some(CpuList::default()));
    }

    #[test]
    fn a_mask_has_its_highest_word_first() {
        let read = |text| CpuList::parse_mask(text).map(|list| list.to_string());
        assert_eq!(read("00000001,0000000f\n").as_deref(), Some("0-3,32"));
        assert_eq!(read("00").as_deref(), Some(""));
        for strange in ["", "g", "1,,1", "123456789", "-1"] {
            assert_eq!(read(strange), None, "{strange:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers in proptest::collection::vec(0u32..8192, 0..200)) {
            let list: CpuList = numbers.into_iter().collect();
            prop_assert_eq!(CpuList::parse(&list.to_string()), Some(list.clone()));
            for number in list.iter() {
                prop_assert!(list.contains(number));
            }
        }

        #[test]
        fn whatever_is_read_is_written_the_same(text in "[0-9,\\-]{0,12}") {
            if let Some(list) = CpuList::parse(&text) {
                let plain = CpuList::parse(&list.to_string());
                prop_assert_eq!(plain, Some(list));
            }
        }
    }
}
