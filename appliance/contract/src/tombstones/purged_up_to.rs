//! How far a box has carried purges out, as boxes tell each other.

use std::fmt;
use std::str::FromStr;

/// Two numbers and a point.
const MAX_TEXT_LEN: usize = "4294967295.18446744073709551615".len();

/// The last purge that a box has carried out. Purges are counted anew in each epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PurgedUpTo {
    /// The epoch of the tombstones.
    pub epoch: u32,
    /// Their version; 0 where nothing was ever purged.
    pub version: u64,
}

/// What is no [`PurgedUpTo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not EPOCH.VERSION")]
pub struct BadPurgedUpTo;

impl PurgedUpTo {
    /// Whether whoever has come this far has carried out all that `other` has. What was purged
    /// in another epoch under the same number may be something else: nobody knows, so no.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other.version == 0 || (self.epoch == other.epoch && self.version >= other.version)
    }
}

impl fmt::Display for PurgedUpTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.version)
    }
}

impl FromStr for PurgedUpTo {
    type Err = BadPurgedUpTo;

    /// One text for each, the one that is written.
    fn from_str(text: &str) -> Result<Self, BadPurgedUpTo> {
        let bounded = (text.len() <= MAX_TEXT_LEN).then_some(text).ok_or(BadPurgedUpTo)?;
        let (epoch, version) = bounded.split_once('.').ok_or(BadPurgedUpTo)?;
        let read = Self {
            epoch: epoch.parse().map_err(|_| BadPurgedUpTo)?,
            version: version.parse().map_err(|_| BadPurgedUpTo)?,
        };
        if read.to_string() == text { Ok(read) } else { Err(BadPurgedUpTo) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(epoch: u32, version: u64) -> PurgedUpTo {
        PurgedUpTo { epoch, version }
    }

    #[test]
    fn who_has_purged_less_or_in_another_epoch_covers_nothing() {
        assert!(at(1, 7).covers(at(1, 7)) && at(1, 8).covers(at(1, 7)));
        assert!(!at(1, 6).covers(at(1, 7)) && !at(0, 0).covers(at(1, 1)));
        assert!(!at(2, 9).covers(at(1, 7)) && !at(1, 9).covers(at(2, 7)));
        // A box of which nothing was ever purged, whatever epoch it has heard of.
        assert!(at(0, 0).covers(at(1, 0)) && at(1, 3).covers(PurgedUpTo::default()));
    }

    #[test]
    fn only_what_is_written_is_read() {
        let most = at(u32::MAX, u64::MAX);
        assert_eq!(most.to_string().len(), MAX_TEXT_LEN);
        assert_eq!(most.to_string().parse(), Ok(most));
        for bad in [
            "",
            ".",
            "1",
            "1.",
            ".1",
            "1.2.3",
            "+1.2",
            "1.+2",
            "01.2",
            "1.02",
            " 1.2",
            "1.2 ",
            "-1.2",
            "1,2",
            "1.2x",
            "4294967296.0",
            "0.18446744073709551616",
            "1.٣",
        ] {
            assert_eq!(bad.parse::<PurgedUpTo>(), Err(BadPurgedUpTo), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_any_pair_comes_back(text in ".{0,40}", epoch: u32, version: u64) {
            if let Ok(read) = text.parse::<PurgedUpTo>() {
                prop_assert_eq!(read.to_string(), text);
            }
            prop_assert_eq!(at(epoch, version).to_string().parse(), Ok(at(epoch, version)));
        }
    }
}
