//! Disks, as the kernel tells of them.

use super::files::Files;
use super::slots::{Slots, is_address};
use super::told;
use super::used::is_used;
use crate::erase::Noted;
use contract::config::DiskClass;
use contract::parts::{Part, PartType};
use std::collections::BTreeMap;

const BLOCK: &str = "sys/block";

/// What a disk says of its serial number (SPC, page 80h), and what headend-smart was told by one.
const MOST_PAGE_OCTETS: u64 = 4096;
const MOST_SMART_OCTETS: u64 = 1 << 20;

/// The unit of `size`, whatever the disk's own is.
const SECTOR_BYTES: u64 = 512;

pub(super) fn read(files: &Files, slots: &Slots, noted: &Noted) -> Vec<Part> {
    let mut found: BTreeMap<String, Part> = BTreeMap::new();
    for name in files.names(BLOCK) {
        let Some(part) = disk(files, slots, &name) else { continue };
        match found.get_mut(&part.serial) {
            // A disk of several namespaces. Several ways to one disk are one disk.
            Some(known) if name.starts_with("nvme") => {
                let both = known.capacity_bytes.zip(part.capacity_bytes);
                known.capacity_bytes = both.map(|(a, b)| a.saturating_add(b));
                known.is_in_use |= part.is_in_use;
            }
            Some(known) => known.is_in_use |= part.is_in_use,
            None => drop(found.insert(part.serial.clone(), part)),
        }
    }
    let empty = noted.all();
    for (serial, part) in &mut found {
        part.erased_at_us = empty.get(serial).copied().filter(|_| !part.is_in_use);
    }
    found.into_values().collect()
}

/// By what the kernel calls the disk with that serial number: by several names, where it has several ways to it, or
/// the disk has several namespaces.
pub(super) fn names(files: &Files, of: &str) -> Vec<String> {
    let mut names = files.names(BLOCK);
    names.retain(|name| !is_hidden(files, name) && serial(files, name).as_deref() == Some(of));
    names
}

/// By what it calls the one that it numbers so, such as 259:0.
pub(super) fn numbered(files: &Files, number: &str) -> Option<String> {
    let is_it =
        |name: &String| files.line(&format!("{BLOCK}/{name}/dev")).as_deref() == Some(number);
    files.names(BLOCK).into_iter().find(is_it)
}

pub(super) fn disk(files: &Files, slots: &Slots, name: &str) -> Option<Part> {
    let of = |what: &str| format!("{BLOCK}/{name}/{what}");
    let way = files.way_to(&format!("{BLOCK}/{name}"));
    let says_yes = |what: &str| files.number(&of(what)).unwrap_or(0) != 0;
    // What comes and goes by hand is not what the machine is made of.
    if is_elsewhere(&way) || says_yes("removable") || is_hidden(files, name) {
        return None;
    }
    if name.starts_with("nvme") && nvme_controller(files, name).is_none() {
        return None;
    }
    let bytes = files.number(&of("size"))?.checked_mul(SECTOR_BYTES)?;
    let says = |what: &str| files.line(&of(what));
    // libata stands in for the maker of a disk that names none.
    let maker = says("device/vendor").filter(|maker| maker != "ATA" && !maker.starts_with("0x"));
    let version = says("device/firmware_rev").or_else(|| says("device/rev"));
    Some(Part {
        manufacturer: maker.and_then(|it| told::name(&it)),
        part_id: says("device/model").and_then(|it| told::name(&it)),
        bay: bay(files, slots, name, &way),
        firmware: version.and_then(|it| told::short(&it)),
        disk_class: Some(class(name, says_yes("queue/rotational"))),
        capacity_bytes: Some(bytes),
        wear_percent: wear_percent(files, name),
        is_in_use: is_used(files, BLOCK, name),
        ..Part::new(PartType::Disk, serial(files, name)?)
    })
}

/// Whether it is one of several ways to another.
fn is_hidden(files: &Files, name: &str) -> bool {
    files.number(&format!("{BLOCK}/{name}/hidden")).unwrap_or(0) != 0
}

/// Whether it is made by software, or reached over USB or a network.
fn is_elsewhere(way: &[String]) -> bool {
    let begins = |begin: &str| way.iter().any(|name| name.starts_with(begin));
    // What has several ways to it is in no place of its own.
    let is_made = begins("virtual") && !begins("nvme-subsystem");
    is_made || ["usb", "session", "rport-", "nvme-fabrics"].into_iter().any(begins)
}

fn class(name: &str, is_rotational: bool) -> DiskClass {
    match is_rotational {
        _ if name.starts_with("nvme") => DiskClass::Nvme,
        true => DiskClass::Hdd,
        false => DiskClass::Ssd,
    }
}

fn serial(files: &Files, name: &str) -> Option<String> {
    let page = || {
        let page = files.octets(&format!("{BLOCK}/{name}/device/vpd_pg80"), MOST_PAGE_OCTETS)?;
        told::serial(&in_page(&page)?)
    };
    // NVMe, SCSI and SATA, and disks of virtual machines.
    let says = |what: &str| told::serial(&files.line(&format!("{BLOCK}/{name}/{what}"))?);
    says("device/serial").or_else(page).or_else(|| says("serial"))
}

/// The serial number in a page that a disk was asked for: behind four octets, of which the last two say
/// how long it is.
fn in_page(page: &[u8]) -> Option<String> {
    let [_, 0x80, high, low, rest @ ..] = page else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    Some(String::from_utf8_lossy(rest.get(..length)?).into_owned())
}

/// By what is written on the outside, where the machine knows it; else by how it is plugged in.
fn bay(files: &Files, slots: &Slots, name: &str, way: &[String]) -> Option<String> {
    let of_enclosure = files
        .names(&format!("{BLOCK}/{name}/device"))
        .into_iter()
        .find_map(|name| name.strip_prefix("enclosure_device:").and_then(told::short));
    let is_port = |name: &&String| {
        let number = name.strip_prefix("ata").unwrap_or_default();
        !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
    };
    let on_card = || {
        let controller = nvme_controller(files, name)?;
        Some(slots.bay(&controller))
    };
    let port = || way.iter().find(is_port).cloned();
    // The name of a SCSI device is which controller, bus, target and unit it is.
    let of_bus = || {
        let device = files.way_to(&format!("{BLOCK}/{name}/device")).pop()?;
        (device.matches(':').count() == 3).then_some(device)
    };
    let on_pci = || way.iter().rev().find(|name| is_address(name)).map(|it| slots.bay(it));
    of_enclosure.or_else(on_card).or_else(port).or_else(of_bus).or_else(on_pci)
}

/// The address of an NVMe disk. With several ways to it the device is all of them together.
fn nvme_controller(files: &Files, name: &str) -> Option<String> {
    let device = format!("{BLOCK}/{name}/device");
    let told = |folder: &str| files.line(&format!("{folder}/address")).filter(|it| is_address(it));
    let mut ways = files.names(&device).into_iter().filter(|name| name.starts_with("nvme"));
    told(&device).or_else(|| ways.find_map(|way| told(&format!("{device}/{way}"))))
}

/// By what the disk last said to who may ask it.
fn wear_percent(files: &Files, name: &str) -> Option<u8> {
    let said = files.octets(&format!("run/headend-smart/{name}.json"), MOST_SMART_OCTETS)?;
    let percent = crate::smart::wear_percent(&said)?;
    Some(u8::try_from(percent).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use super::in_page;
    use proptest::prelude::*;

    #[test]
    fn the_number_is_as_long_as_the_page_says() {
        assert_eq!(in_page(b"\0\x80\0\x04  Z9rest"), Some("  Z9".to_owned()));
        assert_eq!(in_page(b"\0\x80\0\x09Z9"), None);
        assert_eq!(in_page(b"\0\x83\0\x02Z9"), None);
    }

    proptest! {
        #[test]
        fn any_page_is_read_or_not(page in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = in_page(&page);
        }
    }
}
