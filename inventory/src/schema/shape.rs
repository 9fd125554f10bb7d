//! What may stand in a field, and how it is read: from JSON, and from the text of a cell, a flag or a
//! filter. What is read is canonical: the same thing is written in one way, so that it can be compared.

use super::one;
use super::text::{MAX_LINE_CHARS, check_line, check_notes};
use contract::names::is_name;
use ipnet::IpNet;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// More on one thing say nothing any more.
pub const MOST_TAGS: usize = 100;

/// What is wrong: where in the field, and what.
pub type Wrong = Vec<(String, String)>;

/// What is wrong, in words.
#[must_use]
pub fn in_words(wrong: &Wrong) -> String {
    let one = |(at, what): &(String, String)| match at.as_str() {
        "" => what.clone(),
        at => format!("{at}: {what}"),
    };
    wrong.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Something of several parts in one field, kept as JSON.
#[derive(Debug)]
pub struct Document {
    /// What it is called where something else was expected.
    pub name: &'static str,
    /// Reads it into what it is canonically; what is wrong, where.
    pub read: fn(&Value) -> Result<Value, Wrong>,
}

/// What may stand in a field.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// One line of text.
    Line,
    /// One line of at most so many characters.
    Label(usize),
    /// Several lines.
    Notes,
    /// Lower-case letters, digits, `-` and `.`: what becomes a host name, a folder, a metric label.
    Name,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number, from one to another.
    Integer(i64, i64),
    /// A number, from one to another.
    Decimal(f64, f64),
    /// A number of halves, from one to another: rack units.
    Half(f64, f64),
    /// Yes or no.
    Flag,
    /// A point in time, RFC 3339.
    Time,
    /// A time zone, by its name in the IANA database.
    Zone,
    /// A network: no bits beside its prefix.
    Prefix,
    /// An address with the length of its network's prefix.
    Address,
    /// An address alone.
    Ip,
    /// The hardware address of an interface.
    Mac,
    /// The key of a record of this kind.
    Of(&'static str),
    /// Names of tags.
    Tags,
    /// Something of several parts.
    Document(&'static Document),
}

impl Shape {
    /// Reads what stands in JSON.
    ///
    /// # Errors
    /// What is wrong; the place is empty but in documents.
    pub fn read(&self, value: &Value) -> Result<Value, Wrong> {
        if let Self::Document(document) = self {
            return (document.read)(value);
        }
        if let Self::Tags = self {
            return tags(value);
        }
        self.read_one(value).map_err(|message| vec![(String::new(), message)])
    }

    /// Reads the text of a cell, a flag or a filter.
    ///
    /// # Errors
    /// As [`Shape::read`].
    pub fn parse(&self, text: &str) -> Result<Value, Wrong> {
        let at_root = |message: String| vec![(String::new(), message)];
        let value = match self {
            Self::Integer(..) | Self::Decimal(..) | Self::Half(..) => {
                number(text).map_err(at_root)?
            }
            Self::Flag => flag(text).map_err(at_root)?,
            Self::Document(_) => {
                serde_json::from_str(text).map_err(|err| at_root(format!("no JSON: {err}")))?
            }
            Self::Tags => {
                let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
                Value::from_iter(names)
            }
            _ => Value::from(text),
        };
        self.read(&value)
    }

    fn read_one(&self, value: &Value) -> Result<Value, String> {
        match (self, value) {
            (Self::Integer(least, most), value) => integer(value, *least, *most),
            (Self::Decimal(least, most), value) => decimal(value, *least, *most),
            (Self::Half(least, most), value) => {
                let is_half = value.as_f64().is_some_and(|it| (it * 2.0).fract() == 0.0);
                let number = decimal(value, *least, *most)?;
                is_half.then_some(number).ok_or_else(|| format!("expected {}", self.words()))
            }
            (Self::Flag, Value::Bool(_)) => Ok(value.clone()),
            (Self::Flag, _) => Err("expected true or false".to_owned()),
            (_, Value::String(text)) => self.read_text(text).map(Value::from),
            _ => Err(format!("expected {}", self.words())),
        }
    }

    fn read_text(&self, text: &str) -> Result<String, String> {
        let expected = || format!("expected {}, not {:?}", self.words(), short(text));
        match self {
            Self::Line => check_line(text, MAX_LINE_CHARS).map(|()| text.to_owned()),
            Self::Label(most) => check_line(text, *most).map(|()| text.to_owned()),
            Self::Notes => check_notes(text).map(|()| text.to_owned()),
            Self::Name => is_name(text).then(|| text.to_owned()).ok_or_else(expected),
            Self::Choice(words) => {
                words.contains(&text).then(|| text.to_owned()).ok_or_else(expected)
            }
            Self::Time => {
                let at: jiff::Timestamp = text.parse().map_err(|_| expected())?;
                let at = jiff::Timestamp::from_microsecond(at.as_microsecond());
                at.map(|at| at.to_string()).map_err(|_| expected())
            }
            Self::Zone => {
                let zone = jiff::tz::TimeZoneDatabase::bundled().get(text);
                zone.ok().and_then(|zone| zone.iana_name().map(str::to_owned)).ok_or_else(expected)
            }
            Self::Prefix => prefix(text, expected),
            Self::Address => text.parse::<IpNet>().map(|it| it.to_string()).map_err(|_| expected()),
            Self::Ip => text.parse::<IpAddr>().map(|it| it.to_string()).map_err(|_| expected()),
            Self::Mac => mac(text).ok_or_else(expected),
            Self::Of(_) => check_line(text, MAX_LINE_CHARS).map(|()| text.to_owned()),
            _ => Err(expected()),
        }
    }

    /// Of which kind those are that may be named there.
    #[must_use]
    pub fn names(&self) -> Option<&'static str> {
        match self {
            Self::Of(kind) => Some(kind),
            Self::Tags => Some("tag"),
            _ => None,
        }
    }

    /// What is expected, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Line => "one line of text".to_owned(),
            Self::Label(most) => format!("one line of at most {most} characters"),
            Self::Notes => "text".to_owned(),
            Self::Name => "1 to 63 of a-z, 0-9, '-' and '.', beginning and ending with a letter \
                           or digit"
                .to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Decimal(least, most) => format!("a number from {least} to {most}"),
            Self::Half(least, most) => format!("a number from {least} to {most}, or a half more"),
            Self::Flag => "true or false".to_owned(),
            Self::Time => "a time such as 2026-01-31T12:00:00Z".to_owned(),
            Self::Zone => "a time zone such as Europe/Berlin".to_owned(),
            Self::Prefix => "a network such as 192.0.2.0/24".to_owned(),
            Self::Address => "an address with its prefix length, such as 192.0.2.11/24".to_owned(),
            Self::Ip => "an address such as 192.0.2.11".to_owned(),
            Self::Mac => "a hardware address such as 02:00:5e:10:00:01".to_owned(),
            Self::Of(kind) => format!("the key of {}", one(kind)),
            Self::Tags => "a list of names of tags".to_owned(),
            Self::Document(document) => document.name.to_owned(),
        }
    }
}

/// Of what somebody has written, as much as tells him which.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

/// In order, each once; none are nothing.
fn tags(value: &Value) -> Result<Value, Wrong> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let list = value.as_array().filter(|list| list.len() <= MOST_TAGS);
    let list = list.ok_or_else(|| {
        vec![(String::new(), format!("expected at most {MOST_TAGS} names of tags"))]
    })?;
    let (mut names, mut wrong) = (BTreeSet::new(), Wrong::new());
    for (at, one) in list.iter().enumerate() {
        match Shape::Name.read_one(one) {
            Ok(name) => drop(names.insert(name.as_str().unwrap_or_default().to_owned())),
            Err(what) => wrong.push((format!("[{at}]"), what)),
        }
    }
    match (wrong.is_empty(), names.is_empty()) {
        (false, _) => Err(wrong),
        (true, true) => Ok(Value::Null),
        (true, false) => Ok(Value::from_iter(names)),
    }
}

fn integer(value: &Value, least: i64, most: i64) -> Result<Value, String> {
    let number = value.as_i64().filter(|it| (least..=most).contains(it));
    number.map(Value::from).ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

fn decimal(value: &Value, least: f64, most: f64) -> Result<Value, String> {
    let number = value.as_f64().filter(|it| (least..=most).contains(it));
    number.map(Value::from).ok_or_else(|| format!("expected a number from {least} to {most}"))
}

fn number(text: &str) -> Result<Value, String> {
    let value = serde_json::from_str::<Value>(text.trim()).ok().filter(Value::is_number);
    value.ok_or_else(|| format!("expected a number, not {:?}", short(text)))
}

fn flag(text: &str) -> Result<Value, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(Value::Bool(true)),
        "false" | "no" | "0" => Ok(Value::Bool(false)),
        _ => Err(format!("expected true or false, not {:?}", short(text))),
    }
}

fn prefix(text: &str, expected: impl Fn() -> String) -> Result<String, String> {
    let net: IpNet = text.parse().map_err(|_| expected())?;
    if net.trunc() == net {
        Ok(net.to_string())
    } else {
        Err(format!("{net} has host bits; did you mean {}?", net.trunc()))
    }
}

/// Six octets, as `02:00:5e:10:00:01`; dashes, and groups of four digits, are read as well.
fn mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|it| !":-.".contains(*it)).collect();
    let is_mac = digits.len() == 12 && digits.bytes().all(|it| it.is_ascii_hexdigit());
    let digits = is_mac.then(|| digits.to_ascii_lowercase())?;
    let octets: Vec<&str> = (0..6).map(|at| &digits[at * 2..at * 2 + 2]).collect();
    Some(octets.join(":"))
}

#[cfg(test)]
mod tests;
