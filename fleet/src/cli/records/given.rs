//! What a command is given: of which kind, what was typed, whom to ask, where to tell it.

use super::history::preview;
use crate::cli::client::Client;
use crate::cli::output::Output;
use crate::paths;
use anyhow::Context;
use clap::ArgMatches;
use http::Method;
use inventory::schema::Kind;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

/// The largest page.
const PAGE: u32 = 1000;

#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) kind: &'static Kind,
    pub(super) matches: &'a ArgMatches,
    pub(super) client: &'a Client,
    pub(super) output: &'a Output,
}

impl Given<'_> {
    /// What one is called, in a sentence.
    pub(super) fn words(&self) -> String {
        self.kind.name.replace('-', " ")
    }

    /// The path of one, where a command is about one.
    pub(super) fn path(&self) -> String {
        paths::of_one(self.kind, self.text("key").unwrap_or_default())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.matches.get_one::<String>(name).map(String::as_str)
    }

    /// One by its key.
    pub(super) async fn one(&self, key: &str) -> anyhow::Result<Value> {
        self.client.get(&paths::of_one(self.kind, key)).await
    }

    /// All that pass filters, page by page, at most so many.
    pub(super) async fn all(
        &self,
        pairs: &[(String, String)],
        most: u32,
    ) -> anyhow::Result<Vec<Value>> {
        all(self.client, self.kind, pairs, most).await
    }

    /// What it says beside its body.
    pub(super) fn beside(&self) -> Vec<(String, String)> {
        beside(self.text("message"), self.is_dry_run())
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.matches.get_flag("dry-run")
    }

    /// Changes something; gives the answer, null where there is none.
    pub(super) async fn change(
        &self,
        (method, path): (Method, String),
        body: &Value,
        version: Option<i64>,
    ) -> anyhow::Result<Value> {
        let path = with_query(path, &self.beside());
        self.client.change(method, &path, body, version).await
    }

    /// Tells what was changed, in words for people, or what would be.
    pub(super) fn tell(&self, made: &Value, words: &str) -> anyhow::Result<()> {
        match self.is_dry_run() {
            true => self.output.write(made, preview),
            false => self.output.records(self.kind, made, |_| words.to_owned()),
        }
    }
}

/// All of a kind that pass filters, page by page, at most so many.
pub(super) async fn all(
    client: &Client,
    kind: &Kind,
    pairs: &[(String, String)],
    most: u32,
) -> anyhow::Result<Vec<Value>> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let left = most.saturating_sub(u32::try_from(all.len())?);
        let mut asked = pairs.to_vec();
        asked.push(("limit".to_owned(), left.clamp(1, PAGE).to_string()));
        asked.extend(cursor.map(|cursor| ("cursor".to_owned(), cursor)));
        let path = with_query(paths::of_all(kind), &asked);
        let mut page: Value = client.get(&path).await?;
        let items = page["items"].as_array_mut().context("a list has items")?;
        all.append(items);
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() || all.len() >= most as usize {
            return Ok(all);
        }
    }
}

/// A path, with what is asked of it.
pub(in crate::cli) fn with_query(path: String, pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return path;
    }
    path + "?" + &Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What every change says beside its body.
pub(super) fn beside(message: Option<&str>, is_dry_run: bool) -> Vec<(String, String)> {
    let message = message.map(|it| ("message", it));
    let dry_run = is_dry_run.then_some(("dry_run", "true"));
    let all = message.into_iter().chain(dry_run);
    all.map(|(name, it)| (name.to_owned(), it.to_owned())).collect()
}

/// A record by its key and version, as a list of changes names it.
pub(super) fn named(record: &Value) -> Value {
    json!({"key": record["key"], "version": record["version"]})
}
