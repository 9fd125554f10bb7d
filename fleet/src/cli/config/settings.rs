//! `fleet config settings`

use crate::cli::client::Client;
use std::io::Write;

/// As it is written, with what is said of each.
pub(super) async fn run(client: &Client) -> anyhow::Result<()> {
    let text = client.get_text("/api/v1/config/settings").await?;
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
