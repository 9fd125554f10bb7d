//! A box asks a disk that answers for itself: smartctl asks an NVMe disk as QEMU emulates it, in a
//! machine under Debian's own kernel. What is done to the disk is in what the box tells of it, and the
//! machine says what it is made of.

#[allow(dead_code, reason = "shared with tests that need more of it")]
mod parts;

use contract::report::{DiskReport, Report};
use contract::smart::SmartReport;
use parts::guest::{Guest, SERIAL};
use parts::place::Place;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

/// What others write to the disk.
const WRITTEN: u64 = 64 * MIB;

/// What may be written beside that: the box's own books, and those of the file system.
const ASIDE: u64 = 16 * MIB;

/// The unit in which an NVMe disk counts.
const UNIT: u64 = 512_000;

/// Everything is emulated: a box that is ready at once elsewhere takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A box in the machine, and what is known of its disk once it has asked.
struct Asked {
    disk: DiskReport,
    smart: SmartReport,
    /// For a person.
    status: String,
    log: String,
}

/// Runs the box until it has asked its disk: it does so first of all, and then every ten minutes.
fn ask(guest: &mut Guest, place: &Place) -> Asked {
    let config = place.config().display().to_string();
    guest.run(&format!("appliance run {config} 2>/tmp/log & box=$!"));
    let begun = Instant::now();
    let (disk, smart) = loop {
        let (said, status) = guest.outcome(&format!("appliance status --json {config}"));
        let report = (status == "0").then(|| {
            serde_json::from_str::<Report>(&said).unwrap_or_else(|err| panic!("{err}: {said}"))
        });
        let report = report.filter(|report| report.parts.is_some());
        let disk = report.and_then(|mut report| report.disks.pop());
        if let Some((disk, smart)) = disk.and_then(|disk| Some((disk.clone(), disk.smart?))) {
            break (disk, smart);
        }
        assert!(begun.elapsed() < PATIENCE, "nobody asks the disk: {said}");
        guest.run("sleep 0.2");
    };
    let status = guest.run(&format!("appliance status {config}"));
    guest.run("kill $box; wait $box");
    Asked { disk, smart, status, log: guest.run("cat /tmp/log") }
}

/// As root is told, in this order.
const PARTS: [(&str, &str); 3] = [("dimm", "4A7B01"), ("disk", SERIAL), ("board", "UM12S3")];

fn says_what_it_is_made_of(guest: &mut Guest) {
    let said = guest.run("appliance hardware --json");
    let machine: Value = serde_json::from_str(&said).unwrap_or_else(|err| panic!("{err}: {said}"));
    assert_eq!(machine["serial"], "CZ1234ABCD", "{said}");
    let parts = machine["parts"].as_array().expect("parts");
    let told = |part: &Value| ["type", "serial"].map(|it| part[it].as_str().map(str::to_owned));
    let expected = PARTS.map(|(it, serial)| [Some(it.to_owned()), Some(serial.to_owned())]);
    assert_eq!(parts.iter().map(told).collect::<Vec<_>>(), expected, "{said}");
    let [dimm, disk, board] = &parts[..] else { panic!("{said}") };
    assert_eq!((&dimm["part_id"], &dimm["capacity_bytes"]), (&json!("M-512M"), &json!(512 * MIB)));
    assert_eq!((&disk["part_id"], &disk["disk_class"]), (&json!("QEMU NVMe Ctrl"), &json!("nvme")));
    assert_eq!(disk["capacity_bytes"], 256 * MIB, "{said}");
    assert_eq!(board["firmware"], "3.7b", "{said}");
    let table = guest.run("appliance hardware");
    assert!(table.starts_with("serial number CZ1234ABCD, 3 parts\n"), "{table}");
    // Nobody but root is told the number of the whole.
    let said = guest.run("setpriv --reuid 65534 --clear-groups appliance hardware --json");
    assert!(!said.contains("CZ1234ABCD") && said.contains("root alone"), "{said}");
}

#[test]
fn what_is_done_to_an_nvme_disk_is_told() {
    // What a transfer is promised counts as written while it lasts: nothing is ordered here.
    let place = Place::with("portable", &[]);
    let rated = "class: nvme, rated_write_bytes: 1TB, service_life_days: 365,";
    place.configure(1, &[("class: nvme,", rated)]);
    let mut guest = Guest::boot(&place);
    says_what_it_is_made_of(&mut guest);

    let fresh = ask(&mut guest, &place);
    let smart = &fresh.smart;
    assert_eq!(smart.model.as_deref(), Some("QEMU NVMe Ctrl"));
    assert_eq!(smart.serial.as_deref(), Some(SERIAL));
    assert!(smart.firmware.is_some());
    assert_eq!(smart.is_healthy, Some(true));
    assert_eq!((smart.temperature_celsius, smart.wear_percent), (Some(50), Some(0)));
    assert_eq!((smart.media_errors, smart.power_on_hours), (Some(0), Some(0)));
    assert!(smart.warnings.is_empty() && !fresh.log.contains("disk_health"), "{}", fresh.log);
    assert!(fresh.status.contains("parts       3, see"), "{}", fresh.status);
    assert!(fresh.status.contains("QEMU NVMe Ctrl, healthy, 50 °C, 0 %"), "{}", fresh.status);

    let blocks = WRITTEN / MIB;
    let file = place.path("disk/somebody-else");
    let file = file.display();
    guest.run(&format!("dd if=/dev/zero of={file} bs=1M count={blocks} oflag=direct; sync"));
    let written = ask(&mut guest, &place);
    let more = bytes(&written.smart) - bytes(smart);
    assert!((WRITTEN - UNIT..WRITTEN + ASIDE).contains(&more), "{more} bytes more");
    // What may still be written is what the disk is rated for, less what it has counted.
    let spent = written.disk.write_budget.expect("it is rated").written_bytes;
    assert!((WRITTEN..bytes(&written.smart) + ASIDE).contains(&spent), "{spent} bytes are spent");

    guest.set_critical_warning(0b101);
    let failing = ask(&mut guest, &place);
    assert_eq!(failing.smart.is_healthy, Some(false));
    let complaints = ["its spare blocks are nearly used up", "it is no longer reliable"];
    assert_eq!(failing.smart.warnings, complaints);
    assert!(failing.status.contains("IT SAYS THAT IT FAILS"), "{}", failing.status);
    assert!(failing.log.contains("disk_health"), "{}", failing.log);
    assert_eq!(failing.disk.ejected, None, "what can be read is served");
}

fn bytes(smart: &SmartReport) -> u64 {
    smart.written_bytes.expect("the disk counts")
}
