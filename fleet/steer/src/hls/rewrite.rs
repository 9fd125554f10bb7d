//! From the owner's playlist to the viewer's.

use super::BadPlaylist;
use super::attributes::Attributes;
use crate::Pathway;
use url::Url;

const MEDIA: &str = "#EXT-X-MEDIA:";
const STREAM_INF: &str = "#EXT-X-STREAM-INF:";
const I_FRAME: &str = "#EXT-X-I-FRAME-STREAM-INF:";
const STEERING: &str = "#EXT-X-CONTENT-STEERING:";

/// Attributes of a variant that name a rendition group.
const GROUPS: [&str; 4] = ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"];

/// What a playlist is rewritten for.
#[derive(Debug, Clone, Copy)]
pub struct Rewriting<'a> {
    /// The playlist's own path on every appliance.
    pub path: &'a str,
    /// The pathways, best first; at least one.
    pub pathways: &'a [Pathway],
    /// Where the player asks to be steered.
    pub steering_uri: &'a str,
}

/// What a multivariant playlist is made of, as far as pathways care.
enum Tag {
    Rendition(Attributes),
    Variant(Attributes, String),
    IFrames(Attributes),
}

/// Rewrites a multivariant playlist.
///
/// # Errors
/// [`BadPlaylist`], with the line where it is bad.
pub fn rewrite(text: &str, how: &Rewriting<'_>) -> Result<String, BadPlaylist> {
    let (others, tags) = read(text)?;
    let mut out = String::with_capacity(text.len() * (how.pathways.len() + 1));
    for line in others {
        push(&mut out, &line);
    }
    if let Some(first) = how.pathways.first() {
        let mut steering = Attributes::default();
        steering.set_quoted("SERVER-URI", how.steering_uri);
        steering.set_quoted("PATHWAY-ID", &first.id);
        push(&mut out, &format!("{STEERING}{steering}"));
    }
    for pathway in how.pathways {
        write_pathway(&mut out, &tags, how.path, pathway)?;
    }
    Ok(out)
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

type Numbered<T> = (usize, T);

/// Takes the playlist apart into lines that stay as they are and tags that do not.
fn read(text: &str) -> Result<(Vec<String>, Vec<Numbered<Tag>>), BadPlaylist> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..).zip(text.lines().map(str::trim_end));
    if lines.next().is_none_or(|(_, line)| line != "#EXTM3U") {
        return Err(BadPlaylist::NotHls);
    }
    let (mut others, mut tags) = (vec!["#EXTM3U".to_owned()], Vec::new());
    while let Some((number, line)) = lines.next() {
        if let Some(list) = line.strip_prefix(MEDIA) {
            tags.push((number, Tag::Rendition(attributes(number, "#EXT-X-MEDIA", list)?)));
        } else if let Some(list) = line.strip_prefix(I_FRAME) {
            let list = attributes(number, "#EXT-X-I-FRAME-STREAM-INF", list)?;
            tags.push((number, Tag::IFrames(list)));
        } else if let Some(list) = line.strip_prefix(STREAM_INF) {
            let list = attributes(number, "#EXT-X-STREAM-INF", list)?;
            let mut rest = lines.by_ref().skip_while(|(_, line)| line.is_empty());
            let address = rest.next().filter(|(_, line)| !line.starts_with('#'));
            let (number, address) = address.ok_or(BadPlaylist::NoAddress { line: number })?;
            tags.push((number, Tag::Variant(list, address.to_owned())));
        } else if !line.is_empty() && !line.starts_with(STEERING) {
            others.push(line.to_owned());
        }
    }
    if !tags.iter().any(|(_, tag)| matches!(tag, Tag::Variant(..))) {
        return Err(BadPlaylist::NoVariant);
    }
    Ok((others, tags))
}

fn attributes(line: usize, tag: &'static str, list: &str) -> Result<Attributes, BadPlaylist> {
    Attributes::parse(list).ok_or(BadPlaylist::Attributes { line, tag })
}

fn write_pathway(
    out: &mut String,
    tags: &[Numbered<Tag>],
    path: &str,
    pathway: &Pathway,
) -> Result<(), BadPlaylist> {
    let absolute = |line: usize, address: &str| {
        let bad = || BadPlaylist::Address { line, address: address.to_owned() };
        let base =
            Url::parse(&format!("https://{}{path}", pathway.authority)).map_err(|_| bad())?;
        let joined = base.join(address).map_err(|_| bad())?;
        Ok::<_, BadPlaylist>(joined.to_string())
    };
    // Renditions first: a variant names its groups.
    for (line, tag) in tags {
        let Tag::Rendition(list) = tag else { continue };
        let mut list = list.clone();
        if let Some(address) = list.quoted("URI") {
            let (stable, address) = (stable_id(address), absolute(*line, address)?);
            list.set_quoted("URI", &address);
            set_if_missing(&mut list, "STABLE-RENDITION-ID", &stable);
        }
        own_group(&mut list, "GROUP-ID", pathway);
        push(out, &format!("{MEDIA}{list}"));
    }
    for (line, tag) in tags {
        match tag {
            Tag::Rendition(_) => {}
            Tag::Variant(list, address) => {
                let list = variant(list, address, pathway);
                push(out, &format!("{STREAM_INF}{list}"));
                push(out, &absolute(*line, address)?);
            }
            Tag::IFrames(list) => {
                let address = list.quoted("URI").unwrap_or_default().to_owned();
                let mut list = variant(list, &address, pathway);
                list.set_quoted("URI", &absolute(*line, &address)?);
                push(out, &format!("{I_FRAME}{list}"));
            }
        }
    }
    Ok(())
}

fn variant(list: &Attributes, address: &str, pathway: &Pathway) -> Attributes {
    let mut list = list.clone();
    for group in GROUPS {
        own_group(&mut list, group, pathway);
    }
    list.remove("PATHWAY-ID");
    list.set_quoted("PATHWAY-ID", &pathway.id);
    set_if_missing(&mut list, "STABLE-VARIANT-ID", &stable_id(address));
    list
}

/// A rendition group belongs to one pathway, so each pathway has its own.
fn own_group(list: &mut Attributes, name: &str, pathway: &Pathway) {
    // `CLOSED-CAPTIONS=NONE` is not quoted and names no group.
    if let Some(group) = list.quoted(name) {
        let group = format!("{group}@{}", pathway.id);
        list.set_quoted(name, &group);
    }
}

fn set_if_missing(list: &mut Attributes, name: &str, value: &str) {
    if list.quoted(name).is_none() {
        list.set_quoted(name, value);
    }
}

/// The same for one variant on every pathway; from the characters that the draft allows.
fn stable_id(address: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+/=.-_".contains(c);
    address.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests;
