//! Lines that a pattern is in, over all devices.
//!
//! Texts are gone through, not devices: one that many devices share is matched once. Of what is found the first
//! lines are held, and of the texts as many as come to some megabytes.

use super::{Pattern, RevisionError, Store};
use db::{Error, Tx, values};
use sqlx::{AssertSqlSafe, Row};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What a person looks through, and a hundred times that.
pub const MAX_HITS: usize = 10_000;

/// A line of a configuration, and what a certificate in one line begins with.
pub const MAX_HIT_CHARS: usize = 500;

/// So many texts, or so many bytes of them, are read at once.
const TEXTS: usize = 100;
const BYTES: i64 = 4 << 20;

/// So many digests of texts are asked for at once.
const PAGE: i64 = 50_000;

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What devices run.
    Latest,
    /// All that is kept.
    All,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// By device, the newest revision first, by path and line.
    pub hits: Vec<Hit>,
    /// There is more than was asked for.
    pub is_more: bool,
}

/// A line that the pattern is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// At which device.
    pub device: String,
    /// In which of its revisions.
    pub number: i64,
    /// In which file.
    pub path: String,
    /// At which line, from 1.
    pub line: usize,
    /// That line, as far as [`MAX_HIT_CHARS`].
    pub text: String,
}

/// A text, by its digest, and its length.
struct Text {
    digest: String,
    bytes: i64,
}

/// What is found, in its order, and no more of it than is asked for.
struct First {
    most: usize,
    hits: BTreeMap<(String, Reverse<i64>, String, usize), String>,
    is_more: bool,
}

impl Store {
    /// The first `limit` lines (and at most [`MAX_HITS`]) that a pattern is in, as of one moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(
        &self,
        pattern: &Pattern,
        which: Which,
        limit: usize,
    ) -> Result<Found, RevisionError> {
        let mut tx = self.0.snapshot().await?;
        let mut first = First::new(limit.min(MAX_HITS));
        let mut last = String::new();
        loop {
            let page = page(&mut tx, which, &last).await?;
            for some in parts(&page) {
                let these = values(some.len(), 1, self.0.engine());
                for (digest, text) in texts(&mut tx, some, these).await? {
                    let lines = first.lines(pattern, &text);
                    if !lines.is_empty() {
                        first.add(&mut tx, which, &digest, &lines).await?;
                    }
                }
            }
            match page.last() {
                Some(text) => last.clone_from(&text.digest),
                None => return Ok(first.found()),
            }
        }
    }
}

/// The next texts, by digest.
async fn page(tx: &mut Tx, which: Which, beyond: &str) -> Result<Vec<Text>, Error> {
    let text = match which {
        Which::All => {
            "SELECT digest, bytes FROM config_texts WHERE digest > $1 ORDER BY digest LIMIT $2"
        }
        Which::Latest => {
            "SELECT DISTINCT t.digest, t.bytes FROM config_backups b
             JOIN config_revisions r ON r.device = b.device AND r.number = b.latest
             JOIN config_revision_files f ON f.revision = r.id
             JOIN config_texts t ON t.digest = f.digest
             WHERE t.digest > $1 ORDER BY t.digest LIMIT $2"
        }
    };
    let rows = sqlx::query(text).bind(beyond).bind(PAGE).fetch_all(&mut **tx).await?;
    let text =
        |row: &sqlx::any::AnyRow| Ok(Text { digest: row.try_get(0)?, bytes: row.try_get(1)? });
    rows.iter().map(text).collect()
}

/// Parts that fit into memory; one that does not by itself is a part of its own.
fn parts(page: &[Text]) -> Vec<&[Text]> {
    let (mut parts, mut from, mut bytes) = (Vec::new(), 0, 0_i64);
    for (at, text) in page.iter().enumerate() {
        if at > from && (at - from == TEXTS || bytes + text.bytes > BYTES) {
            parts.push(&page[from..at]);
            (from, bytes) = (at, 0);
        }
        bytes += text.bytes;
    }
    if from < page.len() {
        parts.push(&page[from..]);
    }
    parts
}

async fn texts(tx: &mut Tx, some: &[Text], these: String) -> Result<Vec<(String, String)>, Error> {
    let text = format!("SELECT digest, text FROM config_texts WHERE digest IN (VALUES {these})");
    let mut query = sqlx::query(AssertSqlSafe(text));
    for each in some {
        query = query.bind(&*each.digest);
    }
    let rows = query.fetch_all(&mut **tx).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

impl First {
    fn new(most: usize) -> Self {
        Self { most, hits: BTreeMap::new(), is_more: false }
    }

    /// Of one text no more can be among the first than all of them, and the one that says that there is more.
    fn lines(&self, pattern: &Pattern, text: &str) -> Vec<(usize, String)> {
        let lines = (1..).zip(text.lines()).filter(|(_, line)| pattern.is_in(line));
        let cut = |line: &str| line.chars().take(MAX_HIT_CHARS).collect();
        lines.take(self.most + 1).map(|(number, line)| (number, cut(line))).collect()
    }

    /// Adds lines of a text wherever it stands.
    async fn add(
        &mut self,
        tx: &mut Tx,
        which: Which,
        digest: &str,
        lines: &[(usize, String)],
    ) -> Result<(), Error> {
        let latest = match which {
            Which::All => "",
            Which::Latest => "JOIN config_backups b ON b.device = r.device AND b.latest = r.number",
        };
        let text = format!(
            "SELECT r.device, r.number, f.path FROM config_revision_files f
             JOIN config_revisions r ON r.id = f.revision {latest}
             WHERE f.digest = $1 ORDER BY r.device, r.number DESC, f.path LIMIT $2"
        );
        let most = i64::try_from(self.most + 1).unwrap_or(i64::MAX);
        let query = sqlx::query(AssertSqlSafe(text)).bind(digest).bind(most);
        for row in query.fetch_all(&mut **tx).await? {
            let (device, number, path): (String, i64, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            for (line, text) in lines {
                let at = (device.clone(), Reverse(number), path.clone(), *line);
                if !self.put(at, text) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Whether it is among the first, as far as is known.
    fn put(&mut self, at: (String, Reverse<i64>, String, usize), text: &str) -> bool {
        let is_full = self.hits.len() == self.most;
        if is_full && self.hits.last_key_value().is_none_or(|(last, _)| *last < at) {
            self.is_more = true;
            return false;
        }
        self.hits.insert(at, text.to_owned());
        if self.hits.len() > self.most {
            self.hits.pop_last();
            self.is_more = true;
        }
        true
    }

    fn found(self) -> Found {
        let hit = |((device, Reverse(number), path, line), text)| Hit {
            device,
            number,
            path,
            line,
            text,
        };
        Found { hits: self.hits.into_iter().map(hit).collect(), is_more: self.is_more }
    }
}
