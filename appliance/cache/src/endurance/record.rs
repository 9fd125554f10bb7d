//! What of a budget stands on its disk, in the file `endurance`: one line, in two pages, so that
//! a bit that rots, or a write that tears, leaves the other.
//!
//! ```text
//!   0  magic   8  number of the line  16  age  24  written  32  unseen  40  counter (all ones:
//!  none)  48  balance  56  wall clock  64  CRC-32C of all before
//! ```

use super::budget::Record;
use crate::crc::crc32c;
use crate::layout::PAGE;
use crate::storage::{Storage, StoredFile, read_full};
use std::io;
use std::path::{Path, PathBuf};

const MAGIC: u64 = u64::from_le_bytes(*b"HEADWEAR");

const FIELDS: usize = 8;

const LEN: usize = FIELDS * 8 + 4;

const PLACES: [u64; 2] = [0, PAGE];

/// What its file takes.
pub(super) const BYTES: u64 = PLACES.len() as u64 * PAGE;

/// What was found.
#[derive(Debug)]
pub(super) enum Kept {
    Record(Record),
    /// Nothing was ever written down.
    Nothing,
    /// Something was, and cannot be read.
    Damaged(String),
}

/// Where it stands.
pub(super) fn file_of(disk: &Path) -> PathBuf {
    disk.join("endurance")
}

pub(super) fn read(storage: &dyn Storage, disk: &Path) -> Kept {
    match find(storage, disk) {
        Ok(Some((_, record))) => Kept::Record(record),
        Ok(None) => Kept::Damaged("neither copy is whole".to_owned()),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Kept::Nothing,
        Err(err) => Kept::Damaged(err.to_string()),
    }
}

/// The latest line.
fn find(storage: &dyn Storage, disk: &Path) -> io::Result<Option<(u64, Record)>> {
    let file = storage.open(&file_of(disk))?;
    let mut found = None;
    for place in PLACES {
        let mut line = [0; LEN];
        let count = read_full(&*file, &mut line, place)?;
        let read = if count == LEN { decode(&line) } else { None };
        found = read.into_iter().chain(found).max_by_key(|(number, _)| *number);
    }
    Ok(found)
}

/// Writes it down for good.
///
/// # Errors
/// As the storage says it: the line before, or this one, can still be read.
pub(super) fn write(storage: &dyn Storage, disk: &Path, record: &Record) -> io::Result<()> {
    let path = file_of(disk);
    let number = match find(storage, disk) {
        Ok(found) => found.map_or(1, |(number, _)| number.saturating_add(1)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => 0,
        Err(err) => return Err(err),
    };
    let is_new = number == 0;
    let file = if is_new { storage.create(&path, BYTES)? } else { storage.open(&path)? };
    put(&*file, &encode(number, record))?;
    if is_new { storage.sync_folder(disk) } else { Ok(()) }
}

/// A line fits a sector. One page is safe before the other is touched.
fn put(file: &dyn StoredFile, line: &[u8]) -> io::Result<()> {
    for place in PLACES {
        file.write_all_at(line, place)?;
        file.sync()?;
    }
    Ok(())
}

fn encode(number: u64, record: &Record) -> [u8; LEN] {
    let fields: [u64; FIELDS] = [
        MAGIC,
        number,
        record.age_us,
        record.written_bytes,
        record.unseen_bytes,
        record.counter_bytes.unwrap_or(u64::MAX),
        record.balance_bytes.cast_unsigned(),
        record.wall_us.cast_unsigned(),
    ];
    let mut line = [0; LEN];
    let (all, sum) = line.split_at_mut(LEN - 4);
    for (place, field) in all.chunks_exact_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
    sum.copy_from_slice(&crc32c(all).to_le_bytes());
    line
}

fn decode(line: &[u8; LEN]) -> Option<(u64, Record)> {
    let (all, sum) = line.split_at(LEN - 4);
    if sum != crc32c(all).to_le_bytes() {
        return None;
    }
    let mut fields = [0; FIELDS];
    for (field, place) in fields.iter_mut().zip(all.chunks_exact(8)) {
        *field = u64::from_le_bytes(*place.first_chunk()?);
    }
    let [magic, number, age_us, written_bytes, unseen_bytes, counter, balance, wall] = fields;
    let record = Record {
        age_us,
        written_bytes,
        unseen_bytes,
        counter_bytes: (counter != u64::MAX).then_some(counter),
        balance_bytes: balance.cast_signed(),
        wall_us: wall.cast_signed(),
    };
    (magic == MAGIC).then_some((number, record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Kernel;
    use proptest::prelude::*;

    fn record(written_bytes: u64) -> Record {
        Record { written_bytes, balance_bytes: -5, wall_us: -1, ..Record::default() }
    }

    #[test]
    fn either_copy_will_do_and_none_is_told() {
        let disk = tempfile::tempdir().expect("folder");
        assert!(matches!(read(&Kernel, disk.path()), Kept::Nothing));
        for written in [1, 2, 3] {
            write(&Kernel, disk.path(), &record(written)).expect("written");
        }
        let file = file_of(disk.path());
        let whole = std::fs::read(&file).expect("read");
        for place in PLACES {
            let mut torn = whole.clone();
            torn[usize::try_from(place).expect("small") + 30] ^= 1;
            std::fs::write(&file, &torn).expect("written");
            let found = read(&Kernel, disk.path());
            assert!(matches!(found, Kept::Record(found) if found == record(3)), "{found:?}");
        }
        std::fs::write(&file, &whole[..40]).expect("written");
        assert!(matches!(read(&Kernel, disk.path()), Kept::Damaged(_)));
        // What is damaged is written anew.
        write(&Kernel, disk.path(), &record(4)).expect("written");
        assert!(matches!(read(&Kernel, disk.path()), Kept::Record(found) if found == record(4)));
    }

    proptest! {
        #[test]
        fn what_is_written_down_is_read_and_octets_are_survived(
            numbers in any::<[u64; 5]>(), counter in any::<Option<u64>>(), wall in any::<i64>(),
            octets in any::<[[u8; 17]; 4]>(),
        ) {
            let [number, age_us, written_bytes, unseen_bytes, balance] = numbers;
            let counter_bytes = counter.filter(|counter| *counter != u64::MAX);
            let record = Record {
                age_us, written_bytes, unseen_bytes, counter_bytes,
                balance_bytes: balance.cast_signed(), wall_us: wall,
            };
            let line = encode(number, &record);
            prop_assert_eq!(decode(&line), Some((number, record)));
            let octets: [u8; LEN] = octets.concat().try_into().expect("as many");
            prop_assert_eq!(decode(&octets), None);
        }
    }
}
