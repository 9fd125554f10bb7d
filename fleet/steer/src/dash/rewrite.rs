//! From the owner's MPD to the viewer's. Everything but the top-level `BaseURL` and
//! `ContentSteering` elements passes as it is written.

use super::BadMpd;
use crate::Pathway;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use url::Url;

/// What an MPD is rewritten for.
#[derive(Debug, Clone, Copy)]
pub struct Rewriting<'a> {
    /// The MPD's own path on every appliance.
    pub path: &'a str,
    /// The appliances, best first; at least one.
    pub pathways: &'a [Pathway],
    /// Where the player asks to be steered.
    pub steering_uri: &'a str,
}

/// Rewrites an MPD.
///
/// # Errors
/// [`BadMpd`] says why it cannot be.
pub fn rewrite(text: &str, how: &Rewriting<'_>) -> Result<String, BadMpd> {
    let owners = read_owners(text, how.path)?;
    let mut reader = Reader::from_str(text);
    let mut writer = Writer::new(Vec::with_capacity(text.len() + 1024));
    let mut depth = 0usize;
    let mut inserted = false;
    loop {
        let event = reader.read_event()?;
        let child = if depth == 1 { child_name(&event) } else { None };
        match child.as_deref() {
            Some("BaseURL" | "ContentSteering") => {
                if let Event::Start(start) = &event {
                    reader.read_to_end(start.name())?;
                }
                continue;
            }
            Some("ProgramInformation") | None => {}
            Some(_) if !inserted => {
                insert(&mut writer, how, &owners)?;
                inserted = true;
            }
            Some(_) => {}
        }
        match &event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof => break,
            _ => {}
        }
        writer.write_event(event)?;
    }
    if !inserted {
        return Err(BadMpd::NoPeriod);
    }
    String::from_utf8(writer.into_inner()).map_err(|err| BadMpd::Xml(err.to_string()))
}

fn child_name(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Start(start) | Event::Empty(start) => Some(local_name(start)),
        _ => None,
    }
}

fn local_name(start: &BytesStart<'_>) -> String {
    start.local_name().into_inner().to_owned()
}

/// What the rewriting takes over from the owner's MPD.
struct Owners {
    /// The folder that relative addresses mean: where the MPD lies, or its own `BaseURL`.
    base: String,
    /// What goes before element names: `m:` where the root is `m:MPD`.
    prefix: String,
}

fn read_owners(text: &str, path: &str) -> Result<Owners, BadMpd> {
    let mut reader = Reader::from_str(text);
    let mut depth = 0usize;
    let (mut own, mut prefix) = (None, String::new());
    loop {
        let event = reader.read_event()?;
        match &event {
            Event::Start(start) => {
                let name = local_name(start);
                if depth == 0 {
                    prefix = prefix_of_root(start)?;
                }
                if depth == 1 && name == "BaseURL" && own.is_none() {
                    own = Some(text_of(&mut reader, start)?);
                } else {
                    depth += 1;
                }
            }
            Event::Empty(start) if depth == 0 => prefix = prefix_of_root(start)?,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(Owners { base: folder(path, own.as_deref().unwrap_or("."))?, prefix })
}

fn text_of(reader: &mut Reader<&[u8]>, start: &BytesStart<'_>) -> Result<String, BadMpd> {
    let raw = reader.read_text(start.name())?.xml10_content().into_owned();
    let text = quick_xml::escape::unescape(&raw).map_err(|err| BadMpd::Xml(err.to_string()))?;
    Ok(text.trim().to_owned())
}

fn prefix_of_root(start: &BytesStart<'_>) -> Result<String, BadMpd> {
    let name = start.name().into_inner();
    name.strip_suffix("MPD")
        .filter(|prefix| prefix.is_empty() || prefix.ends_with(':'))
        .map(str::to_owned)
        .ok_or(BadMpd::NotMpd)
}

fn folder(path: &str, relative: &str) -> Result<String, BadMpd> {
    let elsewhere = || BadMpd::Elsewhere(relative.to_owned());
    // Any host does: all appliances have the same paths.
    let here = Url::parse("https://appliance.invalid").and_then(|root| root.join(path));
    let here = here.map_err(|_| elsewhere())?;
    let joined = here.join(relative).map_err(|_| elsewhere())?;
    if joined.origin() != here.origin() || joined.query().is_some() {
        return Err(elsewhere());
    }
    Ok(joined.path().to_owned())
}

fn insert(
    writer: &mut Writer<Vec<u8>>,
    how: &Rewriting<'_>,
    owners: &Owners,
) -> Result<(), BadMpd> {
    for pathway in how.pathways {
        let mut start = BytesStart::new(format!("{}BaseURL", owners.prefix));
        start.push_attribute(("serviceLocation", pathway.id.as_str()));
        element(writer, start, &format!("https://{}{}", pathway.authority, owners.base))?;
    }
    if let Some(first) = how.pathways.first() {
        let mut start = BytesStart::new(format!("{}ContentSteering", owners.prefix));
        start.push_attribute(("defaultServiceLocation", first.id.as_str()));
        start.push_attribute(("queryBeforeStart", "true"));
        element(writer, start, how.steering_uri)?;
    }
    Ok(())
}

fn element(writer: &mut Writer<Vec<u8>>, start: BytesStart<'_>, text: &str) -> Result<(), BadMpd> {
    let end = BytesEnd::new(start.name().into_inner().to_owned());
    writer.write_event(Event::Start(start))?;
    writer.write_event(Event::Text(BytesText::new(text)))?;
    writer.write_event(Event::End(end))?;
    writer.write_event(Event::Text(BytesText::new("\n\t")))?;
    Ok(())
}

#[cfg(test)]
mod tests;
