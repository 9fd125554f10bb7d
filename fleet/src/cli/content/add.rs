//! `fleet content add`: from a folder of files to a title in the catalogue.

use super::super::Usage;
use super::super::client::Client;
use super::super::output::Output;
use super::super::quantity::bytes;
use super::bitrate;
use super::hash::{Hashed, hash_folder};
use crate::api::{ImportBatch, ImportCreated, ImportRequest, ImportResult, NewFile, PlaylistText};
use anyhow::Context;
use clap::Args;
use contract::names::{GroupName, TagName, TitleName};
use contract::tags::Tags;
use std::path::{Path, PathBuf};

/// A second's worth of a line of 16 Mb/s, and far from what the manager takes.
const BATCH_SLICES_BYTES: usize = 2 << 20;

const HLS_FILE: &str = "master.m3u8";
const DASH_FILE: &str = "manifest.mpd";

/// Add a title from a folder, or bring it up to date.
///
/// The folder is read here, not by the manager: every file in it is hashed, and its name, length,
/// digest and the hashes of its slices of 1 MiB are sent. The same files must lie at the content
/// group's origin, below the base path. master.m3u8 and manifest.mpd at the folder's top are what
/// playback begins with. Media playlists and the MPD say how fast each file is played; a box sends
/// it at a multiple of that. Files whose names begin with a dot are left out.
#[derive(Debug, Args)]
pub(in super::super) struct Add {
    /// Its content group.
    #[arg(long)]
    group: GroupName,
    /// The title.
    #[arg(long)]
    title: TitleName,
    /// Its name for people; the title without it.
    #[arg(long)]
    name: Option<String>,
    /// The folder with its files.
    #[arg(long, value_name = "FOLDER")]
    folder: PathBuf,
    /// What the paths of its objects begin with; /TITLE without it.
    #[arg(long, value_name = "PATH")]
    base_path: Option<String>,
    /// A tag that all of its objects can be purged by. Can be given up to 16 times; an update
    /// without it takes tags away.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<TagName>,
}

impl Add {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let base_path = self.base_path.clone().unwrap_or_else(|| format!("/{}", self.title));
        let playlist = |file| playlist(&self.folder, &base_path, file);
        let request = ImportRequest {
            group: self.group.clone(),
            title: self.title.clone(),
            name: self.name.clone().unwrap_or_else(|| self.title.to_string()),
            base_path: base_path.clone(),
            hls: playlist(HLS_FILE)?,
            dash: playlist(DASH_FILE)?,
            tags: Tags::new(self.tags.clone()).map_err(|err| Usage(format!("--tag: {err}")))?,
        };
        if request.hls.is_none() && request.dash.is_none() {
            let folder = self.folder.display();
            let message = format!("{folder} holds neither {HLS_FILE} nor {DASH_FILE}");
            return Err(Usage(message).into());
        }
        // Asked before the hashing, which may take an hour, and not after it.
        let import: ImportCreated = client.post("/api/v1/imports", &request).await?;
        let mut hashed = hash_folder(&self.folder, &base_path)?;
        for warning in bitrate::learn(&mut hashed, &format!("{base_path}/{DASH_FILE}")) {
            output.warn(&warning);
        }
        let result = send(client, &import, &hashed).await?;
        output.write(&result, |result| self.summary(&hashed, result))
    }

    fn summary(&self, hashed: &[Hashed], result: &ImportResult) -> String {
        let total = hashed.iter().map(|file| file.size_bytes).sum();
        format!(
            "{}/{}: {} objects, {}: {} added, {} replaced, {} removed, {} unchanged (revision {})",
            self.group,
            self.title,
            hashed.len(),
            bytes(total),
            result.added,
            result.replaced,
            result.removed,
            result.unchanged,
            result.revision
        )
    }
}

async fn send(
    client: &Client,
    import: &ImportCreated,
    hashed: &[Hashed],
) -> anyhow::Result<ImportResult> {
    let path = format!("/api/v1/imports/{}", import.id);
    for batch in batches(hashed, import.max_batch.max(1)) {
        let objects = batch.iter().map(Hashed::to_object).collect::<Vec<NewFile>>();
        client.send(&format!("{path}/objects"), &ImportBatch { objects }).await?;
    }
    client.post(&format!("{path}/commit"), &serde_json::json!({})).await
}

/// In batches of so many files, and of so many slices that their hashes fit.
fn batches(hashed: &[Hashed], max_files: usize) -> Vec<&[Hashed]> {
    let mut batches = Vec::new();
    let mut rest = hashed;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |file: &&Hashed| {
            bytes += file.slices_bytes();
            bytes <= BATCH_SLICES_BYTES
        };
        // One file goes, whatever it has.
        let count = rest.iter().take(max_files).take_while(fits).count().max(1);
        let (batch, later) = rest.split_at(count);
        batches.push(batch);
        rest = later;
    }
    batches
}

fn playlist(folder: &Path, base_path: &str, file: &str) -> anyhow::Result<Option<PlaylistText>> {
    let place = folder.join(file);
    match std::fs::read_to_string(&place) {
        Ok(text) => Ok(Some(PlaylistText { path: format!("{base_path}/{file}"), text })),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound && folder.is_dir() => Ok(None),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            Err(Usage(format!("{}: no such folder", folder.display())).into())
        }
        Err(err) => Err(err).with_context(|| format!("cannot read {}", place.display())),
    }
}
