//! Secrets in a line of XML: between tags, and in what tags say of themselves.

use super::MARK;
use super::context::{Context, Frame, Pending, is_harmless_leaf};
use super::kind::DeviceKind;
use super::line::Line;
use super::token::Mode;
use super::word::{self, Sense};
use std::ops::Range;

/// A line that begins with a tag is read as XML.
pub(super) fn is_xml(body: &str) -> bool {
    let is_name = |sign: char| sign.is_ascii_alphabetic() || "/?!".contains(sign);
    body.starts_with('<')
        && body[1..].starts_with(is_name)
        && body.contains('>')
        && !body.starts_with(MARK)
}

/// Where in `text` the secrets are.
pub(super) fn secrets(
    kind: DeviceKind,
    text: &str,
    context: &mut Context,
    found: &mut Vec<Range<usize>>,
) {
    let mut reader = Reader { kind, text, context, found, tag: String::new() };
    reader.read();
    if reader.is_secret() {
        reader.context.pending = Pending::Tag;
    }
}

/// The next `<` that is no mark of ours.
pub(super) fn tag(text: &str, from: usize) -> Option<usize> {
    text[from..]
        .match_indices('<')
        .map(|(at, _)| from + at)
        .find(|at| !text[*at..].starts_with(MARK))
}

/// The next `>` that is no mark's.
fn tag_end(text: &str, from: usize) -> Option<usize> {
    let is_marks = |at: usize| text[..=at].ends_with(MARK);
    text[from..].match_indices('>').map(|(at, _)| from + at).find(|at| !is_marks(*at))
}

struct Reader<'a> {
    kind: DeviceKind,
    text: &'a str,
    context: &'a mut Context,
    found: &'a mut Vec<Range<usize>>,
    /// The last that was opened, if it is open.
    tag: String,
}

impl Reader<'_> {
    fn read(&mut self) {
        const RAW: &str = "<![CDATA[";
        let mut at = 0;
        while at < self.text.len() {
            let start = tag(self.text, at).unwrap_or(self.text.len());
            self.content(at..start);
            let rest = &self.text[start..];
            if rest.starts_with(RAW) {
                let end = rest.find("]]>").map_or(self.text.len(), |end| start + end);
                self.content(start + RAW.len()..end);
                at = end.max(start + RAW.len());
                continue;
            }
            let Some(end) = tag_end(self.text, start) else {
                self.plain(start..self.text.len());
                return;
            };
            self.tagged(start + 1..end);
            at = end + 1;
        }
    }

    fn tagged(&mut self, at: Range<usize>) {
        let text = &self.text[at.clone()];
        if text.starts_with('/') {
            self.context.frames.pop();
            self.tag.clear();
            return;
        }
        let length =
            text.find(|sign: char| sign.is_whitespace() || sign == '/').unwrap_or(text.len());
        self.plain(at.start + length..at.end);
        if text.starts_with(['?', '!']) || text.ends_with('/') {
            return;
        }
        text[..length].clone_into(&mut self.tag);
        self.context.frames.push(self.frame());
    }

    fn frame(&self) -> Frame {
        const POLICY: &[&str] = &[
            "policy-options",
            "policy-statement",
            "from",
            "then",
            "term",
            "routing-options",
            "bgp",
        ];
        let name = self.tag.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
        let above = self.context.frames.top();
        let sense = word::sense(&name);
        Frame {
            is_snmp: name.starts_with("snmp"),
            is_policy: POLICY.contains(&name.as_str()),
            is_secret: matches!(sense, Some(Sense::Secret | Sense::KeySecret)),
            is_community: sense == Some(Sense::Community) && (above.is_snmp || !above.is_policy),
        }
    }

    /// What stands directly in the last tag is one.
    fn is_secret(&self) -> bool {
        let frame = self.context.frames.top();
        let sense = word::sense(&self.tag);
        !self.tag.is_empty()
            && (frame.is_secret && !is_harmless_leaf(&self.tag)
                || sense == Some(Sense::Key)
                || frame.is_community && (sense == Some(Sense::Community) || self.tag == "name"))
    }

    fn content(&mut self, at: Range<usize>) {
        let text = &self.text[at.clone()];
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return;
        }
        if self.is_secret() {
            let start = at.start + (text.len() - text.trim_start().len());
            self.found.push(start..start + trimmed.len());
        } else {
            self.plain(at);
        }
    }

    fn plain(&mut self, at: Range<usize>) {
        let (mut found, mut context) = (Vec::new(), Context::default());
        let text = &self.text[at.clone()];
        Line::new(self.kind, (text, Mode::Plain), &[], &mut context, &mut found).walk();
        self.found.extend(found.into_iter().map(|it| it.start + at.start..it.end + at.start));
    }
}
