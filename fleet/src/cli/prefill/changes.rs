//! `fleet prefill diff`.

use crate::api::{BoxChange, List};
use crate::cli::client::Client;
use crate::cli::output::{Output, number, text};
use crate::cli::quantity::bytes;
use clap::Args;

/// What boxes are to hold in one placement otherwise than in another one.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The version before.
    from: u64,
    /// The version after.
    to: u64,
}

impl Diff {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let path = format!("/api/v1/prefill/changes?from={}&to={}", self.from, self.to);
        let changes: List<BoxChange> = client.get(&path).await?;
        output.write(&changes, |all| table(output, &all.items))
    }
}

fn table(output: &Output, changes: &[BoxChange]) -> String {
    let mut table = output.columns(&["box", "new", "takes", "titles", "gone", "took", "titles"]);
    for change in changes {
        table.row([
            text(&change.device),
            number(&change.added.len()),
            number(&bytes(change.added_bytes)),
            text(&some(&change.added)),
            number(&change.removed.len()),
            number(&bytes(change.removed_bytes)),
            text(&some(&change.removed)),
        ]);
    }
    table.render()
}

/// The first few; all of them are in JSON.
fn some(titles: &[String]) -> String {
    let first = titles.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match titles.len() {
        0 => "-".to_owned(),
        1..=3 => first,
        _ => format!("{first}, …"),
    }
}
