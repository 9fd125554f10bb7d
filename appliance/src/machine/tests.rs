//! Machines that are laid out in a folder, as the kernel would tell of them.

use super::firmware::tests::table;
use super::vpd::tests::vpd;
use super::*;
use contract::config::DiskClass;
use contract::parts::PartType;
use contract::time::TimeUs;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tempfile::TempDir;

/// What is printed of cards: by option and interface.
const ETHTOOL: &[(&str, &str, &str)] = &[
    ("-i", "ens1f0", "driver: a\nfirmware-version: 16.35 (MT_1)\nbus-info: 0000:3b:00.0\n"),
    (
        "-m",
        "ens1f1",
        "\tIdentifier           : 0x11 (QSFP28)\n\tVendor name          : AN OPTICS MAKER\n\
         \tVendor PN            : Q28-LR4\n\tVendor SN            : OP0001\n",
    ),
    ("-m", "ens1f0", "Cannot get module EEPROM information: Input/output error\n"),
    ("-P", "eno1", "Permanent address: 3C:EC:EF:00:00:01\n"),
    ("-P", "eno2", "Permanent address: 00:00:00:00:00:00\n"),
];

fn ethtool(option: &str, interface: &str) -> Option<String> {
    let found = ETHTOOL.iter().find(|(it, name, _)| (*it, *name) == (option, interface));
    found.map(|(_, _, printed)| (*printed).to_owned())
}

struct Laid(TempDir);

impl Laid {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("folder"))
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, octets: impl AsRef<[u8]>) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, octets).expect("written");
    }

    /// What lies in a folder of devices, and the link to it from where the kernel lists its kind.
    fn device(&self, link: &str, device: &str, files: &[(&str, &str)]) {
        let folder = self.root().join("sys/devices").join(device);
        fs::create_dir_all(&folder).expect("made");
        for (name, text) in files {
            self.write(&format!("sys/devices/{device}/{name}"), format!("{text}\n"));
        }
        let link = self.root().join("sys").join(link);
        fs::create_dir_all(link.parent().expect("a folder")).expect("made");
        symlink(folder, link).expect("linked");
    }

    /// Where a device is plugged in: its folder is that above.
    fn plugged(&self, device: &str, into: &str) {
        let (device, into) =
            (format!("sys/devices/{device}/device"), format!("sys/devices/{into}"));
        symlink(self.root().join(into), self.root().join(device)).expect("linked");
    }

    fn nvme(&self, name: &str, controller: &str, files: &[(&str, &str)]) {
        let device = format!("{controller}/{name}");
        self.device(&format!("block/{name}"), &device, files);
        self.plugged(&device, controller);
    }

    fn seen(&self) -> Seen {
        look(&Files::below(self.root()), &ethtool)
    }

    fn parts(&self) -> Vec<Part> {
        match self.seen() {
            Seen::All(machine) => machine.parts,
            other => panic!("{other:?}"),
        }
    }
}

fn text(it: &str) -> Option<String> {
    Some(it.to_owned())
}

#[test]
fn disks() {
    let laid = Laid::new();
    let nvme = "pci0000:00/0000:00:01.0/0000:5e:00.0/nvme/nvme0";
    let said = [
        ("serial", "S-1  "),
        ("model", "MODEL-4T "),
        ("firmware_rev", "1.2"),
        ("address", "0000:5e:00.0"),
    ];
    for (name, value) in said {
        laid.write(&format!("sys/devices/{nvme}/{name}"), value);
    }
    laid.nvme("nvme0n1", nvme, &[("size", "2048")]);
    laid.nvme("nvme0n2", nvme, &[("size", "1024")]);
    laid.write("sys/bus/pci/slots/4/address", "0000:5e:00\n");
    let worn = r#"{"model_name": "M", "smart_status": {"passed": true},
        "nvme_smart_health_information_log": {"percentage_used": 300}}"#;
    laid.write("run/headend-smart/nvme0n1.json", worn);

    let ata = "pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0";
    laid.device(
        "block/sda",
        &format!("{ata}/block/sda"),
        &[("size", "4"), ("queue/rotational", "1")],
    );
    laid.plugged(&format!("{ata}/block/sda"), ata);
    for (name, value) in [("vendor", "ATA     "), ("model", "ST4000"), ("rev", "SN02")] {
        laid.write(&format!("sys/devices/{ata}/{name}"), value);
    }
    laid.write(&format!("sys/devices/{ata}/vpd_pg80"), b"\0\x80\0\x08    Z9AB");

    let sas = "pci0000:80/0000:80:02.0/host9/port-9:0/end_device-9:0/target9:0:0/9:0:0:0";
    laid.device(
        "block/sdb",
        &format!("{sas}/block/sdb"),
        &[("size", "4"), ("queue/rotational", "0")],
    );
    laid.plugged(&format!("{sas}/block/sdb"), sas);
    laid.write(&format!("sys/devices/{sas}/vendor"), "A Disk Maker");
    laid.write(&format!("sys/devices/{sas}/vpd_pg80"), b"\0\x80\0\x04K-77");
    laid.write(&format!("sys/devices/{sas}/enclosure_device:Slot 07/x"), "");
    // Another way to it.
    let way = "pci0000:80/0000:80:02.0/host9/port-9:1/end_device-9:1/target9:0:1/9:0:1:0";
    laid.device("block/sdc", &format!("{way}/block/sdc"), &[("size", "4")]);
    laid.plugged(&format!("{way}/block/sdc"), way);
    laid.write(&format!("sys/devices/{way}/vpd_pg80"), b"\0\x80\0\x04K-77");

    // What the machine is not made of.
    laid.device("block/loop0", "virtual/block/loop0", &[("size", "8"), ("serial", "L-1")]);
    laid.device("block/sdd", "pci0000:00/usb1/1-1/block/sdd", &[("size", "8"), ("serial", "U-1")]);
    laid.device(
        "block/sr0",
        "pci0000:00/block/sr0",
        &[("size", "8"), ("removable", "1"), ("serial", "R-1")],
    );
    laid.device("block/vda", "pci0000:00/virtio0/block/vda", &[("size", "8"), ("serial", "")]);

    let expected = [
        Part {
            manufacturer: text("A Disk Maker"),
            bay: text("Slot 07"),
            disk_class: Some(DiskClass::Ssd),
            capacity_bytes: Some(2048),
            ..Part::new(PartType::Disk, "K-77")
        },
        Part {
            part_id: text("MODEL-4T"),
            bay: text("slot 4"),
            firmware: text("1.2"),
            disk_class: Some(DiskClass::Nvme),
            capacity_bytes: Some(3072 * 512),
            wear_percent: Some(255),
            ..Part::new(PartType::Disk, "S-1")
        },
        Part {
            part_id: text("ST4000"),
            bay: text("ata3"),
            firmware: text("SN02"),
            disk_class: Some(DiskClass::Hdd),
            capacity_bytes: Some(2048),
            ..Part::new(PartType::Disk, "Z9AB")
        },
    ];
    assert_eq!(laid.parts(), expected);
}

#[test]
fn an_nvme_disk_with_several_ways_to_it() {
    let laid = Laid::new();
    let subsystem = "virtual/nvme-subsystem/nvme-subsys0";
    laid.write(&format!("sys/devices/{subsystem}/serial"), "S-2\n");
    let controller = laid.root().join("sys/devices/pci0000:00/0000:5f:00.0/nvme/nvme0");
    fs::create_dir_all(&controller).expect("made");
    fs::write(controller.join("address"), "0000:5f:00.0\n").expect("written");
    symlink(&controller, laid.root().join(format!("sys/devices/{subsystem}/nvme0")))
        .expect("linked");
    laid.nvme("nvme0n1", subsystem, &[("size", "2048")]);
    laid.nvme("nvme0c0n1", subsystem, &[("size", "2048"), ("hidden", "1")]);
    // Over a network: no address on PCI.
    let fabric = "virtual/nvme-subsystem/nvme-subsys1";
    laid.write(&format!("sys/devices/{fabric}/serial"), "S-3\n");
    laid.write(&format!("sys/devices/{fabric}/nvme1/address"), "traddr=192.0.2.1\n");
    laid.nvme("nvme1n1", fabric, &[("size", "2048")]);
    let [disk] = &laid.parts()[..] else { panic!("{:?}", laid.parts()) };
    assert_eq!((disk.serial.as_str(), disk.bay.as_deref()), ("S-2", Some("0000:5f:00")));
    assert_eq!(disk.capacity_bytes, Some(1 << 20));
    let names = disks::names(&Files::below(laid.root()), "S-2");
    assert_eq!(names, ["nvme0n1"], "the way to it is no disk of its own");
}

#[test]
fn a_disk_is_in_use_by_any_sign_and_was_erased_by_none() {
    let signs = [
        ("sys/block/sda/sda1/partition", "1\n"),
        ("sys/block/sda/holders/dm-0/x", ""),
        (
            "proc/self/mountinfo",
            "1 0 0:1 / / rw - proc proc rw\n29 1 8:0 / /disks/a rw - ext4 x rw\n",
        ),
        ("run/udev/data/b8:0", "S:disk/by-id/ata-1\nE:ID_FS_TYPE=ext4\n"),
        ("run/udev/data/b8:0", "E:ID_PART_TABLE_TYPE=gpt\n"),
    ];
    let others = [
        ("proc/self/mountinfo", "29 1 8:1 / /disks/a rw 8:0 - ext4 8:0 rw\n"),
        ("run/udev/data/b8:0", "E:ID_BUS=ata\nE:ID_SERIAL=Z9AB\n"),
        ("run/udev/data/b8:1", "E:ID_FS_TYPE=ext4\n"),
        ("sys/block/sda/queue/rotational", "0\n"),
    ];
    let of_sign = |(path, text): (&str, &str)| {
        let laid = Laid::new();
        laid.device(
            "block/sda",
            "pci0000:00/block/sda",
            &[("size", "4"), ("serial", "Z9AB"), ("dev", "8:0")],
        );
        laid.write("var/lib/headend-hardware/erased.json", r#"{"Z9AB": 7, "Z9AC": 8}"#);
        laid.write(path, text);
        let [disk] = &laid.parts()[..] else { panic!("{:?}", laid.parts()) };
        (disk.is_in_use, disk.erased_at_us)
    };
    for sign in signs {
        assert_eq!(of_sign(sign), (true, None), "{sign:?}");
    }
    for other in others {
        assert_eq!(of_sign(other), (false, Some(TimeUs(7))), "{other:?}");
    }
}

#[test]
fn network_cards_and_optics() {
    let laid = Laid::new();
    let port = |name: &str, device: &str, files: &[(&str, &str)]| {
        let at = format!("{device}/net/{name}");
        laid.device(&format!("class/net/{name}"), &at, files);
        laid.plugged(&at, device);
    };
    let own = ("addr_assign_type", "0");
    // A card with two ports that says which one it is.
    port("ens1f0", "pci0000:3a/0000:3b:00.0", &[("address", "b8:3f:d2:00:00:01"), own]);
    port("ens1f1", "pci0000:3a/0000:3b:00.1", &[("address", "b8:3f:d2:00:00:02"), own]);
    let says = vpd("A card", &[("PN", "MODEL-2"), ("SN", "MT1 "), ("MN", "A Maker")]);
    laid.write("sys/devices/pci0000:3a/0000:3b:00.0/vpd", says);
    laid.write("sys/bus/pci/slots/1/address", "0000:3b:00\n");
    // Two ports on the board, of which one has been given another address, and the other has none.
    port(
        "eno1",
        "pci0000:00/0000:00:1f.6",
        &[("address", "02:00:00:00:00:01"), ("addr_assign_type", "3")],
    );
    laid.write("sys/devices/pci0000:00/0000:00:1f.6/vendor", "0x8086\n");
    laid.write("sys/devices/pci0000:00/0000:00:1f.6/device", "0x15bb\n");
    port(
        "eno2",
        "pci0000:00/0000:00:1e.0",
        &[("address", "02:00:00:00:00:02"), ("addr_assign_type", "3")],
    );
    // In a bundle, whose address it has.
    port(
        "eno3",
        "pci0000:00/0000:00:1d.0",
        &[("address", "02:00:00:00:00:03"), ("bonding_slave/perm_hwaddr", "3c:ec:ef:00:00:03")],
    );
    // What is no card: a slice of one, what goes over USB, what is made of nothing.
    port("ens1v0", "pci0000:3a/0000:3b:02.0", &[("address", "b8:3f:d2:00:00:09"), own]);
    laid.write("sys/devices/pci0000:3a/0000:3b:02.0/physfn/x", "");
    port("usb0", "pci0000:00/0000:00:14.0/usb1/1-1", &[("address", "b8:3f:d2:00:00:0a"), own]);
    laid.device("class/net/lo", "virtual/net/lo", &[("address", "00:00:00:00:00:00"), own]);

    let nic = |serial: &str| Part::new(PartType::Nic, serial);
    let expected = [
        Part { part_id: text("8086:15bb"), bay: text("0000:00:1f"), ..nic("3c:ec:ef:00:00:01") },
        Part { bay: text("0000:00:1d"), ..nic("3c:ec:ef:00:00:03") },
        Part {
            manufacturer: text("A Maker"),
            part_id: text("MODEL-2"),
            bay: text("slot 1"),
            firmware: text("16.35 (MT_1)"),
            ..nic("MT1")
        },
        Part {
            manufacturer: text("AN OPTICS MAKER"),
            part_id: text("Q28-LR4"),
            bay: text("ens1f1"),
            ..Part::new(PartType::Optic, "OP0001")
        },
    ];
    assert_eq!(laid.parts(), expected);
}

#[test]
fn firmware_is_read_and_all_of_it_is_in_order() {
    let laid = Laid::new();
    laid.write(TABLE, table());
    let Seen::All(machine) = laid.seen() else { panic!("{:?}", laid.seen()) };
    assert_eq!(machine.serial.as_deref(), Some("CZ1234ABCD"));
    let types: Vec<PartType> = machine.parts.iter().map(|part| part.part_type).collect();
    let (dimm, all) = (PartType::Dimm, [PartType::Psu, PartType::Board]);
    assert_eq!(types, [&[PartType::Cpu, dimm, dimm, dimm][..], &all].concat());
    let written = serde_json::to_vec(&machine).expect("json");
    assert_eq!(serde_json::from_slice::<Machine>(&written).expect("read back"), machine);
    // No table is so long.
    laid.write(TABLE, vec![0; (1 << 20) + 1]);
    assert_eq!(laid.seen(), Seen::Some(Machine::default()));
}

#[test]
fn a_container_is_made_of_nothing() {
    let laid = Laid::new();
    laid.write(TABLE, table());
    laid.write(CONTAINER, "podman");
    assert_eq!(laid.seen(), Seen::Container);
}
