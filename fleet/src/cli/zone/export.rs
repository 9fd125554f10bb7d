//! `fleet zone export`.

use super::{Which, warn};
use crate::cli::client::Client;
use crate::cli::output::Output;
use clap::Args;
use inventory::zones::Zone;
use std::io::Write;

#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    which: Which,
    /// Who answers for the zone; the first is where it is changed. Where its name stands in the zone itself,
    /// with its addresses: ns1.cdn.example=192.0.2.53. Can be given several times.
    #[arg(long = "name-server", value_name = "NAME[=ADDRESS,…]", required = true)]
    name_servers: Vec<String>,
    /// Whom one writes to; hostmaster@ZONE without it.
    #[arg(long, value_name = "ADDRESS")]
    hostmaster: Option<String>,
    /// How long an answer is believed.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    ttl_s: u32,
}

impl Export {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let mut asked = vec![("ttl_s".to_owned(), self.ttl_s.to_string())];
        asked.extend(self.name_servers.into_iter().map(|it| ("name_server".to_owned(), it)));
        asked.extend(self.hostmaster.map(|it| ("hostmaster".to_owned(), it)));
        let file = client.get_text(&self.which.path("/file", asked)).await?;
        std::io::stdout().write_all(file.as_bytes())?;
        let zone: Zone = client.get(&self.which.path("", Vec::new())).await?;
        warn(&zone.notes, output);
        Ok(())
    }
}
