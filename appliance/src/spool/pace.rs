//! How often a report is kept, and when what was kept is sent. Pure.

use std::time::Duration;

/// At first every report that could not be sent is kept. After an hour somebody wants to know
/// how the evening was, and a report a minute says that; after a day, six an hour. A month cut
/// off is 6,000 reports, most of them of one or two kilobytes.
const COARSER: [(i64, u64); 2] = [(3_600, 60), (86_400, 600)];

/// Seconds between kept reports of a box that has been cut off for some time.
pub(crate) fn interval_s(usual_s: u64, cut_off_for_s: i64) -> u64 {
    let passed = COARSER.iter().filter(|(after_s, _)| cut_off_for_s >= *after_s);
    passed.map(|(_, interval_s)| *interval_s).fold(usual_s, u64::max)
}

/// Whether a report is to be kept, so long after the last one. Attempts to reach the fleet are
/// spread around the interval: one that comes early counts.
pub(crate) fn is_due(usual_s: u64, cut_off_for_s: i64, since_last_s: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "seconds to hours")]
    let (interval_s, early_s) = (interval_s(usual_s, cut_off_for_s) as f64, usual_s as f64 / 4.0);
    // A clock that went back says nothing.
    since_last_s < 0.0 || since_last_s >= interval_s - early_s
}

/// Boxes that were cut off together do not deliver together: each waits a part of this.
pub(crate) fn spread(usual: Duration) -> Duration {
    usual * 6
}

/// The longest pause after a batch that was not taken: `attempt` counts them from 0. Which part
/// of it is left to chance.
pub(crate) fn longest_pause(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.min(8)).min(Duration::from_secs(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detail_grows_coarser_with_the_cut() {
        let of = |cut_s| interval_s(10, cut_s);
        assert_eq!([0, 3_599, 3_600, 86_399, 86_400, i64::MAX].map(of), [10, 10, 60, 60, 600, 600]);
        assert_eq!(interval_s(120, 7_200), 120, "never finer than usual");
        assert!(is_due(10, 60, 8.1) && !is_due(10, 60, 7.0) && is_due(10, 60, -5.0));
        assert!(is_due(10, 7_200, 58.0) && !is_due(10, 7_200, 57.0));
    }

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<u64> = (0..12).map(|it| longest_pause(it).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 256]);
    }
}
