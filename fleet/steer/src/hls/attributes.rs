//! Attribute lists: `NAME=value,NAME="quoted, value"` (RFC 8216 §4.2).

use std::fmt;

/// The attributes of one tag, in their order. Values keep their quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// Reads a list; `None` when it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut list = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let name = name.trim();
            if name.is_empty() || !name.bytes().all(is_name_octet) {
                return None;
            }
            let end = match after.strip_prefix('"') {
                Some(quoted) => quoted.find('"')? + 2,
                None => after.find(',').unwrap_or(after.len()),
            };
            let (value, after) = after.split_at(end);
            list.push((name.to_owned(), value.trim_end().to_owned()));
            rest = match after.trim_start() {
                "" => "",
                after => after.strip_prefix(',')?.trim_start(),
            };
        }
        Some(Self(list))
    }

    /// The content of a quoted value.
    pub(super) fn quoted(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(each, _)| each == name)?;
        value.strip_prefix('"')?.strip_suffix('"')
    }

    /// Sets a quoted value where it stands, or at the end. Double quotes and line ends
    /// cannot be written in one; ours hold names and addresses only.
    pub(super) fn set_quoted(&mut self, name: &str, value: &str) {
        let value = format!("\"{value}\"");
        match self.0.iter_mut().find(|(each, _)| each == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(each, _)| each != name);
    }
}

fn is_name_octet(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-'
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_hold_commas_and_equal_signs() {
        let text = r#"BANDWIDTH=1,CODECS="avc1.4d401e,mp4a.40.2",X-COM="a=b",NAME="""#;
        assert_eq!(Attributes::parse(text).map(|it| it.to_string()).as_deref(), Some(text));
        for bad in ["BANDWIDTH", "=1", "a=1", "A=\"x", "A=\"x\"y", ",A=1", "A=1,,B=2"] {
            assert_eq!(Attributes::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused_and_reads_back(text in "[A-C\",= -]{0,24}") {
            if let Some(list) = Attributes::parse(&text) {
                prop_assert_eq!(Attributes::parse(&list.to_string()), Some(list));
            }
        }
    }
}
