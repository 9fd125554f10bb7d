//! The file that holds one object, finished or not.
//!
//! ```text
//! 0      header    a page: magic, length of the entry, the catalogue entry in JSON, zeros,
//!                  CRC-32C of all before it in the last four bytes
//! 4096   table     lines of 64 bytes, padded to whole pages ([`table`](crate::table)):
//!        ├ seal      zeros until the object is whole; then a CRC-32C over all lines below
//!        ├ slice 0   its BLAKE3 value, a CRC-32C for each block of 256 KiB, its own CRC-32C
//!        ├ slice 1   of zeros as long as the slice is not there
//!        └ …
//! then   content   as the catalogue has it, each slice of 1 MiB in its place; zeros up to
//!                  a whole page at the end
//! ```
//!
//! A file is laid out once, at its full length, and has one name for as long as it lives. It
//! only ever gains: the header, then slices in any order, each with its line, then the seal,
//! which is written when everything it speaks for has reached the disk. A line that was torn
//! or never written is a slice that is not there; so is, until it was read again, one whose
//! content does not match after a crash. Content begins on a page, so that it can be read and
//! written around the page cache.

use crate::crc::crc32c;
use crate::table;
use contract::catalogue::CatalogueEntry;
use contract::slices::{MAX_OBJECT_BYTES, slice_count};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The unit of alignment.
pub const PAGE: u64 = 4096;

const MAGIC: &[u8; 8] = b"HEADEND2";
const PREFIX: usize = MAGIC.len() + 4;
pub(crate) const PAGE_LEN: usize = 4096;
const ENTRY_ROOM: usize = PAGE_LEN - PREFIX - 4;

/// Where the table of slices begins.
pub(crate) const TABLE_OFFSET: u64 = PAGE;

/// Where the content begins in the file of an object of this size.
#[must_use]
pub fn content_offset(size_bytes: u64) -> u64 {
    TABLE_OFFSET + table::bytes_for(slice_count(size_bytes)).next_multiple_of(PAGE)
}

/// What the file of an object of this size takes on a disk, and how long it is.
#[must_use]
pub fn disk_bytes(size_bytes: u64) -> u64 {
    content_offset(size_bytes) + size_bytes.next_multiple_of(PAGE)
}

/// Why a file is no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// Its header was never written: a crash came before anything else was.
    #[error("the file was never begun")]
    Empty,
    /// The header page is damaged.
    #[error("the header is damaged")]
    Header,
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
    encode_json(*MAGIC, entry)
}

/// A header page with another mark and another text; `None` when it does not fit.
pub(crate) fn encode_json(magic: [u8; 8], text: &impl Serialize) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(text).ok().filter(|json| json.len() <= ENTRY_ROOM)?;
    let mut page = Vec::with_capacity(PAGE_LEN);
    page.extend_from_slice(&magic);
    page.extend_from_slice(&u32::try_from(json.len()).ok()?.to_le_bytes());
    page.extend_from_slice(&json);
    page.resize(PAGE_LEN - 4, 0);
    page.extend_from_slice(&crc32c(&page).to_le_bytes());
    Some(page)
}

/// Reads a header page.
///
/// # Errors
/// [`BadFile::Empty`] for zeros, [`BadFile::Header`] for anything else that [`encode_header`] did
/// not write.
pub fn decode_header(page: &[u8]) -> Result<CatalogueEntry, BadFile> {
    let entry: CatalogueEntry = decode_json(*MAGIC, page)?;
    if entry.size_bytes > MAX_OBJECT_BYTES { Err(BadFile::Header) } else { Ok(entry) }
}

/// Reads a page that [`encode_json`] has written.
///
/// # Errors
/// As [`decode_header`].
pub(crate) fn decode_json<T: DeserializeOwned>(magic: [u8; 8], page: &[u8]) -> Result<T, BadFile> {
    let (covered, crc) = page.split_last_chunk::<4>().ok_or(BadFile::Header)?;
    if page.iter().all(|byte| *byte == 0) {
        return Err(BadFile::Empty);
    }
    if page.len() != PAGE_LEN || crc32c(covered) != u32::from_le_bytes(*crc) {
        return Err(BadFile::Header);
    }
    let rest = covered.strip_prefix(&magic).ok_or(BadFile::Header)?;
    let (len, rest) = rest.split_first_chunk::<4>().ok_or(BadFile::Header)?;
    let json = rest.get(..u32::from_le_bytes(*len) as usize).ok_or(BadFile::Header)?;
    serde_json::from_slice(json).map_err(|_| BadFile::Header)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use contract::catalogue::Common;
    use contract::names::{GroupName, TagName, TitleName};
    use contract::object::Digest;
    use contract::quantity::BitRate;
    use contract::tags::Tags;
    use contract::time::TimeUs;
    use proptest::prelude::*;

    pub(crate) fn entry(path: &str, content: &[u8]) -> CatalogueEntry {
        let group = GroupName::new("g").expect("name");
        let title = TitleName::new("t").expect("name");
        CatalogueEntry {
            ordinal: 1,
            path: path.into(),
            size_bytes: content.len() as u64,
            blake3: Digest::of(content),
            modified_us: TimeUs(0),
            common: Common::of(group, title).share(),
        }
    }

    #[test]
    fn a_header_comes_back_and_the_longest_path_fits() {
        let path = format!("/{}", "x".repeat(contract::path::MAX_PATH_LEN - 1));
        let name = "n".repeat(contract::names::MAX_NAME_LEN);
        let tag = |at: usize| format!("{at:0>width$}", width = contract::names::MAX_TAG_LEN);
        let tags = (0..contract::tags::MAX_TAGS).map(|at| TagName::new(tag(at)).expect("name"));
        let common = Common {
            group: GroupName::new(name.clone()).expect("name"),
            title: TitleName::new(name).expect("name"),
            serve_from_us: Some(TimeUs(i64::MIN)),
            serve_until_us: Some(TimeUs(i64::MAX)),
            bitrate_bits_per_s: Some(BitRate(u64::MAX)),
            tags: Tags::new(tags.collect()).expect("tags"),
        };
        let entry = CatalogueEntry {
            ordinal: u32::MAX,
            size_bytes: MAX_OBJECT_BYTES,
            modified_us: TimeUs(i64::MIN),
            common: common.share(),
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
        fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 1..5000)) {
            prop_assert!(decode_header(&bytes).is_err());
        }
    }

    #[test]
    fn content_begins_on_a_page_behind_the_table() {
        const MIB: u64 = 1 << 20;
        for (size_bytes, offset) in [(0, 8192), (1, 8192), (63 * MIB, 8192), (63 * MIB + 1, 12288)]
        {
            assert_eq!(content_offset(size_bytes), offset, "{size_bytes}");
        }
        assert_eq!(disk_bytes(1), 12288);
        assert_eq!(decode_header(&[0; PAGE_LEN]), Err(BadFile::Empty));
    }
}
