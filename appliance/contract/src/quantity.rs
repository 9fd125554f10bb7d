//! Quantities that people write in YAML: `64MiB`, `30s`, `8Mb/s`.
//!
//! A document between machines carries plain integers, with the unit in the field's name
//! (`budget_bytes`, `idle_timeout_s`). Where a person writes the same field, a number with
//! a unit is taken too. Two things are refused: a unit of the wrong kind, and a fraction that
//! does not come out whole (`1.2Gb/s` does, `0.5s` does not).

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A number of bytes. Written as `268435456`, `256MiB` or `256 MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Default)]
#[serde(transparent)]
pub struct ByteCount(pub u64);

/// A number of seconds. Written as `90`, `90s`, `15min` or `24h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Default)]
#[serde(transparent)]
pub struct Seconds(pub u64);

/// A number of bits a second. Written as `8000000`, `8Mb/s` or `8 Mb/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Default)]
#[serde(transparent)]
pub struct BitRate(pub u64);

impl BitRate {
    /// The same rate in bytes.
    #[must_use]
    pub fn bytes_per_s(self) -> u64 {
        self.0 / 8
    }
}

impl Seconds {
    /// The same span as the standard library has it.
    #[must_use]
    pub fn duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.0)
    }
}

struct Kind {
    expected: &'static str,
    units: &'static [(&'static str, u64)],
}

const BYTES: Kind = Kind {
    expected: "a number of bytes, such as 268435456 or 256MiB (units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)",
    units: &[
        ("B", 1),
        ("kB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
    ],
};

const SECONDS: Kind = Kind {
    expected: "a number of seconds, such as 90, 90s, 15min or 24h (units: s, min, h, d)",
    units: &[("s", 1), ("min", 60), ("h", 3600), ("d", 86400)],
};

const BITS_PER_S: Kind = Kind {
    expected: "a number of bits a second, such as 8000000 or 8Mb/s (units: b/s, kb/s, Mb/s, Gb/s, Tb/s)",
    units: &[
        ("b/s", 1),
        ("kb/s", 1000),
        ("Mb/s", 1_000_000),
        ("Gb/s", 1_000_000_000),
        ("Tb/s", 1_000_000_000_000),
    ],
};

impl Kind {
    fn parse(&self, text: &str) -> Option<u64> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let unit = unit.trim_start();
        let (_, factor) = match unit {
            "" => ("", 1),
            unit => *self.units.iter().find(|(name, _)| *name == unit)?,
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (number, None),
        };
        let whole = whole.parse::<u64>().ok()?.checked_mul(factor)?;
        whole.checked_add(fraction.map_or(Some(0), |digits| parts(digits, factor))?)
    }

    fn read<'de, D: Deserializer<'de>>(&'static self, from: D) -> Result<u64, D::Error> {
        struct Visitor(&'static Kind);
        impl serde::de::Visitor<'_> for Visitor {
            type Value = u64;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.expected)
            }
            fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
                Ok(value)
            }
            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<u64, E> {
                u64::try_from(value)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(value), &self))
            }
            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<u64, E> {
                self.0
                    .parse(value.trim())
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(value), &self))
            }
        }
        from.deserialize_any(Visitor(self))
    }
}

/// The decimal fraction `digits` of `factor`, where that is a whole number.
fn parts(digits: &str, factor: u64) -> Option<u64> {
    let places = u32::try_from(digits.len()).ok()?;
    let scaled = digits.parse::<u64>().ok()?.checked_mul(factor)?;
    let whole = 10u64.checked_pow(places)?;
    (scaled % whole == 0).then_some(scaled / whole)
}

impl<'de> Deserialize<'de> for ByteCount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        BYTES.read(from).map(Self)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        SECONDS.read(from).map(Self)
    }
}

impl<'de> Deserialize<'de> for BitRate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        BITS_PER_S.read(from).map(Self)
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, factor) = BYTES.units[5..]
            .iter()
            .rev()
            .find(|(_, factor)| self.0 >= *factor)
            .unwrap_or(&BYTES.units[0]);
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        let scaled = self.0 as f64 / *factor as f64;
        let text =
            if *factor == 1 { format!("{} B", self.0) } else { format!("{scaled:.1} {name}") };
        f.pad(&text)
    }
}

impl BitRate {
    /// What so many bytes a second are on a link.
    #[must_use]
    pub fn of_bytes_per_s(bytes_per_s: u64) -> Self {
        Self(bytes_per_s.saturating_mul(8))
    }
}

/// Decimal units, as links are sold.
impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("Gb/s", 1_000_000_000), ("Mb/s", 1_000_000), ("kb/s", 1000)];
        let text = match units.iter().find(|(_, factor)| self.0 >= *factor) {
            #[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
            Some((name, factor)) => format!("{:.1} {name}", self.0 as f64 / *factor as f64),
            None => format!("{} b/s", self.0),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn rates_are_told_as_links_are_sold() {
        let told = |bytes_per_s| BitRate::of_bytes_per_s(bytes_per_s).to_string();
        assert_eq!(told(150_000_000), "1.2 Gb/s");
        assert_eq!([told(50_000_000), told(125), told(12)], ["400.0 Mb/s", "1.0 kb/s", "96 b/s"]);
    }

    #[test]
    fn units_of_the_right_kind_only() {
        assert_eq!(BYTES.parse("64MiB"), Some(64 << 20));
        assert_eq!(BYTES.parse("64 MB"), Some(64_000_000));
        assert_eq!(BYTES.parse("7"), Some(7));
        assert_eq!(SECONDS.parse("15min"), Some(900));
        for bad in ["", "MiB", "64 MHz", "64mib", "-1", "99999999999TiB"] {
            assert_eq!(BYTES.parse(bad), None, "{bad}");
        }
        assert_eq!(SECONDS.parse("64MiB"), None);
        assert_eq!(BITS_PER_S.parse("8 Mb/s"), Some(8_000_000));
        for bad in ["8MB/s", "8Mib/s", "8Mbps", "8Mb"] {
            assert_eq!(BITS_PER_S.parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn fractions_that_come_out_whole() {
        assert_eq!(BITS_PER_S.parse("1.2Gb/s"), Some(1_200_000_000));
        assert_eq!(BITS_PER_S.parse("0.4 Gb/s"), Some(400_000_000));
        assert_eq!(BYTES.parse("1.5GiB"), Some(3 << 29));
        assert_eq!(SECONDS.parse("1.50min"), Some(90));
        for bad in
            ["0.5s", "1.0001min", ".5min", "1.min", "1.2.3h", "1.-5h", "0.00000000000000000000h"]
        {
            assert_eq!(SECONDS.parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_shown_in_the_largest_unit_that_fits() {
        assert_eq!(ByteCount(999).to_string(), "999 B");
        assert_eq!(ByteCount(1536).to_string(), "1.5 KiB");
        assert_eq!(ByteCount(5 << 30).to_string(), "5.0 GiB");
    }
}
