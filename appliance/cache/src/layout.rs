//! The file that holds one object.
//!
//! ```text
//! 0        page of 4 KiB   magic, length of the entry, the catalogue entry in JSON,
//!                          zeros, CRC-32C of all before it in the last four bytes
//! 4096     checksum table  a CRC-32C (little endian) for each block of 256 KiB, then
//!                          one over the table itself; padded to whole pages
//! then     content         as the catalogue has it, nothing between
//! ```
//!
//! Content begins on a page, so that it can be read around the page cache. While a file
//! is incoming its header page is zero: it cannot be mistaken for a finished one.

use crate::object::block_count;
use contract::catalogue::CatalogueEntry;
use std::sync::Arc;

/// The unit of alignment.
pub const PAGE: u64 = 4096;

const MAGIC: &[u8; 8] = b"HEADEND1";
const PREFIX: usize = MAGIC.len() + 4;
const PAGE_LEN: usize = 4096;
const ENTRY_ROOM: usize = PAGE_LEN - PREFIX - 4;

/// Objects above this are refused: the checksum table of one object stays below 64 MiB.
pub const MAX_OBJECT_BYTES: u64 = 4 << 40;

/// Where the content begins in the file of an object of this size.
#[must_use]
pub fn content_offset(size_bytes: u64) -> u64 {
    PAGE + table_bytes(size_bytes).next_multiple_of(PAGE)
}

/// What the file of an object of this size takes on a disk.
#[must_use]
pub fn disk_bytes(size_bytes: u64) -> u64 {
    content_offset(size_bytes) + size_bytes.next_multiple_of(PAGE)
}

fn table_bytes(size_bytes: u64) -> u64 {
    (block_count(size_bytes) + 1) * 4
}

/// Why a file is not a finished object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// The header page is damaged, or the file was never finished.
    #[error("the header is damaged")]
    Header,
    /// The checksum table is damaged.
    #[error("the checksum table is damaged")]
    Table,
    /// The file has another name than its header says.
    #[error("the name is not that of the object in it")]
    Name,
    /// The file is shorter or longer than its header says.
    #[error("the file has {found} bytes, and its header says {expected}")]
    Length {
        /// By the header.
        expected: u64,
        /// On the disk.
        found: u64,
    },
}

/// The header page; `None` when the entry does not fit, which no catalogue allows.
#[must_use]
pub fn encode_header(entry: &CatalogueEntry) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(entry).ok().filter(|json| json.len() <= ENTRY_ROOM)?;
    let mut page = Vec::with_capacity(PAGE_LEN);
    page.extend_from_slice(MAGIC);
    page.extend_from_slice(&u32::try_from(json.len()).ok()?.to_le_bytes());
    page.extend_from_slice(&json);
    page.resize(PAGE_LEN - 4, 0);
    page.extend_from_slice(&crc32c::crc32c(&page).to_le_bytes());
    Some(page)
}

/// Reads a header page.
///
/// # Errors
/// [`BadFile::Header`] for anything that [`encode_header`] did not write.
pub fn decode_header(page: &[u8]) -> Result<CatalogueEntry, BadFile> {
    let (covered, crc) = page.split_last_chunk::<4>().ok_or(BadFile::Header)?;
    if page.len() != PAGE_LEN || crc32c::crc32c(covered) != u32::from_le_bytes(*crc) {
        return Err(BadFile::Header);
    }
    let rest = covered.strip_prefix(MAGIC).ok_or(BadFile::Header)?;
    let (len, rest) = rest.split_first_chunk::<4>().ok_or(BadFile::Header)?;
    let json = rest.get(..u32::from_le_bytes(*len) as usize).ok_or(BadFile::Header)?;
    let entry: CatalogueEntry = serde_json::from_slice(json).map_err(|_| BadFile::Header)?;
    if entry.size_bytes > MAX_OBJECT_BYTES { Err(BadFile::Header) } else { Ok(entry) }
}

/// The checksum table, padded to whole pages.
#[must_use]
pub fn encode_table(checksums: &[u32]) -> Vec<u8> {
    let mut table: Vec<u8> = checksums.iter().flat_map(|crc| crc.to_le_bytes()).collect();
    table.extend_from_slice(&crc32c::crc32c(&table).to_le_bytes());
    table.resize(table.len().next_multiple_of(PAGE_LEN), 0);
    table
}

/// Reads the checksum table of an object of this size.
///
/// # Errors
/// [`BadFile::Table`] when the table does not match its own checksum.
pub fn decode_table(bytes: &[u8], size_bytes: u64) -> Result<Arc<[u32]>, BadFile> {
    let len = usize::try_from(table_bytes(size_bytes)).map_err(|_| BadFile::Table)?;
    let (table, crc) =
        bytes.get(..len).and_then(|table| table.split_last_chunk::<4>()).ok_or(BadFile::Table)?;
    if crc32c::crc32c(table) != u32::from_le_bytes(*crc) {
        return Err(BadFile::Table);
    }
    let word = |chunk: &[u8]| chunk.try_into().map(u32::from_le_bytes).unwrap_or_default();
    Ok(table.chunks_exact(4).map(word).collect())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use contract::names::{GroupName, TagName, TitleName};
    use contract::object::{Digest, ObjectId, ObjectKey};
    use contract::quantity::BitRate;
    use contract::tags::Tags;
    use contract::time::TimeUs;
    use proptest::prelude::*;

    pub(crate) fn entry(path: &str, content: &[u8]) -> CatalogueEntry {
        let key = ObjectKey { group: GroupName::new("g").expect("name"), path: path.into() };
        let blake3 = Digest::of(content);
        CatalogueEntry {
            ordinal: 1,
            id: ObjectId::new(&key, &blake3),
            group: key.group,
            title: TitleName::new("t").expect("name"),
            path: key.path,
            size_bytes: content.len() as u64,
            blake3,
            modified_us: TimeUs(0),
            serve_from_us: None,
            serve_until_us: None,
            bitrate_bits_per_s: None,
            tags: Tags::default(),
        }
    }

    #[test]
    fn a_header_comes_back_and_the_longest_path_fits() {
        let path = format!("/{}", "x".repeat(contract::path::MAX_PATH_LEN - 1));
        let name = "n".repeat(contract::names::MAX_NAME_LEN);
        let tag = |at: usize| format!("{at:0>width$}", width = contract::names::MAX_TAG_LEN);
        let tags = (0..contract::tags::MAX_TAGS).map(|at| TagName::new(tag(at)).expect("name"));
        let entry = CatalogueEntry {
            ordinal: u32::MAX,
            group: GroupName::new(name.clone()).expect("name"),
            title: TitleName::new(name).expect("name"),
            size_bytes: MAX_OBJECT_BYTES,
            modified_us: TimeUs(i64::MIN),
            tags: Tags::new(tags.collect()).expect("tags"),
            serve_from_us: Some(TimeUs(i64::MIN)),
            serve_until_us: Some(TimeUs(i64::MAX)),
            bitrate_bits_per_s: Some(BitRate(u64::MAX)),
            ..entry(&path, b"content")
        };
        let page = encode_header(&entry).expect("fits");
        assert_eq!(page.len() as u64, PAGE);
        assert_eq!(decode_header(&page), Ok(entry));
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_noticed(bit in 0usize..PAGE_LEN * 8) {
            let mut page = encode_header(&entry("/a", b"content")).expect("fits");
            page[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(decode_header(&page), Err(BadFile::Header));
        }

        #[test]
        fn a_table_comes_back(checksums in proptest::collection::vec(any::<u32>(), 0..3000)) {
            let size = checksums.len() as u64 * crate::BLOCK_BYTES;
            let table = encode_table(&checksums);
            prop_assert_eq!(table.len() as u64 + PAGE, content_offset(size));
            prop_assert_eq!(decode_table(&table, size).map(|table| table.to_vec()), Ok(checksums));
        }

        #[test]
        fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
            prop_assert!(decode_header(&bytes).is_err());
            prop_assert!(decode_table(&bytes, 1 << 20).is_err());
        }
    }
}
