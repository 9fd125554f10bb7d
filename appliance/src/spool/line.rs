//! A record of the spool as a line: its CRC-32C in hexadecimal, a space, JSON, a line feed.
//!
//! A line that was torn or has rotted is left out, and those around it are read all the same.

use contract::late::LateReport;
use serde::{Deserialize, Serialize};

/// A kept report. Numbers rise by one for as long as there is the folder, over restarts, so that
/// whatever is missing can be counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) report: LateReport,
}

pub(super) fn encode(record: &Record) -> serde_json::Result<Vec<u8>> {
    // JSON holds no line feed but as an escape.
    let json = serde_json::to_string(record)?;
    Ok(format!("{:08x} {json}\n", crc_fast::crc32_iscsi(json.as_bytes())).into_bytes())
}

fn decode(line: &[u8]) -> Option<Record> {
    let (crc, json) = (line.get(..8)?, line.get(9..)?);
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?, 16).ok()?;
    (crc == crc_fast::crc32_iscsi(json)).then(|| serde_json::from_slice(json).ok()).flatten()
}

/// The records of a file whose lines hold, with numbers that rise.
pub(super) fn decode_all(bytes: &[u8]) -> Vec<Record> {
    let mut last = 0;
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(decode);
    let rises = |record: &Record| {
        let is_newer = record.number > last;
        last = last.max(record.number);
        is_newer
    };
    lines.filter(rises).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::tests::report;
    use proptest::prelude::*;

    fn records(count: u64) -> Vec<Record> {
        (1..=count).map(|number| Record { number, report: report("boot", number, 0) }).collect()
    }

    fn file(records: &[Record]) -> Vec<u8> {
        records.iter().flat_map(|record| encode(record).expect("json")).collect()
    }

    #[test]
    fn what_was_written_is_read() {
        let all = records(5);
        assert_eq!(decode_all(&file(&all)), all);
        // The same lines again, as a copy that went wrong has them.
        assert_eq!(decode_all(&[file(&all), file(&all)].concat()), all);
    }

    proptest! {
        #[test]
        fn damage_costs_the_lines_that_it_hits(
            count in 1u64..6,
            at in any::<prop::sample::Index>(),
            length in 1usize..200,
            with in any::<u8>(),
        ) {
            let all = records(count);
            let mut bytes = file(&all);
            let from = at.index(bytes.len());
            let to = (from + length).min(bytes.len());
            let hit: Vec<bool> = {
                let mut end = 0;
                all.iter().map(|record| {
                    let begin = end;
                    end += encode(record).expect("json").len();
                    from < end && begin < to && bytes[begin.max(from)..end.min(to)].iter().any(|it| *it != with)
                }).collect()
            };
            bytes[from..to].fill(with);
            let read = decode_all(&bytes);
            prop_assert!(read.iter().all(|it| all.contains(it)), "made up");
            let neighbour_is_hit = |at: usize| hit[at] || at + 1 < hit.len() && hit[at + 1] || at > 0 && hit[at - 1];
            for (at, record) in all.iter().enumerate() {
                prop_assert!(read.contains(record) || neighbour_is_hit(at), "{at} is gone");
            }
        }

        #[test]
        fn nonsense_is_nothing(bytes: Vec<u8>) {
            prop_assert!(decode_all(&bytes).is_empty());
        }
    }
}
