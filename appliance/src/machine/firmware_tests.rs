use super::*;
use proptest::prelude::*;

/// One structure: its type, what stands in it behind its header, and its texts.
fn structure(kind: u8, fields: &[u8], texts: &[&str]) -> Vec<u8> {
    let length = u8::try_from(fields.len() + 4).expect("short");
    let mut octets = [&[kind, length, kind, 0], fields].concat();
    texts.iter().for_each(|text| octets.extend([text.as_bytes(), &[0]].concat()));
    octets.push(0);
    if texts.is_empty() {
        octets.push(0);
    }
    octets
}

/// Fields, of which some have a value: by where they stand, counted from the header as in the specification.
fn fields(length: usize, values: &[(usize, &[u8])]) -> Vec<u8> {
    let mut all = vec![0; length];
    for (at, value) in values {
        all[*at..at + value.len()].copy_from_slice(value);
    }
    all.split_off(4)
}

fn memory(size: u16, extended_mib: u32, texts: &[&str; 4]) -> Vec<u8> {
    let (size, extended) = (size.to_le_bytes(), extended_mib.to_le_bytes());
    let values: [(usize, &[u8]); 6] =
        [(0x0c, &size), (0x10, &[1]), (0x17, &[2]), (0x18, &[3]), (0x1a, &[4]), (0x1c, &extended)];
    structure(17, &fields(0x28, &values), texts)
}

/// A machine with a board, two processors, memory and power supplies.
pub(in crate::machine) fn table() -> Vec<u8> {
    let processor = |texts: &[&str]| {
        let values: [(usize, &[u8]); 4] = [(0x04, &[1]), (0x07, &[2]), (0x10, &[3]), (0x20, &[4])];
        structure(4, &fields(0x30, &values), texts)
    };
    let power = |texts: &[&str]| structure(39, &[0, 1, 2, 3, 4, 0, 5, 6, 0, 0, 0, 0], texts);
    let board = |texts: &[&str]| structure(2, &[1, 2, 3, 4, 0, 9, 0], texts);
    [
        structure(0, &[1, 2, 0, 0, 0], &["A Firmware Maker", "3.7b"]),
        structure(1, &fields(0x1b, &[(4, &[1, 2, 0, 3])]), &["A Maker", "Box 2U", "CZ1234ABCD "]),
        board(&["A Maker", "X99", "1.0", "UM12S3"]),
        board(&["A Maker", "Riser", "1.0", "To be filled by O.E.M."]),
        processor(&["CPU1", "A Chip Maker", "Chip 32-Core", "0A1B2C3D"]),
        processor(&["CPU2", "A Chip Maker", "Chip 32-Core", "Not Specified"]),
        memory(0x7fff, 65_536, &["P1-DIMMA1", "A Memory Maker", "4A7B01", "M-64G "]),
        memory(8192, 0, &["P1-DIMMB1", "A Memory Maker", "4A7B02", "M-8G"]),
        memory(0x8000 | 512, 0, &["P1-DIMMC1", "Unknown", "4A7B03", "PartNum0"]),
        memory(0, 0, &["P1-DIMMD1", "NO DIMM", "4A7B04", "NO DIMM"]),
        memory(8192, 0, &["P1-DIMME1", "A Memory Maker", "00000000", "M-8G"]),
        power(&["PSU1", "Supply", "A Power Maker", "P1-77", "PWS-1K", "1.1"]),
        power(&["PSU2", "Supply", "A Power Maker", "Default string", "PWS-1K", "1.1"]),
        structure(127, &[], &[]),
    ]
    .concat()
}

#[test]
fn a_machine_is_read() {
    let maker = |name: &str| Some(name.to_owned());
    let machine = read(table());
    assert_eq!(machine.serial.as_deref(), Some("CZ1234ABCD"));
    let said = |at: usize| machine.parts[at].clone();
    let board = Part {
        manufacturer: maker("A Maker"),
        part_id: maker("X99"),
        firmware: maker("3.7b"),
        ..Part::new(PartType::Board, "UM12S3")
    };
    assert_eq!(said(0), board);
    let processor = Part {
        manufacturer: maker("A Chip Maker"),
        part_id: maker("Chip 32-Core"),
        bay: maker("CPU1"),
        ..Part::new(PartType::Cpu, "0A1B2C3D")
    };
    assert_eq!(said(1), processor);
    let memory = Part {
        manufacturer: maker("A Memory Maker"),
        part_id: maker("M-64G"),
        bay: maker("P1-DIMMA1"),
        capacity_bytes: Some(64 << 30),
        ..Part::new(PartType::Dimm, "4A7B01")
    };
    assert_eq!(said(2), memory);
    assert_eq!(said(3).capacity_bytes, Some(8 << 30));
    let small = said(4);
    assert_eq!(small.capacity_bytes, Some(512 << 10));
    assert_eq!((small.manufacturer, small.part_id), (None, None), "nobody has written them");
    let power = Part {
        manufacturer: maker("A Power Maker"),
        part_id: maker("PWS-1K"),
        bay: maker("PSU1"),
        firmware: maker("1.1"),
        ..Part::new(PartType::Psu, "P1-77")
    };
    assert_eq!(said(5), power);
    assert_eq!(machine.parts.len(), 6, "an empty socket and what has no number are no parts");
}

proptest! {
    #[test]
    fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(octets);
    }

    /// Of types that are looked at, of any length, with any texts.
    #[test]
    fn any_structures_are_read(
        structures in prop::collection::vec(
            (prop::sample::select(vec![0_u8, 1, 2, 4, 17, 39, 127]), 0_u8..64, any::<[u8; 48]>()),
            0..12,
        )
    ) {
        let octets = structures.iter().flat_map(|(kind, length, rest)| {
            [&[*kind, *length, 0, 0], &rest[..], &[0, 0]].concat()
        });
        let machine = read(octets.collect());
        prop_assert!(machine.parts.iter().all(Part::is_sound), "{machine:?}");
    }

    #[test]
    fn what_was_cut_or_changed_is_read(cut in 0_usize..900, at in 0_usize..900, octet: u8) {
        let mut octets = table();
        octets.truncate(cut);
        octets.iter_mut().skip(at).take(1).for_each(|it| *it = octet);
        prop_assert!(read(octets).parts.iter().all(Part::is_sound));
    }
}
