//! A set of files: one bit an ordinal.

use contract::catalogue::Ordinal;

/// A set of files, one bit for each ordinal below [`Bitmap::files`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    files: usize,
}

impl Bitmap {
    /// The empty set among that many files.
    #[must_use]
    pub fn new(files: usize) -> Self {
        Self { words: vec![0; files.div_ceil(64)], files }
    }

    /// The empty set that speaks of no files.
    #[must_use]
    pub const fn none() -> Self {
        Self { words: Vec::new(), files: 0 }
    }

    /// The set that these words are, as [`Bitmap::words`] gives them; what is beyond the files is
    /// left out, and what is missing is not in it.
    pub fn set_words(&mut self, files: usize, words: impl Iterator<Item = u64>) {
        self.reset(files);
        self.words.iter_mut().zip(words).for_each(|(word, given)| *word = given);
        if let Some(last) = self.words.last_mut() {
            *last &= low_bits(files - (files - 1) / 64 * 64);
        }
    }

    /// How many ordinals it speaks of.
    #[must_use]
    pub fn files(&self) -> usize {
        self.files
    }

    /// How many are in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether a file is in the set. One that it does not speak of is not.
    #[must_use]
    pub fn contains(&self, ordinal: Ordinal) -> bool {
        let word = self.words.get(ordinal as usize / 64);
        word.is_some_and(|word| word >> (ordinal % 64) & 1 == 1)
    }

    /// Takes a file in.
    ///
    /// # Panics
    /// When the ordinal is not below [`Bitmap::files`].
    pub fn insert(&mut self, ordinal: Ordinal) {
        assert!((ordinal as usize) < self.files, "ordinal {ordinal} of {}", self.files);
        self.words[ordinal as usize / 64] |= 1 << (ordinal % 64);
    }

    /// Leaves a file out.
    pub fn remove(&mut self, ordinal: Ordinal) {
        if let Some(word) = self.words.get_mut(ordinal as usize / 64) {
            *word &= !(1 << (ordinal % 64));
        }
    }

    /// The files of the set, rising.
    pub fn ordinals(&self) -> impl Iterator<Item = Ordinal> + '_ {
        (0..).zip(&self.words).flat_map(|(at, word)| {
            let first: Ordinal = at * 64;
            bits(*word).map(move |bit| first + bit)
        })
    }

    /// The bits, 64 ordinals a word, the lowest ordinal in the lowest bit.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// The files of this set that are not in another, rising.
    pub fn without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Ordinal> + 'a {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        (0..).zip(self.words.iter().zip(others)).flat_map(|(at, (word, other))| {
            let first: Ordinal = at * 64;
            bits(word & !other).map(move |bit| first + bit)
        })
    }

    /// Empties it, for that many files; keeps its memory.
    pub fn reset(&mut self, files: usize) {
        reset(&mut self.words, files.div_ceil(64), 0);
        self.files = files;
    }
}

/// Makes a list that long and full of one value; allocates only when it was never as long.
pub(super) fn reset<T: Clone>(list: &mut Vec<T>, len: usize, value: T) {
    list.clear();
    list.resize(len, value);
}

/// The numbers of the bits that are set, rising.
pub(crate) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = word.trailing_zeros();
        word &= word - 1;
        Some(bit)
    })
}

/// The lowest bits, so many of them (up to 64).
pub(super) fn low_bits(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_come_back_rising() {
        let mut set = Bitmap::new(200);
        for ordinal in [199, 0, 64, 63, 128] {
            set.insert(ordinal);
        }
        set.remove(128);
        assert_eq!(set.ordinals().collect::<Vec<_>>(), [0, 63, 64, 199]);
        assert_eq!(set.count(), 4);
        assert!(set.contains(63) && !set.contains(128) && !set.contains(9999));
    }

    #[test]
    fn low_bits_of_all_lengths() {
        assert_eq!([0, 1, 63, 64].map(low_bits), [0, 1, u64::MAX >> 1, u64::MAX]);
    }
}
