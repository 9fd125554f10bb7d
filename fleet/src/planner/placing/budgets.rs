//! What each box can do, and whether it is planned on. Pure.

use super::forecaster::Key;
use contract::config::{Fill, FillWindow};
use contract::names::DeviceName;
use contract::report::Report;
use inventory::rules::life_cycle::LifeCycle;
use inventory::{Appliance, DiskClass, Site};
use prefill::question::{Budgets, ClassAsked, Said};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A box that has said nothing for longer is not planned on: what it holds, and whether it comes back, nobody
/// knows.
const STALE_AFTER_S: u64 = 3600;

/// What a box is taken to send, where the inventory does not say how fast its interfaces are.
const THROUGHPUT_BYTES_PER_S: u64 = 10_000_000_000 / 8;

/// What was last heard of a box, and for how long nothing; the time that this fleet was away itself does not
/// count.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) report: Option<Arc<Report>>,
    /// Titles that it holds, by its own word.
    pub(super) holds: HashSet<Key>,
    pub(super) silent_s: u64,
}

/// What is known of the boxes of a fleet.
#[derive(Debug, Default)]
pub(super) struct Known<'a> {
    pub(super) states: Option<&'a HashMap<DeviceName, LifeCycle>>,
    /// What their interfaces can send to viewers.
    pub(super) viewer_bits_per_s: Option<&'a HashMap<DeviceName, u64>>,
    pub(super) heard: HashMap<DeviceName, Heard>,
    /// The largest object of each title, as it stands on a disk; rising.
    pub(super) largest_bytes: &'a [u64],
}

/// The boxes of a site by the class of most of their disks.
pub(super) fn classes(
    site: Option<&Site>,
    appliances: &[&Appliance],
    known: &Known,
) -> Vec<ClassAsked> {
    let mut classes: BTreeMap<&'static str, Vec<Budgets>> = BTreeMap::new();
    for appliance in appliances {
        classes.entry(class(appliance)).or_default().push(budgets(site, appliance, known));
    }
    let asked =
        |(class, boxes): (&str, Vec<Budgets>)| ClassAsked { class: class.to_owned(), boxes };
    classes.into_iter().map(asked).collect()
}

fn budgets(site: Option<&Site>, appliance: &Appliance, known: &Known) -> Budgets {
    let heard = known.heard.get(&appliance.name);
    let state = known.states.and_then(|states| states.get(&appliance.name));
    let is_away = state.is_some_and(|state| !state.gives());
    let silent_s = heard.map_or(0, |heard| heard.silent_s);
    let said = match (is_away, silent_s > STALE_AFTER_S) {
        (true, _) => Some(Said::OutOfService),
        (false, true) => Some(Said::Stale { age_s: at_least(silent_s) }),
        (false, false) => None,
    };
    let bits_per_s = known.viewer_bits_per_s.and_then(|all| all.get(&appliance.name)).copied();
    let fill = site.and_then(|site| site.fill.as_ref()).map(|fill| fill.of_box(&appliance.disks));
    Budgets {
        device: appliance.name.clone(),
        room_bytes: room_bytes(appliance, known.largest_bytes),
        throughput_bytes_per_s: bits_per_s.map_or(THROUGHPUT_BYTES_PER_S, |bits| bits / 8),
        fill_bytes: fill.as_ref().and_then(fill_bytes),
        endurance_bytes: heard.and_then(|it| endurance_bytes(it.report.as_ref()?)),
        said,
        held: None,
    }
}

/// In few steps: the same question is the same document for a while.
fn at_least(silent_s: u64) -> u64 {
    const STEPS_S: [u64; 4] = [7 * 86_400, 86_400, 6 * 3600, STALE_AFTER_S];
    STEPS_S.into_iter().find(|step| silent_s >= *step).unwrap_or(0)
}

/// The class of most of its room.
fn class(appliance: &Appliance) -> &'static str {
    let mut by_class: BTreeMap<&'static str, u64> = BTreeMap::new();
    for disk in &appliance.disks {
        let name = match disk.class {
            DiskClass::Nvme => "nvme",
            DiskClass::Ssd => "ssd",
            DiskClass::Hdd => "hdd",
        };
        *by_class.entry(name).or_default() += disk.capacity_bytes;
    }
    by_class.into_iter().max_by_key(|it| it.1).map_or("none", |it| it.0)
}

/// All disks; of several, each may be left with less than the largest object that it could hold. More than a
/// twentieth is not kept free for it: large objects are few.
fn room_bytes(appliance: &Appliance, largest_bytes: &[u64]) -> u64 {
    let capacities = || appliance.disks.iter().map(|disk| disk.capacity_bytes);
    let all: u64 = capacities().fold(0, u64::saturating_add);
    let smaller = largest_bytes.partition_point(|it| Some(*it) <= capacities().max());
    let largest = smaller.checked_sub(1).map_or(0, |at| largest_bytes[at]);
    let several = u64::try_from(appliance.disks.len().saturating_sub(1)).unwrap_or(u64::MAX);
    all - several.saturating_mul(largest).min(all / 20)
}

/// What the windows of a day let in, if there are any; of those that are not on every day, their part.
fn fill_bytes(fill: &Fill) -> Option<u64> {
    (!fill.windows.is_empty()).then(|| fill.windows.iter().map(window_bytes).sum())
}

fn window_bytes(window: &FillWindow) -> u64 {
    let long_s = u64::from(window.length_minutes()) * 60;
    let days = if window.days.is_empty() { 7 } else { window.days.len() as u64 };
    let rate = window.cap_bits_per_s.map_or(u64::from(u32::MAX), |cap| cap.0 / 8);
    rate.saturating_mul(long_s).saturating_mul(days.min(7)) / 7
}

/// What may be written in a day within the rated endurance of its disks, to two digits: the same question is
/// the same document for a while.
fn endurance_bytes(report: &Report) -> Option<u64> {
    let budgets = report.disks.iter().filter_map(|disk| disk.write_budget.as_ref());
    let daily: Vec<u64> = budgets.map(|budget| budget.daily_bytes).collect();
    (!daily.is_empty() && daily.len() == report.disks.len())
        .then(|| two_digits(daily.into_iter().fold(0, u64::saturating_add)))
}

fn two_digits(bytes: u64) -> u64 {
    let mut unit = 1;
    while bytes / unit >= 100 {
        unit *= 10;
    }
    bytes / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_are_enough() {
        assert_eq!(
            [0, 7, 99, 101, 9876, u64::MAX].map(two_digits),
            [0, 7, 99, 100, 9800, 18_000_000_000_000_000_000]
        );
    }

    #[test]
    fn one_object_that_fits_nowhere_costs_no_room() {
        let disks = vec![inventory::Disk::new("/d", DiskClass::Hdd, 100_000); 12];
        let text = r#"{"name": "oca1.a", "site": "a", "players": [], "peers": [], "disks": [],
            "ram_budget_bytes": 1, "state_folder": "/s"}"#;
        let appliance: Appliance = serde_json::from_str(text).expect("a box");
        let appliance = Appliance { disks, ..appliance };
        assert_eq!(room_bytes(&appliance, &[10, 20, 110_000]), 1_200_000 - 11 * 20);
        assert_eq!(room_bytes(&appliance, &[90_000]), 1_140_000);
        assert_eq!(room_bytes(&appliance, &[]), 1_200_000);
    }

    #[test]
    fn windows_of_a_night_and_of_a_weekend() {
        let window = |text: &str| serde_json::from_str::<FillWindow>(text).expect("a window");
        let night = window(r#"{"opens": "22:00", "closes": "02:00", "cap_bits_per_s": "8Mb/s"}"#);
        assert_eq!(window_bytes(&night), 4 * 3600 * 1_000_000);
    }
}
