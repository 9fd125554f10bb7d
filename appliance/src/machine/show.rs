//! `appliance hardware`: says what this machine is made of.

use super::files::Files;
use super::{Machine, Seen, ethtool, look};
use crate::erase::Noted;
use crate::filling::when;
use anyhow::Result;
use contract::parts::Part;
use contract::quantity::ByteCount;
use std::path::Path;

/// What stands above the columns.
const COLUMNS: [&str; 8] = ["TYPE", "SERIAL", "PART", "BAY", "FIRMWARE", "SIZE", "WORN", "CONTENT"];

/// Looks at this machine and prints it.
#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn show(as_json: bool) -> Result<()> {
    let machine = match look(&Files::below(Path::new("/")), &ethtool::ask) {
        Seen::All(machine) => machine,
        Seen::Some(machine) => {
            eprintln!("appliance: there is more that root alone is told");
            machine
        }
        Seen::Container => {
            eprintln!("appliance: a container is made of nothing: ask the machine below");
            Machine::default()
        }
    };
    forget_what_is_used(&machine);
    match as_json {
        true => println!("{}", serde_json::to_string_pretty(&machine)?),
        false => print!("{}", table(&machine)),
    }
    Ok(())
}

/// A disk that is in use was empty once. It is not so again before it has been erased again.
fn forget_what_is_used(machine: &Machine) {
    let used = machine.parts.iter().filter(|part| part.is_in_use).map(|part| part.serial.as_str());
    if let Err(err) = Noted::of_this_machine().forget(used) {
        eprintln!("appliance: what is noted of disks that are in use again stays: {err:#}");
    }
}

fn table(machine: &Machine) -> String {
    let serial = machine.serial.as_deref().unwrap_or("unknown");
    let mut lines = vec![format!("serial number {serial}, {} parts", machine.parts.len())];
    let rows: Vec<[String; COLUMNS.len()]> = std::iter::once(COLUMNS.map(str::to_owned))
        .filter(|_| !machine.parts.is_empty())
        .chain(machine.parts.iter().map(row))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(width);
    lines.extend(rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }));
    lines.push(String::new());
    lines.join("\n")
}

fn row(part: &Part) -> [String; COLUMNS.len()] {
    let named = [part.manufacturer.clone(), part.part_id.clone()];
    let named: Vec<String> = named.into_iter().flatten().collect();
    let or_not = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let class = part.disk_class.map(|class| format!(" {}", class.name())).unwrap_or_default();
    [
        format!("{}{class}", part.part_type),
        part.serial.clone(),
        or_not(Some(named.join(" ")).filter(|named| !named.is_empty())),
        or_not(part.bay.clone()),
        or_not(part.firmware.clone()),
        or_not(part.capacity_bytes.map(|bytes| ByteCount(bytes).to_string())),
        or_not(part.wear_percent.map(|percent| format!("{percent} %"))),
        or_not(content(part)),
    ]
}

fn content(part: &Part) -> Option<String> {
    match part.erased_at_us {
        _ if part.is_in_use => Some("something".to_owned()),
        Some(at) => Some(format!("nothing since {}", when(at))),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::config::DiskClass;
    use contract::parts::PartType;
    use contract::time::TimeUs;

    #[test]
    fn a_person_reads_columns() {
        let disk = Part {
            part_id: Some("MODEL-4T".to_owned()),
            bay: Some("slot 4".to_owned()),
            disk_class: Some(DiskClass::Nvme),
            capacity_bytes: Some(1 << 40),
            wear_percent: Some(3),
            is_in_use: true,
            ..Part::new(PartType::Disk, "S-1")
        };
        let erased_at_us = Some(TimeUs(1_800_000_000_000_000));
        let empty = Part { erased_at_us, ..Part::new(PartType::Disk, "S-2") };
        let parts = vec![disk, empty, Part::new(PartType::Psu, "P-1234")];
        let said = table(&Machine { serial: Some("CZ1".to_owned()), parts });
        let expected = "serial number CZ1, 3 parts
TYPE       SERIAL  PART      BAY     FIRMWARE  SIZE     WORN  CONTENT
disk nvme  S-1     MODEL-4T  slot 4  -         1.0 TiB  3 %   something
disk       S-2     -         -       -         -        -     nothing since 2027-01-15T08:00:00Z
psu        P-1234  -         -       -         -        -     -
";
        assert_eq!(said, expected);
        assert_eq!(table(&Machine::default()), "serial number unknown, 0 parts\n");
    }
}
