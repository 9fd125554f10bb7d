//! `fleet zone …`: names of boxes in the DNS.
//!
//! Read in this order: `list`, `export` (as a file), `push` (to a name server), `records` (as name servers
//! have them), `ours` (which of what stands there is the fleet's).

mod export;
mod list;
mod ours;
mod push;
mod records;

use super::client::Client;
use super::output::Output;
use super::records::with_query;
use crate::paths;
use clap::{Args, Subcommand};
use inventory::zones::Note;

#[derive(Debug, Subcommand)]
pub(super) enum ZoneCommand {
    /// The zones that host patterns and networks call for.
    List,
    /// Print a zone as a file: names of boxes, or what leads back from their addresses.
    Export(export::Export),
    /// Have a zone on a name server be as the inventory has it: a transfer, and signed updates (RFC 2136).
    ///
    /// Addresses under names of boxes are the fleet's, of those that there are and of those that there
    /// were; so is what leads back to these names, and where it is told, who may issue certificates for
    /// them. All else stays as it is.
    Push(push::Push),
}

/// Which zone, and what the inventory does not know of it.
#[derive(Debug, Args)]
struct Which {
    /// Its name, such as cdn.example or 2.0.192.in-addr.arpa: one of those that `list` names, or one above.
    zone: String,
    /// Who may issue certificates for boxes, such as letsencrypt.org. Can be given several times.
    #[arg(long = "caa", value_name = "ISSUER")]
    issuers: Vec<String>,
}

impl Which {
    /// Where the manager tells of it.
    fn path(&self, what: &str, mut asked: Vec<(String, String)>) -> String {
        asked.extend(self.issuers.iter().map(|it| ("caa".to_owned(), it.clone())));
        with_query(format!("/api/v1/zones/{}{what}", paths::segment(&self.zone)), &asked)
    }
}

impl ZoneCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::List => list::run(client, output).await,
            Self::Export(export) => export.run(client, output).await,
            Self::Push(push) => push.run(client, output).await,
        }
    }
}

fn warn(notes: &[Note], output: &Output) {
    for Note { name, what } in notes {
        output.warn(&format!("{name} {what}"));
    }
}
