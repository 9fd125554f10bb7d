//! Quantities on the command line and in tables.

use contract::quantity::{BitRate, ByteCount, Seconds};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Reads a quantity as an appliance's configuration has it.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|err| err.to_string())
}

/// `256MiB` and the like.
pub(super) fn parse_bytes(text: &str) -> Result<u64, String> {
    read(text).map(|ByteCount(bytes)| bytes)
}

/// `30s`, `5min` and the like.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    read(text).map(Seconds::duration)
}

/// `1.2Gb/s` and the like.
pub(super) fn parse_rate(text: &str) -> Result<BitRate, String> {
    read(text)
}

/// Decimal units, as disks and links are sold.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 99.95 { 0 } else { 1 };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// In bits, as links are sold and caps are written.
pub(super) fn rate(bytes_per_s: u64) -> String {
    BitRate::of_bytes_per_s(bytes_per_s).to_string()
}

/// `3 s`, `4 min`, `2 h`, `5 d`.
pub(super) fn age(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds else { return "-".to_owned() };
    let (value, unit) = match seconds {
        few if few < 120.0 => (few, "s"),
        some if some < 7200.0 => (some / 60.0, "min"),
        many if many < 172_800.0 => (many / 3600.0, "h"),
        most => (most / 86_400.0, "d"),
    };
    format!("{value:.0} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        assert_eq!(parse_bytes("2GiB"), Ok(2 << 30));
        assert!(parse_bytes("2 parsecs").is_err());
        assert_eq!(parse_duration("5min"), Ok(Duration::from_secs(300)));
        assert!(parse_duration("soon").is_err());
        let cases = [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB")];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(bytes(123_456_789), "123 MB");
        assert_eq!(
            (age(None), age(Some(3.2)), age(Some(300.0))),
            ("-".into(), "3 s".into(), "5 min".into())
        );
    }
}
