//! From objects to the contract's segments: content-addressed, so that a change touches
//! one segment and a box fetches only that. Pure.

use crate::CatalogObject;
use contract::SCHEMA;
use contract::catalogue::{
    CatalogueEntry, CatalogueSegment, Common, MAX_SEGMENT_ENTRIES, Ordinal, SegmentRef,
};
use contract::object::Digest;

/// Ordinals are cut into segments at multiples of this. An entry is some 380 bytes: a
/// change costs a box 1.6 MB at most, and a million objects are 245 segments.
pub const SEGMENT_SPAN: Ordinal = 4096;

const _: () = assert!(SEGMENT_SPAN as usize <= MAX_SEGMENT_ENTRIES);

/// A segment and the bytes that have its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// How a catalogue names it.
    pub reference: SegmentRef,
    /// What a box fetches.
    pub bytes: Vec<u8>,
}

/// Cuts objects, which must come with rising ordinals, into segments.
///
/// # Errors
/// When an entry cannot be written as JSON, which none of ours is.
pub fn build(objects: &[CatalogObject]) -> Result<Vec<Built>, serde_json::Error> {
    objects
        .chunk_by(|a, b| a.ordinal / SEGMENT_SPAN == b.ordinal / SEGMENT_SPAN)
        .map(|chunk| {
            let entries = chunk.iter().map(entry).collect();
            let bytes = serde_json::to_vec(&CatalogueSegment { schema: SCHEMA, entries })?;
            let reference =
                SegmentRef { digest: Digest::of(&bytes), size_bytes: bytes.len() as u64 };
            Ok(Built { reference, bytes })
        })
        .collect()
}

fn entry(object: &CatalogObject) -> CatalogueEntry {
    let file = &object.file;
    let common = Common {
        serve_from_us: object.window.serve_from,
        serve_until_us: object.window.serve_until,
        bitrate_bits_per_s: file.bitrate_bits_per_s,
        tags: object.tags.clone(),
        ..Common::of(object.group.clone(), object.title.clone())
    };
    CatalogueEntry {
        ordinal: object.ordinal,
        path: file.path.as_str().into(),
        size_bytes: file.size_bytes,
        blake3: file.blake3,
        modified_us: file.modified,
        common: common.share(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewObject, RightsWindow};
    use contract::names::{GroupName, TagName, TitleName};
    use contract::quantity::BitRate;
    use contract::tags::Tags;
    use contract::time::TimeUs;

    fn object(ordinal: Ordinal) -> CatalogObject {
        CatalogObject {
            ordinal,
            group: GroupName::new("g").expect("name"),
            title: TitleName::new("t").expect("name"),
            file: NewObject {
                path: format!("/t/{ordinal}.m4s"),
                size_bytes: 7,
                blake3: Digest::of(&ordinal.to_be_bytes()),
                modified: TimeUs(5),
                bitrate_bits_per_s: Some(BitRate(7_000_000)),
            },
            tags: Tags::new(vec![TagName::new("x").expect("name")]).expect("tags"),
            window: RightsWindow { serve_from: None, serve_until: Some(TimeUs(9)) },
        }
    }

    #[test]
    fn a_box_can_open_every_segment() {
        let objects: Vec<_> = [0, 1, 4095, 4096, 9000].map(object).into();
        let built = build(&objects).expect("json");
        let entries: Vec<Vec<Ordinal>> = built
            .iter()
            .map(|each| CatalogueSegment::open(&each.bytes, &each.reference).expect("opens"))
            .map(|segment| segment.entries.iter().map(|entry| entry.ordinal).collect())
            .collect();
        assert_eq!(entries, [vec![0, 1, 4095], vec![4096], vec![9000]]);
        let first = CatalogueSegment::open(&built[0].bytes, &built[0].reference).expect("opens");
        assert_eq!(first.entries[0].common.bitrate_bits_per_s, Some(BitRate(7_000_000)));
        assert_eq!(first.entries[0].common.tags, objects[0].tags);
        assert_eq!(first.entries[0].common.serve_until_us, Some(TimeUs(9)));
    }

    #[test]
    fn a_change_touches_its_own_segment_only() {
        let before = build(&[0, 1, 5000].map(object)).expect("json");
        let after = build(&[0, 1, 5000, 5001].map(object)).expect("json");
        assert_eq!(before[0], after[0]);
        assert_ne!(before[1].reference, after[1].reference);
    }
}
