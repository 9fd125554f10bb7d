//! The table of requests: what is asked, what must come, and how nginx differs.
//!
//! `expect` is what RFC 9110 makes of the request: both servers are held to it. `policy`
//! is what this box adds by its configuration (CORS, Cache-Status, how long things are
//! kept), which nginx is not configured to imitate. A difference of nginx is listed with
//! its reason; one that is not listed fails, and so does one that no longer shows.
//!
//! In targets and fields `$ETAG` stands for the object's own entity tag, and `$A900` for
//! 900 letters.

use super::curl::Reply;
use super::shelf;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// HTTP/1.0.
    #[serde(rename = "http/1.0")]
    Http10,
    /// HTTP/1.1.
    #[serde(rename = "http/1.1")]
    Http11,
    /// HTTP/2.
    #[serde(rename = "h2")]
    Http2,
}

/// One request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it shows; unique.
    pub name: String,
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// The first label of the host.
    #[serde(default = "open")]
    pub host: String,
    /// The request target, octet by octet.
    pub target: String,
    /// Fields.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Over these only; HTTP/1.1 and HTTP/2 otherwise.
    #[serde(default = "usual_versions")]
    pub over: Vec<Version>,
    /// What both servers must answer.
    pub expect: Expect,
    /// What this box adds.
    #[serde(default)]
    pub policy: Policy,
    /// Where HTTP/2 itself leads elsewhere, on both servers.
    pub over_h2: Option<Difference>,
    /// Where nginx answers otherwise.
    #[serde(default)]
    pub nginx: Vec<Difference>,
}

fn get() -> String {
    "GET".to_owned()
}

fn open() -> String {
    "open".to_owned()
}

fn usual_versions() -> Vec<Version> {
    vec![Version::Http11, Version::Http2]
}

/// What must come.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status; 0 for a stream that is reset or a connection that is closed.
    pub status: u16,
    /// `empty`, `GROUP PATH`, or `GROUP PATH FROM..TO`; words of an error otherwise.
    pub body: Option<String>,
    /// Fields that must stand there.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Fields that must not.
    #[serde(default)]
    pub absent: Vec<String>,
}

/// What this box adds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Fields that must stand there.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Fields that must not.
    #[serde(default)]
    pub absent: Vec<String>,
}

/// Where an answer differs from what the row expects.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Over this only.
    pub over: Option<Version>,
    /// The status in place of the expected one.
    pub status: Option<u16>,
    /// The body in place of the expected one; `any` for what is not compared.
    pub body: Option<String>,
    /// Fields in place of, or beside, the expected ones.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Fields that do not come.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Why.
    pub why: String,
}

/// Reads all tables of a folder.
///
/// # Errors
/// When one cannot be read, or a name stands twice.
pub fn load(folder: &Path) -> Result<Vec<Row>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut rows: Vec<Row> = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "yaml")) {
        let text = std::fs::read_to_string(file)?;
        let table: Vec<Row> =
            serde_yaml::from_str(&text).with_context(|| format!("in {}", file.display()))?;
        for mut row in table {
            row.target = with_letters(&row.target)?;
            row.fields =
                row.fields.iter().map(|field| with_letters(field)).collect::<Result<_>>()?;
            anyhow::ensure!(rows.iter().all(|known| known.name != row.name), "twice: {}", row.name);
            rows.push(row);
        }
    }
    Ok(rows)
}

fn with_letters(text: &str) -> Result<String> {
    match text.split_once("$A").filter(|(_, count)| count.starts_with(|c: char| c.is_ascii_digit()))
    {
        Some((before, count)) => Ok(before.to_owned() + &"a".repeat(count.parse()?)),
        None => Ok(text.to_owned()),
    }
}

impl Row {
    /// A plain GET of the open group, for tests beside the table.
    #[must_use]
    pub fn get(target: &str) -> Self {
        Self {
            name: target.to_owned(),
            method: get(),
            host: open(),
            target: target.to_owned(),
            fields: Vec::new(),
            over: usual_versions(),
            expect: Expect { status: 200, body: None, fields: BTreeMap::new(), absent: Vec::new() },
            policy: Policy::default(),
            over_h2: None,
            nginx: Vec::new(),
        }
    }

    /// What this box must answer over `version`.
    #[must_use]
    pub fn expected(&self, version: Version) -> Expect {
        let mut expect = self.expect.clone();
        expect.fields.extend(self.policy.fields.clone());
        expect.absent.extend(self.policy.absent.clone());
        self.in_h2(version, expect)
    }

    /// What RFC 9110 alone makes of it.
    #[must_use]
    pub fn expected_of_anyone(&self, version: Version) -> Expect {
        self.in_h2(version, self.expect.clone())
    }

    fn in_h2(&self, version: Version, expect: Expect) -> Expect {
        match &self.over_h2 {
            Some(difference) if version == Version::Http2 => expect.but(difference),
            _ => expect,
        }
    }

    /// The listed difference of nginx over `version`.
    #[must_use]
    pub fn difference(&self, version: Version) -> Option<&Difference> {
        self.nginx.iter().find(|each| each.over.is_none_or(|over| over == version))
    }
}

impl Expect {
    /// The same with a difference applied.
    #[must_use]
    pub fn but(mut self, difference: &Difference) -> Self {
        self.status = difference.status.unwrap_or(self.status);
        match difference.body.as_deref() {
            None => {}
            Some("any") => self.body = None,
            Some(body) => self.body = Some(body.to_owned()),
        }
        for name in &difference.absent {
            self.fields.retain(|known, _| !known.eq_ignore_ascii_case(name));
        }
        self.fields.extend(difference.fields.clone());
        self.absent.retain(|name| !difference.fields.contains_key(name));
        self.absent.extend(difference.absent.clone());
        self
    }

    /// What is wrong with an answer; nothing, if it is as expected.
    ///
    /// # Errors
    /// When the row itself cannot be understood.
    pub fn wrong_in(&self, reply: &Reply, etag: &str) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        if reply.status != self.status {
            wrong.push(format!("status {}, not {}", reply.status, self.status));
        }
        for (name, value) in &self.fields {
            let value = value.replace("$ETAG", etag);
            match reply.field(name) {
                Some(found) if found == value => {}
                found => wrong.push(format!("{name}: {found:?}, not {value:?}")),
            }
        }
        for name in &self.absent {
            if let Some(found) = reply.field(name) {
                wrong.push(format!("{name}: {found:?} where none should be"));
            }
        }
        if let Some(body) = &self.body
            && reply.body != body_of(body)?
        {
            wrong.push(format!("a body of {} bytes that is not {body:?}", reply.body.len()));
        }
        Ok(wrong)
    }
}

fn body_of(text: &str) -> Result<Vec<u8>> {
    if text == "empty" {
        return Ok(Vec::new());
    }
    let words: Vec<&str> = text.split(' ').collect();
    let [group, path, range @ ..] = words.as_slice() else { anyhow::bail!("{text:?} is no body") };
    let known = shelf::OBJECTS.iter().find(|(g, p, _)| g == group && p == path);
    let (group, path, length) = known.with_context(|| format!("{text:?} is not on the shelf"))?;
    let bytes = shelf::content(group, path, *length);
    match range {
        [] => Ok(bytes),
        [range] => {
            let (from, to) = range.split_once("..").context("a range is FROM..TO")?;
            let part = bytes.get(from.parse()?..to.parse()?);
            Ok(part.context("the range leaves the object")?.to_vec())
        }
        _ => anyhow::bail!("{text:?} is no body"),
    }
}
