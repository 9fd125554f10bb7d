//! The texts of a field, one after the other in small letters, with an octet around each that is in no text.

use memchr::memmem::Finder;
use std::collections::HashSet;

const BETWEEN: u8 = 0;

/// The texts of a field.
#[derive(Debug)]
pub(super) struct Column {
    octets: Vec<u8>,
    /// Where that of each slot ends.
    ends: Vec<usize>,
}

/// How a part stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Where {
    pub(super) is_at_beginning: bool,
    pub(super) is_at_end: bool,
}

impl Column {
    pub(super) fn new() -> Self {
        Self { octets: vec![BETWEEN], ends: Vec::new() }
    }

    /// That of the next slot; one that says nothing has none.
    pub(super) fn add(&mut self, text: Option<&str>) {
        self.octets.extend(text.unwrap_or_default().bytes().map(|it| it.to_ascii_lowercase()));
        self.octets.push(BETWEEN);
        self.ends.push(self.octets.len());
    }

    /// The slots whose text has a part. What is empty is a part of any text, but of none that is not there.
    pub(super) fn find(&self, part: &str, where_: Where, found: &mut HashSet<u32>) {
        let mut sought = Vec::with_capacity(part.len() + 2);
        if where_.is_at_beginning {
            sought.push(BETWEEN);
        }
        sought.extend(part.bytes().map(|it| it.to_ascii_lowercase()));
        if where_.is_at_end {
            sought.push(BETWEEN);
        }
        let finder = Finder::new(&sought);
        let mut from = 0;
        while let Some(at) = finder.find(&self.octets[from..]) {
            // The octet before a text belongs to the one before.
            let inside = from + at + usize::from(where_.is_at_beginning);
            let slot = self.ends.partition_point(|end| *end <= inside);
            if slot < self.ends.len() {
                found.extend(u32::try_from(slot));
            }
            // Once in a text is enough.
            from = self.ends.get(slot).map_or(self.octets.len(), |end| end - 1).max(from + at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_found_is_what_has_it(
            texts in prop::collection::vec(prop::option::of("[aB-]{1,4}"), 0..20),
            part in "[Ab-]{1,2}",
            is_at_beginning: bool,
            is_at_end: bool,
        ) {
            let mut column = Column::new();
            texts.iter().for_each(|text| column.add(text.as_deref()));
            let mut found = HashSet::new();
            column.find(&part, Where { is_at_beginning, is_at_end }, &mut found);
            let part = part.to_ascii_lowercase();
            let has = |text: &str| match (is_at_beginning, is_at_end) {
                (false, false) => text.contains(&part),
                (true, false) => text.starts_with(&part),
                (false, true) => text.ends_with(&part),
                (true, true) => text == part,
            };
            let is_it = |text: &Option<String>| text.as_ref().is_some_and(|it| has(&it.to_ascii_lowercase()));
            let expected = (0_u32..).zip(&texts).filter(|(_, text)| is_it(text)).map(|(slot, _)| slot);
            prop_assert_eq!(found, expected.collect::<HashSet<u32>>());
        }
    }
}
