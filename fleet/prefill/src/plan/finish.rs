//! When a box has what it is to fetch: its windows, its rate, its bytes.

/// A time in which a box may fetch, in seconds from now, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillWindow {
    /// When it opens; one that is open opened at 0.
    pub opens_s: f64,
    /// When it closes.
    pub closes_s: f64,
    /// How fast it may fetch then, in bytes per second.
    pub rate_bytes_per_s: f64,
}

/// When a box will have fetched so much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finish {
    /// So many seconds from now.
    After {
        /// How many.
        seconds: f64,
    },
    /// Not in these windows.
    Beyond {
        /// What is missing when the last of them closes.
        left_bytes: f64,
    },
}

/// Estimates when a box has fetched so many bytes, if it does so as fast as it may. Windows are by
/// opening time, none begins before the last one ends; sources that are slower, or windows that
/// move, make it later.
#[must_use]
pub fn finish(fill_bytes: u64, windows: &[FillWindow]) -> Finish {
    let mut left_bytes = fill_bytes as f64;
    if fill_bytes == 0 {
        return Finish::After { seconds: 0.0 };
    }
    for window in windows.iter().filter(|window| window.rate_bytes_per_s > 0.0) {
        let opens_s = window.opens_s.max(0.0);
        let fits_bytes = (window.closes_s - opens_s).max(0.0) * window.rate_bytes_per_s;
        if left_bytes <= fits_bytes {
            return Finish::After { seconds: opens_s + left_bytes / window.rate_bytes_per_s };
        }
        left_bytes -= fits_bytes;
    }
    Finish::Beyond { left_bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_filled_one_after_the_other() {
        let window = |opens_s, closes_s, rate_bytes_per_s| FillWindow {
            opens_s,
            closes_s,
            rate_bytes_per_s,
        };
        let windows = [window(-50.0, 10.0, 2.0), window(100.0, 200.0, 1.0)];
        let after = |seconds| Finish::After { seconds };
        assert_eq!(finish(0, &windows), after(0.0));
        assert_eq!(finish(20, &windows), after(10.0));
        assert_eq!(finish(25, &windows), after(105.0));
        assert_eq!(finish(150, &windows), Finish::Beyond { left_bytes: 30.0 });
        assert_eq!(finish(1, &[window(0.0, 9.0, 0.0)]), Finish::Beyond { left_bytes: 1.0 });
    }
}
