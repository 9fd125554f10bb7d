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

/// Where it is noted which disks are empty.
const NOTED: &str = "/var/lib/headend-hardware/erased.json";

/// What the machine says of its disk: whether it is in use, and whether it was erased.
fn content(guest: &mut Guest) -> (bool, bool) {
    let said = guest.run("appliance hardware --json");
    let machine: Value = serde_json::from_str(&said).unwrap_or_else(|err| panic!("{err}: {said}"));
    let parts = machine["parts"].as_array().expect("parts");
    let disk = parts.iter().find(|part| part["type"] == "disk").expect("a disk");
    (disk["is_in_use"] == true, disk["erased_at_us"].as_i64().is_some_and(|at| at > 0))
}

/// The disk as it is, read by somebody else.
fn is_zero(guest: &mut Guest) -> bool {
    let (_, status) = guest.outcome("cmp --bytes=268435456 /dev/nvme0n1 /dev/zero");
    status == "0"
}

#[test]
fn an_erased_disk_is_empty_and_known_to_be_until_it_is_used_again() {
    let place = Place::with("portable", &[]);
    let mut guest = Guest::boot(&place);
    let mounted = place.path("disk").display().to_string();
    assert_eq!(content(&mut guest), (true, false));

    let erase = format!("appliance erase /dev/nvme0n1 --serial {SERIAL}");
    let refused = |guest: &mut Guest, command: &str, why: &str| {
        let (said, status) = guest.outcome(command);
        assert!(status == "1" && said.contains(why), "{command}: {status} {said}");
    };
    refused(&mut guest, &erase, "/dev/nvme0n1 is in use");
    guest.run(&format!("umount {mounted}"));
    refused(
        &mut guest,
        "appliance erase /dev/nvme0n1 --serial HEADEND-2",
        "is HEADEND-1, and not HEADEND-2: nothing is done",
    );
    // A file that is called as a disk is, and what is no disk at all.
    guest.run("dd if=/dev/nvme0n1 of=/tmp/nvme0n1 bs=1M count=1");
    let own = "cd /tmp && appliance erase nvme0n1 --serial HEADEND-1";
    refused(&mut guest, own, "nvme0n1 is no disk");
    guest.run("cmp --bytes=1048576 /tmp/nvme0n1 /dev/nvme0n1");
    refused(&mut guest, "appliance erase /dev/zero --serial HEADEND-1", "is no disk");
    refused(&mut guest, "appliance erase /dev/nothing --serial HEADEND-1", "cannot open");
    assert!(!is_zero(&mut guest), "nothing was done");
    guest.run(&format!("mount -t ext4 /dev/nvme0n1 {mounted} && umount {mounted}"));

    let said = guest.run(&erase);
    assert!(said.contains("HEADEND-1: 256.0 MiB written over and read back as zeros"), "{said}");
    assert!(said.contains("read back: 100 % of 256.0 MiB"), "{said}");
    assert!(is_zero(&mut guest));
    assert_eq!(content(&mut guest), (false, true));
    let table = guest.run("appliance hardware");
    assert!(table.contains("nothing since 20"), "{table}");

    // Used again, it is not empty, and stays so when it is only let go of.
    guest.run(&format!("mkfs.ext4 -q /dev/nvme0n1 && mount -t ext4 /dev/nvme0n1 {mounted}"));
    assert_eq!(content(&mut guest), (true, false));
    guest.run(&format!("umount {mounted}"));
    assert_eq!(content(&mut guest), (false, false));

    // One with partitions is erased with them, and a part of it alone is not.
    guest.run("addpart /dev/nvme0n1 1 2048 4096");
    assert_eq!(content(&mut guest), (true, false));
    refused(&mut guest, "appliance erase /dev/nvme0n1p1 --serial HEADEND-1", "is no disk");
    guest.run(&erase);
    assert_eq!(content(&mut guest), (false, true));

    // Who is interrupted has proved nothing, of a disk that was known to be empty either.
    guest.run(&format!("{erase} & erasing=$!"));
    guest.run(&format!(
        "while kill -0 $erasing; do read noted <{NOTED}; [ \"$noted\" = '{{}}' ] && break; done"
    ));
    let (said, status) = guest.outcome("kill $erasing; wait $erasing");
    assert_eq!(status, "143", "{said}");
    assert_eq!(content(&mut guest), (false, false));
}

fn bytes(smart: &SmartReport) -> u64 {
    smart.written_bytes.expect("the disk counts")
}
