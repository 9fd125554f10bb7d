//! When and how fast the boxes of a site fill: what its provider allows.

use super::{Disk, Found};
use crate::Complaint;
use contract::civil::{TimeOfDay, TimeZoneName};
use contract::config::{
    EmergencyFill, Fill, FillWindow, SourceCaps, WidenAfter, bad_cap, check_source_caps,
    check_widen,
};
use contract::quantity::BitRate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What Open Connect publishes for a box that stores a catalogue, in a window without a cap of
/// its own.
const STORAGE_BOX_CAP: BitRate = BitRate(1_200_000_000);

/// The same for a small box.
const SMALL_BOX_CAP: BitRate = BitRate(400_000_000);

/// From here on a box counts as one that stores a catalogue: what a small one holds, it fills in
/// a few nights at the lower cap.
const STORAGE_BOX_BYTES: u64 = 100_000_000_000_000;

/// When and how fast the boxes of a site fill. They open together: times are local.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteFill {
    /// Where the times are local, by its name in the IANA database.
    #[schema(value_type = String, example = "Europe/Berlin")]
    pub time_zone: TimeZoneName,
    /// When its boxes may fill, each of them up to the cap; 02:00 to 14:00 when there are none.
    /// Without a cap, that of the box's size: 1.2 Gb/s from 100 TB on, else 0.4 Gb/s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>,
        example = json!([{"opens": "02:00", "closes": "14:00", "cap_bits_per_s": 1_200_000_000}]))]
    pub windows: Vec<FillWindow>,
    /// The most that each of its boxes draws from one source, at any hour: from each other box
    /// (`peer`), from each owner's own server (`origin`).
    #[serde(default, skip_serializing_if = "SourceCaps::are_none")]
    #[schema(value_type = Object, example = json!({"origin": 200_000_000}))]
    pub source_caps_bits_per_s: SourceCaps,
    /// Whether what cannot wait may come outside of them: `never`, or capped.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"capped": {"cap_bits_per_s": 50_000_000}}))]
    pub emergency_fill: EmergencyFill,
    /// When sources further away are asked, too.
    #[serde(default)]
    #[schema(value_type = Object, example = json!({"network": 10, "origin": 20}))]
    pub widen_after_s: WidenAfter,
}

impl SiteFill {
    /// What Open Connect publishes: twelve hours of the night and the morning.
    #[must_use]
    pub fn published(time_zone: TimeZoneName) -> Self {
        Self {
            time_zone,
            windows: Vec::new(),
            source_caps_bits_per_s: SourceCaps::default(),
            emergency_fill: EmergencyFill::Never,
            widen_after_s: WidenAfter::default(),
        }
    }

    /// Its windows; the one that is published where it has none of its own.
    #[must_use]
    pub fn windows(&self) -> Vec<FillWindow> {
        match self.windows.is_empty() {
            true => published_window().into_iter().collect(),
            false => self.windows.clone(),
        }
    }

    /// As it is for a box with these disks.
    #[must_use]
    pub fn of_box(&self, disks: &[Disk]) -> Fill {
        let bytes: u64 = disks.iter().map(|disk| disk.capacity_bytes).sum();
        let cap = if bytes >= STORAGE_BOX_BYTES { STORAGE_BOX_CAP } else { SMALL_BOX_CAP };
        let mut windows = self.windows();
        for window in &mut windows {
            window.cap_bits_per_s.get_or_insert(cap);
        }
        Fill {
            time_zone: Some(self.time_zone.clone()),
            windows,
            source_caps_bits_per_s: self.source_caps_bits_per_s,
            emergency_fill: self.emergency_fill.clone(),
            widen_after_s: self.widen_after_s,
            ..Fill::default()
        }
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self) -> Vec<Complaint> {
        let mut found = Found::default();
        if jiff::tz::TimeZoneDatabase::bundled().get(self.time_zone.as_str()).is_err() {
            let message = format!("{} is no time zone of the IANA database", self.time_zone);
            found.add("time_zone", message);
        }
        let windows = contract::config::check_windows(&self.windows);
        let source_caps = check_source_caps(&self.source_caps_bits_per_s);
        let rest = source_caps.into_iter().chain(check_widen(&self.widen_after_s));
        for (path, message) in windows.into_iter().chain(rest) {
            found.add(path, message);
        }
        if let Some(message) = bad_cap(self.emergency_fill.cap_bits_per_s()) {
            found.add("emergency_fill.capped.cap_bits_per_s", message);
        }
        found.0
    }
}

fn published_window() -> Option<FillWindow> {
    let (opens, closes) = (TimeOfDay::new(2, 0)?, TimeOfDay::new(14, 0)?);
    Some(FillWindow { opens, closes, days: Vec::new(), cap_bits_per_s: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DiskClass;

    fn disk(capacity_bytes: u64) -> Disk {
        Disk::new("/srv/disk0", DiskClass::Hdd, capacity_bytes)
    }

    #[test]
    fn what_is_published_holds_where_nothing_is_said() {
        let zone = TimeZoneName::new("Europe/Berlin").expect("name");
        let mut site = SiteFill::published(zone);
        for (bytes, cap) in [(50, SMALL_BOX_CAP), (99, SMALL_BOX_CAP), (100, STORAGE_BOX_CAP)] {
            let fill = site.of_box(&[disk(bytes * 1_000_000_000_000)]);
            let window = &fill.windows[0];
            assert_eq!((window.opens.minutes(), window.length_minutes()), (120, 720));
            assert_eq!(window.cap_bits_per_s, Some(cap));
        }
        let two = [disk(STORAGE_BOX_BYTES / 2), disk(STORAGE_BOX_BYTES / 2)];
        assert_eq!(site.of_box(&two).windows[0].cap_bits_per_s, Some(STORAGE_BOX_CAP));
        let own = FillWindow {
            cap_bits_per_s: Some(BitRate(7_000_000)),
            ..site.of_box(&two).windows[0].clone()
        };
        site.windows = vec![own.clone()];
        assert_eq!(site.of_box(&two).windows, [own]);
    }

    #[test]
    fn nonsense_is_named() {
        let zone = TimeZoneName::new("Europe/Bonn").expect("shape");
        let window = published_window().expect("a window");
        let site = SiteFill {
            windows: vec![window.clone(), window],
            source_caps_bits_per_s: SourceCaps { peer: Some(BitRate(1)), origin: None },
            emergency_fill: EmergencyFill::Capped { cap_bits_per_s: BitRate(1) },
            ..SiteFill::published(zone)
        };
        let wrong = site.wrong();
        let fields: Vec<&str> = wrong.iter().map(|each| each.field.as_str()).collect();
        let expected = [
            "time_zone",
            "windows[1]",
            "source_caps_bits_per_s.peer",
            "emergency_fill.capped.cap_bits_per_s",
        ];
        assert_eq!(fields, expected);
    }
}
