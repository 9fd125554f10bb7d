//! The header page of a received object: as that of any other ([`layout`](crate::layout)), with
//! another mark, and what its origin said in the place of a catalogue's entry.
//!
//! It is written once. What a later answer says of freshness is not: after a restart an object
//! may be stale that was not, and its origin is asked once more.

use super::facts::Facts;
use crate::layout::{self, BadFile};
use contract::slices::MAX_OBJECT_BYTES;

const MAGIC: &[u8; 8] = b"HEADENDR";

/// The header page; `None` when it does not fit.
pub(crate) fn encode_page(facts: &Facts) -> Option<Vec<u8>> {
    layout::encode_json(*MAGIC, facts)
}

/// Whether a page, damaged or not, is one of these.
pub(crate) fn is_page(page: &[u8]) -> bool {
    page.starts_with(MAGIC)
}

/// Reads a header page.
///
/// # Errors
/// [`BadFile::Header`] for what [`encode_page`] did not write.
pub(crate) fn decode_page(page: &[u8]) -> Result<Facts, BadFile> {
    let facts: Facts = layout::decode_json(*MAGIC, page)?;
    if facts.size_bytes > MAX_OBJECT_BYTES { Err(BadFile::Header) } else { Ok(facts) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::PAGE_LEN;
    use crate::received::{MAX_MEDIA_TYPE_LEN, MAX_VALIDATOR_LEN, Terms, Validator};
    use contract::names::{GroupName, TagName};
    use contract::object::ObjectKey;
    use contract::tags::Tags;
    use contract::time::TimeUs;
    use proptest::prelude::*;

    fn longest() -> Facts {
        let name = "n".repeat(contract::names::MAX_NAME_LEN);
        let path = format!("/{}", "x".repeat(contract::path::MAX_PATH_LEN - 1));
        let tag = |at: usize| format!("{at:0>width$}", width = contract::names::MAX_TAG_LEN);
        let tags = (0..contract::tags::MAX_TAGS).map(|at| TagName::new(tag(at)).expect("name"));
        let far = TimeUs(i64::MIN);
        // Quotes take two octets each in JSON; a tag has two.
        let etag = format!("\"{}\"", "e".repeat(MAX_VALIDATOR_LEN - 2));
        Facts {
            key: ObjectKey { group: GroupName::new(name).expect("name"), path: path.into() },
            size_bytes: MAX_OBJECT_BYTES,
            validator: Validator::Etag(etag.into()),
            media_type: Some("m".repeat(MAX_MEDIA_TYPE_LEN).into()),
            modified: Some(far),
            tags: Tags::new(tags.collect()).expect("tags"),
            terms: Terms {
                born: far,
                validated: far,
                fresh_until: far,
                players_until: Some(far),
                while_revalidate_until: far,
                if_error_until: far,
            },
        }
    }

    #[test]
    fn the_longest_fits_and_comes_back() {
        let page = encode_page(&longest()).expect("fits");
        assert!(is_page(&page) && page.len() == PAGE_LEN);
        assert_eq!(decode_page(&page), Ok(longest()));
        assert_eq!(layout::decode_header(&page), Err(BadFile::Header), "no entry of a catalogue");
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_noticed(bit in 0usize..PAGE_LEN * 8) {
            let mut page = encode_page(&longest()).expect("fits");
            page[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(decode_page(&page), Err(BadFile::Header));
        }
    }
}
