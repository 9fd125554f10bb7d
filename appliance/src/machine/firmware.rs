//! What firmware tells of the machine (SMBIOS, DMTF DSP0134): board, processors, memory, power supplies.
//!
//! A management controller has no serial number there.

use super::Machine;
use super::told;
use contract::parts::{Part, PartType};
use smbioslib::{
    MemorySize, MemorySizeExtended, SMBiosBaseboardInformation, SMBiosData, SMBiosInformation,
    SMBiosMemoryDevice, SMBiosProcessorInformation, SMBiosString, SMBiosSystemInformation,
    SMBiosSystemPowerSupply,
};

/// Reads a table. What it is too short for is not there.
pub(super) fn read(table: Vec<u8>) -> Machine {
    let table = SMBiosData::from_vec_and_version(table, None);
    let system = table.first::<SMBiosSystemInformation<'_>>();
    let mut parts = boards(&table);
    parts.extend(table.defined_struct_iter().filter_map(|it| processor(&it)));
    parts.extend(table.defined_struct_iter().filter_map(|it| memory(&it)));
    parts.extend(table.defined_struct_iter().filter_map(|it| power_supply(&it)));
    Machine { serial: system.and_then(|it| serial(it.serial_number())), parts }
}

fn serial(text: SMBiosString) -> Option<String> {
    told::serial(&text.ok()?)
}

fn name(text: SMBiosString) -> Option<String> {
    told::name(&text.ok()?)
}

fn short(text: SMBiosString) -> Option<String> {
    told::short(&text.ok()?)
}

/// The first is the one that all else is on, and that the machine's firmware is in.
fn boards(table: &SMBiosData) -> Vec<Part> {
    let mut version =
        table.first::<SMBiosInformation<'_>>().and_then(|firmware| short(firmware.version()));
    let boards = table.defined_struct_iter().filter_map(|board: SMBiosBaseboardInformation<'_>| {
        let firmware = version.take();
        Some(Part {
            manufacturer: name(board.manufacturer()),
            part_id: name(board.product()),
            bay: short(board.location_in_chassis()),
            firmware,
            ..Part::new(PartType::Board, serial(board.serial_number())?)
        })
    });
    boards.collect()
}

fn processor(it: &SMBiosProcessorInformation<'_>) -> Option<Part> {
    Some(Part {
        manufacturer: name(it.processor_manufacturer()),
        part_id: name(it.processor_version()),
        bay: short(it.socket_designation()),
        ..Part::new(PartType::Cpu, serial(it.serial_number())?)
    })
}

fn memory(it: &SMBiosMemoryDevice<'_>) -> Option<Part> {
    if matches!(it.size(), None | Some(MemorySize::NotInstalled)) {
        return None;
    }
    Some(Part {
        manufacturer: name(it.manufacturer()),
        part_id: name(it.part_number()),
        bay: short(it.device_locator()),
        firmware: short(it.firmware_version()),
        capacity_bytes: memory_bytes(it),
        ..Part::new(PartType::Dimm, serial(it.serial_number())?)
    })
}

fn memory_bytes(it: &SMBiosMemoryDevice<'_>) -> Option<u64> {
    match (it.size()?, it.extended_size()) {
        (MemorySize::Kilobytes(kib), _) => Some(u64::from(kib) << 10),
        (MemorySize::Megabytes(mib), _) => Some(u64::from(mib) << 20),
        (MemorySize::SeeExtendedSize, Some(MemorySizeExtended::Megabytes(mib))) => {
            Some(u64::from(mib) << 20)
        }
        _ => None,
    }
}

fn power_supply(it: &SMBiosSystemPowerSupply<'_>) -> Option<Part> {
    Some(Part {
        manufacturer: name(it.manufacturer()),
        part_id: name(it.model_part_number()).or_else(|| name(it.device_name())),
        bay: short(it.location()),
        firmware: short(it.revision_level()),
        ..Part::new(PartType::Psu, serial(it.serial_number())?)
    })
}

#[cfg(test)]
#[path = "firmware_tests.rs"]
pub(super) mod tests;
