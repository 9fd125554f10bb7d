//! Which files belong to which representation of an MPD, and its declared bitrate
//! (ISO/IEC 23009-1 §5.3.5, §5.3.9).
//!
//! Numbers and times are not counted through: a template stands for every file whose name
//! has digits in their place.

use super::path_of;
use anyhow::{Context, ensure};
use contract::quantity::BitRate;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::HashMap;
use url::Url;

/// Stands for a number while a template is made an address: of private use, so that no
/// template has it.
const NUMBER: char = '\u{e000}';
/// The same in a path.
const NUMBER_IN_PATH: &str = "%EE%80%80";

/// A `Period`, an `AdaptationSet` and a `Representation`, in what stands around them.
const MAX_LEVELS: usize = 8;

/// Every file may be compared with each. A ladder has some twenty, in each period.
const MAX_TEMPLATES: usize = 4096;

/// Files named one by one: a day in segments of two seconds, in twenty representations.
const MAX_NAMES: usize = 1 << 20;

/// The longest zero-padded number (`%020d`): those of 64 bits have no more digits.
const MAX_WIDTH: usize = 20;

/// What an MPD says of paths.
#[derive(Debug, Default)]
pub(super) struct Rules {
    exact: HashMap<String, BitRate>,
    /// How many names were looked at for it.
    names: usize,
    patterns: Vec<(Pattern, BitRate)>,
}

/// A path with numbers between its pieces.
#[derive(Debug)]
struct Pattern(Vec<String>);

/// An element that a representation inherits from, or itself.
struct Level {
    base: Url,
    has_base: bool,
    id: String,
    bandwidth: Option<BitRate>,
    /// `SegmentTemplate@media`.
    template: Option<String>,
    /// `SegmentURL@media`.
    segments: Vec<String>,
}

/// Reads the MPD that stands at `base`.
pub(super) fn read(text: &str, base: &Url) -> anyhow::Result<Rules> {
    let mut reader = Reader::from_str(text);
    let mut rules = Rules::default();
    let mut levels = vec![Level::below(base)];
    loop {
        match reader.read_event()? {
            Event::Start(start) if start.local_name().into_inner() == "BaseURL" => {
                let raw = reader.read_text(start.name())?.xml10_content().into_owned();
                let uri = quick_xml::escape::unescape(&raw)?.trim().to_owned();
                levels.last_mut().context("no level")?.move_to(&uri)?;
            }
            Event::Start(start) => open(&start, &mut levels)?,
            Event::Empty(start) => {
                open(&start, &mut levels)?;
                close(start.local_name().into_inner(), &mut levels, &mut rules)?;
            }
            Event::End(end) => close(end.local_name().into_inner(), &mut levels, &mut rules)?,
            Event::Eof => return Ok(rules),
            _ => {}
        }
    }
}

fn is_level(name: &str) -> bool {
    matches!(name, "Period" | "AdaptationSet" | "Representation")
}

fn open(start: &BytesStart<'_>, levels: &mut Vec<Level>) -> anyhow::Result<()> {
    let here = levels.last_mut().context("no level")?;
    match start.local_name().into_inner() {
        "SegmentTemplate" => here.template = attribute(start, "media")?,
        "SegmentURL" => here.segments.extend(attribute(start, "media")?),
        name if is_level(name) => {
            let mut level = Level::below(&here.base);
            level.id = attribute(start, "id")?.unwrap_or_default();
            let bandwidth = attribute(start, "bandwidth")?.and_then(|text| text.parse().ok());
            level.bandwidth = bandwidth.map(BitRate);
            levels.push(level);
            ensure!(levels.len() <= MAX_LEVELS, "periods within periods");
        }
        _ => {}
    }
    Ok(())
}

fn close(name: &str, levels: &mut Vec<Level>, rules: &mut Rules) -> anyhow::Result<()> {
    if name == "Representation" {
        rules.add(levels)?;
    }
    if is_level(name) {
        levels.pop();
    }
    Ok(())
}

fn attribute(start: &BytesStart<'_>, name: &str) -> anyhow::Result<Option<String>> {
    let Some(attribute) = start.try_get_attribute(name)? else { return Ok(None) };
    Ok(Some(attribute.normalized_value(XmlVersion::default())?.into_owned()))
}

impl Level {
    fn below(base: &Url) -> Self {
        Self {
            base: base.clone(),
            has_base: false,
            id: String::new(),
            bandwidth: None,
            template: None,
            segments: Vec::new(),
        }
    }

    /// The first `BaseURL` counts; others are the same files elsewhere.
    fn move_to(&mut self, uri: &str) -> anyhow::Result<()> {
        if !std::mem::replace(&mut self.has_base, true) {
            self.base = self.base.join(uri).with_context(|| format!("BaseURL {uri:?}"))?;
        }
        Ok(())
    }
}

impl Rules {
    /// What is declared for the file at a path.
    pub(super) fn bitrate_of(&self, path: &str) -> Option<BitRate> {
        let fits = |(pattern, rate): &(Pattern, BitRate)| pattern.fits(path).then_some(*rate);
        self.exact.get(path).copied().or_else(|| self.patterns.iter().filter_map(fits).max())
    }

    /// The innermost level is a representation.
    fn add(&mut self, levels: &[Level]) -> anyhow::Result<()> {
        let Some(own) = levels.last() else { return Ok(()) };
        let Some(rate) = own.bandwidth else { return Ok(()) };
        let inner = || levels.iter().rev();
        if let Some(template) = inner().find_map(|level| level.template.as_deref()) {
            let pattern = Pattern::of(&own.base, template, &own.id, rate);
            self.patterns.extend(pattern.map(|pattern| (pattern, rate)));
            ensure!(self.patterns.len() <= MAX_TEMPLATES, "more than {MAX_TEMPLATES} templates");
            Ok(())
        } else if let Some(list) = inner().find(|level| !level.segments.is_empty()) {
            list.segments.iter().try_for_each(|uri| self.add_exact(&own.base, uri, rate))
        } else {
            self.add_exact(&own.base, "", rate)
        }
    }

    fn add_exact(&mut self, base: &Url, uri: &str, rate: BitRate) -> anyhow::Result<()> {
        self.names += 1;
        ensure!(self.names <= MAX_NAMES, "more than {MAX_NAMES} segments");
        if let Some(path) = path_of(base, uri) {
            let highest = self.exact.entry(path).or_insert(rate);
            *highest = rate.max(*highest);
        }
        Ok(())
    }
}

impl Pattern {
    fn of(base: &Url, template: &str, id: &str, rate: BitRate) -> Option<Self> {
        let path = path_of(base, &filled_in(template, id, rate)?)?;
        Some(Self(path.split(NUMBER_IN_PATH).map(str::to_owned).collect()))
    }

    fn fits(&self, path: &str) -> bool {
        let Some((first, pieces)) = self.0.split_first() else { return false };
        let Some(mut rest) = path.strip_prefix(first.as_str()) else { return false };
        for piece in pieces {
            let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            match behind.strip_prefix(piece.as_str()) {
                Some(after) if behind.len() < rest.len() => rest = after,
                _ => return false,
            }
        }
        rest.is_empty()
    }
}

/// A template with what is known of its representation, and [`NUMBER`] for the rest (§5.3.9.4.4).
fn filled_in(template: &str, id: &str, rate: BitRate) -> Option<String> {
    let mut parts = template.split('$');
    let mut text = parts.next()?.to_owned();
    while let Some(identifier) = parts.next() {
        let (name, format) = identifier.split_once('%').unwrap_or((identifier, "01d"));
        let width: usize = format.strip_prefix('0')?.strip_suffix('d')?.parse().ok()?;
        match name {
            "" => text.push('$'),
            "RepresentationID" => text.push_str(id),
            "Bandwidth" => text.push_str(&format!("{:0>1$}", rate.0, width.min(MAX_WIDTH))),
            "Number" | "Time" | "SubNumber" => text.push(NUMBER),
            _ => return None,
        }
        // An identifier ends with a `$` of its own.
        text.push_str(parts.next()?);
    }
    Some(text)
}
