//! Revisions, as commands name them and ask for them.

use crate::api::RevisionDetail;
use crate::cli::client::Client;
use crate::paths;
use anyhow::Context;

/// One revision of a device: its number, or `latest`.
pub(super) async fn get(
    client: &Client,
    device: &str,
    number: &str,
) -> anyhow::Result<RevisionDetail> {
    let (device, number) = (paths::segment(device), paths::segment(number));
    client.get(&format!("/api/v1/config/devices/{device}/revisions/{number}")).await
}

/// The text of that name; of one alone, no name is needed.
pub(super) fn text<'a>(revision: &'a RevisionDetail, path: &str) -> anyhow::Result<&'a str> {
    let found = revision.files.iter().find(|file| file.path == path);
    let found = found.with_context(|| {
        let all: Vec<&str> = revision.files.iter().map(|file| file.path.as_str()).collect();
        format!("this revision has no {path}, but {}", all.join(", "))
    });
    found.map(|file| file.text.as_str())
}
