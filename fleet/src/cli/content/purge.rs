//! `fleet content purge`

use super::super::client::Client;
use super::super::output::Output;
use super::super::quantity::bytes;
use super::super::wait::{Wait, until};
use super::purges::{progress, unconfirmed};
use crate::api::{ObjectVersion, PurgeItem, PurgeMade, PurgeRequest, PurgeTaken, PurgeWhat};
use clap::Args;
use contract::names::{GroupName, TagName, TitleName};
use std::time::Duration;

/// Have boxes serve no longer what they hold of something.
///
/// A purge is about copies, not about the catalogue: boxes take what they hold out of sight at
/// once, and fetch again what the catalogue still lists, verified as before. Until then they
/// answer 404 for it. To withdraw a title for good, remove it; that purges it as well.
///
/// Each box carries a purge out with its next report. One that cannot be reached, or does not
/// confirm, gets no viewers of this content group until it has; when it comes back it purges
/// before it serves.
///
/// Exits with 0 once the purge is recorded; with --wait, with 0 when every appliance has carried
/// it out in time, and with 1 when one has not.
#[derive(Debug, Args)]
pub(in super::super) struct Purge {
    /// The content group that it is in.
    group: GroupName,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    wait: Wait,
    /// Show what it would take, and purge nothing.
    #[arg(long, conflicts_with = "wait")]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// An object; with @VERSION only the version whose BLAKE3 begins so (8 digits or more). Can
    /// be given up to 100 times.
    #[arg(long = "object", value_name = "PATH[@VERSION]", value_parser = parse_object)]
    objects: Vec<ObjectVersion>,
    /// Every object of a title, also of one that was removed.
    #[arg(long, value_name = "TITLE")]
    title: Option<TitleName>,
    /// Every object whose path begins so; / is the whole group.
    #[arg(long, value_name = "PATH")]
    prefix: Option<String>,
    /// Every object with this tag.
    #[arg(long, value_name = "TAG")]
    tag: Option<TagName>,
}

/// `PATH` or `PATH@VERSION`. A path may hold an `@`: only hex digits behind one are a version.
fn parse_object(text: &str) -> Result<ObjectVersion, String> {
    let is_version = |it: &str| {
        (8..=64).contains(&it.len())
            && it.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let (path, version) = match text.rsplit_once('@') {
        Some((path, version)) if is_version(version) => (path, Some(version.to_owned())),
        _ => (text, None),
    };
    if !path.starts_with('/') {
        return Err("expected a path, such as /big-demo/seg-1.m4s".to_owned());
    }
    Ok(ObjectVersion { path: path.to_owned(), version })
}

impl What {
    fn into_list(self) -> Vec<PurgeWhat> {
        let objects = self.objects.into_iter().map(PurgeWhat::Object);
        objects
            .chain(self.title.map(PurgeWhat::Title))
            .chain(self.prefix.map(PurgeWhat::Prefix))
            .chain(self.tag.map(PurgeWhat::Tag))
            .collect()
    }
}

impl Purge {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let request = PurgeRequest { group: self.group, what: self.what.into_list() };
        if self.dry_run {
            let taken: PurgeTaken = client.post("/api/v1/purges/preview", &request).await?;
            return output.write(&taken, preview);
        }
        let made: PurgeMade = client.post("/api/v1/purges", &request).await?;
        let Some(patience) = self.wait.patience() else {
            let item = read(client, made.version).await?;
            return output.write(&item, |item| report(output, &made, item));
        };
        let item = wait(client, output, made.version, patience).await?;
        output.write(&item, |item| report(output, &made, item))?;
        let left = unconfirmed(&item);
        anyhow::ensure!(
            left.is_empty(),
            "{} of {} appliances have not carried it out: {}",
            left.len(),
            item.boxes.len(),
            left.join(", ")
        );
        Ok(())
    }
}

async fn read(client: &Client, version: u64) -> anyhow::Result<PurgeItem> {
    client.get(&format!("/api/v1/purges/{version}")).await
}

async fn wait(
    client: &Client,
    output: &Output,
    version: u64,
    patience: Duration,
) -> anyhow::Result<PurgeItem> {
    let words = |item: &PurgeItem| {
        format!("{} of {} done\n{}", item.done, item.boxes.len(), progress(output, item))
    };
    let is_done = |item: &PurgeItem| item.done == item.boxes.len();
    until(patience, async || read(client, version).await, is_done, words).await
}

fn taken(taken: &PurgeTaken) -> String {
    format!("{} objects of the catalogue, {}", taken.objects, bytes(taken.bytes))
}

fn preview(found: &PurgeTaken) -> String {
    let mut lines = vec![format!("would purge {}", taken(found))];
    lines.extend(found.sample.iter().map(|path| format!("  {path}")));
    if let Some(more) = found.objects.checked_sub(found.sample.len() as u64).filter(|it| *it > 0) {
        lines.push(format!("  and {more} more"));
    }
    lines.join("\n")
}

fn report(output: &Output, made: &PurgeMade, item: &PurgeItem) -> String {
    let number = match made.first_version == made.version {
        true => format!("purge {}", made.version),
        false => format!("purges {} to {}", made.first_version, made.version),
    };
    format!("{number}: {}\n\n{}", taken(&made.takes), progress(output, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hex_digits_behind_an_at_are_a_version() {
        let cases = [
            ("/a", "/a", None),
            ("/a@49372cd0", "/a", Some("49372cd0")),
            ("/a@2x.png", "/a@2x.png", None),
            ("/a@b@0123456789abcdef", "/a@b", Some("0123456789abcdef")),
            ("/a@1234567", "/a@1234567", None),
        ];
        for (text, path, version) in cases {
            let found = parse_object(text).expect(text);
            assert_eq!((found.path.as_str(), found.version.as_deref()), (path, version));
        }
        assert!(parse_object("a@49372cd0").is_err());
    }

    #[test]
    fn a_preview_says_how_much_more_there_is() {
        let sample = vec!["/a/1".to_owned(), "/a/2".to_owned()];
        let found = PurgeTaken { objects: 9, bytes: 1_500_000, sample };
        assert_eq!(
            preview(&found),
            "would purge 9 objects of the catalogue, 1.5 MB\n  /a/1\n  /a/2\n  and 7 more"
        );
        let found = PurgeTaken { objects: 0, bytes: 0, sample: vec![] };
        assert_eq!(preview(&found), "would purge 0 objects of the catalogue, 0 B");
    }
}
