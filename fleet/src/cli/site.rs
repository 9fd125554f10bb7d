//! `fleet site create`: when its boxes fill, as people say it.

use super::quantity::parse_rate;
use clap::Args;
use contract::civil::{TimeOfDay, TimeZoneName};
use contract::config::{EmergencyFill, FillWindow, SourceCaps};
use contract::names::SiteName;
use contract::quantity::BitRate;
use inventory::SiteFill;
use ipnet::IpNet;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name, such as `site-a`.
    name: SiteName,
    /// Degrees north.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true, requires = "longitude")]
    latitude: Option<f64>,
    /// Degrees east.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true, requires = "latitude")]
    longitude: Option<f64>,
    /// A network whose clients are nearest to this site. Can be given several times.
    #[arg(long = "prefix", value_name = "NETWORK")]
    prefixes: Vec<IpNet>,
    /// Have its boxes fill at certain hours alone, in this time zone, such as Europe/Berlin:
    /// from 02:00 to 14:00, unless windows are given.
    #[arg(long, value_name = "ZONE", help_heading = "Filling")]
    time_zone: Option<TimeZoneName>,
    /// When its boxes may fill, local time, with a cap for each box: 02:00-14:00=1.2Gb/s.
    /// Without a cap, 1.2 Gb/s for boxes of 100 TB and more, else 0.4 Gb/s. Can be given several
    /// times.
    #[arg(long = "fill-window", value_name = "FROM-TO[=CAP]", requires = "time_zone",
        value_parser = parse_window, help_heading = "Filling")]
    fill_windows: Vec<FillWindow>,
    /// The most that a box there draws from each other box.
    #[arg(long, value_name = "CAP", requires = "time_zone", value_parser = parse_rate,
        help_heading = "Filling")]
    peer_cap: Option<BitRate>,
    /// The most that a box there draws from each owner's own server.
    #[arg(long, value_name = "CAP", requires = "time_zone", value_parser = parse_rate,
        help_heading = "Filling")]
    origin_cap: Option<BitRate>,
    /// What cannot wait for the next window may come outside of them, this fast for each box.
    #[arg(long, value_name = "CAP", requires = "time_zone", value_parser = parse_rate,
        help_heading = "Filling")]
    emergency_fill: Option<BitRate>,
}

impl Create {
    /// As it is sent.
    pub(super) fn told(&self) -> serde_json::Value {
        json!({
            "name": self.name,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "client_prefixes": self.prefixes,
            "fill": self.fill(),
            "time_zone": self.time_zone,
        })
    }

    fn fill(&self) -> Option<SiteFill> {
        let mut fill = SiteFill::published(self.time_zone.clone()?);
        fill.windows.clone_from(&self.fill_windows);
        fill.source_caps_bits_per_s = SourceCaps { peer: self.peer_cap, origin: self.origin_cap };
        if let Some(cap_bits_per_s) = self.emergency_fill {
            fill.emergency_fill = EmergencyFill::Capped { cap_bits_per_s };
        }
        Some(fill)
    }
}

/// `02:00-14:00` or `02:00-14:00=1.2Gb/s`.
fn parse_window(text: &str) -> Result<FillWindow, String> {
    let (times, cap) = match text.split_once('=') {
        Some((times, cap)) => (times, Some(parse_rate(cap)?)),
        None => (text, None),
    };
    let (opens, closes) =
        times.split_once('-').ok_or("expected FROM-TO, such as 02:00-14:00".to_owned())?;
    let time = |text: &str| text.parse::<TimeOfDay>().map_err(|err| err.to_string());
    let (opens, closes) = (time(opens)?, time(closes)?);
    Ok(FillWindow { opens, closes, days: Vec::new(), cap_bits_per_s: cap })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_written_as_people_say_them() {
        let window = parse_window("22:30-04:00=1.2Gb/s").expect("a window");
        assert_eq!((window.opens.minutes(), window.length_minutes()), (1350, 330));
        assert_eq!(window.cap_bits_per_s, Some(BitRate(1_200_000_000)));
        assert_eq!(parse_window("02:00-14:00").expect("a window").cap_bits_per_s, None);
        for bad in ["", "02:00", "2-14", "02:00-14:00=", "02:00-14:00=fast", "02:00-25:00"] {
            assert!(parse_window(bad).is_err(), "{bad}");
        }
    }
}
