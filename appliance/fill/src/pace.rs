//! How slowly an answer may come: a source that lets bytes trickle holds up whoever waits for
//! them, and is never silent for long enough to be given up.

use crate::upstream::FetchFailed;
use std::time::Duration;

/// Looked at over so much time of waiting for it; what the caps let wait is none.
const SPAN: Duration = Duration::from_secs(30);

/// With less, a slice takes more than a minute.
const LEAST_BYTES_PER_S: u64 = 16 << 10;

/// What an answer has brought lately.
#[derive(Debug, Default)]
pub struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Some of it came, after so long.
    ///
    /// # Errors
    /// [`FetchFailed::Slow`] where so little comes that somebody else is to be asked.
    pub fn came(&mut self, bytes: usize, after: Duration) -> Result<(), FetchFailed> {
        self.waited += after;
        self.bytes += bytes as u64;
        if self.waited < SPAN {
            return Ok(());
        }
        let Self { waited, bytes } = std::mem::take(self);
        let millis = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        let bytes_per_s = bytes.saturating_mul(1000) / millis;
        match bytes_per_s < LEAST_BYTES_PER_S {
            true => Err(FetchFailed::Slow(bytes_per_s)),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When pieces of so many bytes, one each second, are given up.
    fn given_up_after_s(bytes: usize) -> Option<usize> {
        let mut pace = Pace::default();
        (1..200).find(|_| pace.came(bytes, Duration::from_secs(1)).is_err())
    }

    #[test]
    fn what_trickles_is_given_up_and_what_comes_is_not() {
        assert_eq!(given_up_after_s(16 << 10), None);
        assert_eq!(given_up_after_s(16_000), Some(30));
        assert_eq!(given_up_after_s(1), Some(30));
    }

    #[test]
    fn who_was_fast_is_given_up_as_soon_as_who_never_was() {
        let mut pace = Pace::default();
        let second = Duration::from_secs(1);
        (0..60).for_each(|_| pace.came(1 << 20, second).expect("fast"));
        let given_up = (1..200).find(|_| pace.came(1, second).is_err());
        assert_eq!(given_up, Some(30));
    }
}
