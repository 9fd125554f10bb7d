//! `fleet config check`

use crate::api::{FindingItem, List};
use crate::cli::client::Client;
use crate::cli::output::{Output, text};
use anyhow::bail;

/// What is wrong over the whole fleet; that something is ends it with an error.
pub(super) async fn run(client: &Client, output: &Output) -> anyhow::Result<()> {
    let all: List<FindingItem> = client.get("/api/v1/config/findings").await?;
    output.write(&all, |all| table(output, &all.items))?;
    match all.items.len() {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        wrong => bail!("{wrong} things are wrong"),
    }
}

fn table(output: &Output, items: &[FindingItem]) -> String {
    let mut table = output.columns(&["device", "rule", "wrong"]);
    for item in items {
        table.row([text(&item.device), text(&item.rule), text(&item.message)]);
    }
    table.render()
}
