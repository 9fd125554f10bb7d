//! `fleet ca …`: the root's ceremony, in steps that a person can follow.
//!
//! What the root says is drawn up by the fleet (`draft`), signed where the root is kept (`root
//! sign`), which needs no network, and brought back (`install`). Where the root is at hand,
//! `init` and `change` do all three.

mod change;
mod difference;
mod root;
mod show;

use super::client::Client;
use super::output::Output;
use crate::api::{List, SshAuthorityItem, TrustItem};
use anyhow::Context;
use clap::Subcommand;
use contract::trust::{MAX_TRUST_BYTES, SignedTrust};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum CaCommand {
    /// Make a root, and have it name the keys of a new fleet.
    Init(change::Init),
    /// Whose word counts, and which boxes have heard so.
    Show,
    /// What the root has said is to change: drawn up, signed and installed in one.
    Change(change::Change),
    /// Draw up what the root is to say next, to be signed where it is kept.
    Draft(change::Draft),
    /// Bring the fleet what the root has signed.
    Install {
        /// What `fleet ca root sign` wrote.
        file: PathBuf,
    },
    /// Print who issues what boxes show to viewers, in PEM: for browsers and for `curl --cacert`.
    Certificate {
        /// Who issues what boxes show to one another and to the fleet, instead: for origins that are to
        /// know them, such as nginx's `ssl_client_certificate`.
        #[arg(long)]
        boxes: bool,
    },
    /// Print whose SSH certificates a box has to take for people: for sshd's TrustedUserCAKeys.
    People,
    /// The root itself. Speaks to no fleet.
    #[command(subcommand)]
    Root(root::RootCommand),
}

impl CaCommand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::Init(init) => init.run(client, output).await,
            Self::Show => show::show(client, output).await,
            Self::Change(change) => change.run(client, output).await,
            Self::Draft(draft) => draft.run(client, output).await,
            Self::Install { file } => {
                let item = install(client, &read(&file)?).await?;
                said(output, &item)
            }
            Self::Certificate { boxes: true } => {
                let said: List<SignedTrust> = client.get("/api/v1/trust/versions").await?;
                let last = said.items.last().context("the root has said nothing yet")?;
                let pem = last.read()?.authorities.boxes.concat();
                Ok(write!(std::io::stdout(), "{pem}")?)
            }
            Self::Certificate { boxes: false } => {
                let pem = client.get_text("/ca.pem").await?;
                Ok(write!(std::io::stdout(), "{pem}")?)
            }
            Self::People => {
                let authority: SshAuthorityItem = client.get("/api/v1/ssh/authority").await?;
                Ok(writeln!(std::io::stdout(), "{}", authority.public_key)?)
            }
            Self::Root(command) => command.run(output),
        }
    }
}

async fn install(client: &Client, signed: &SignedTrust) -> anyhow::Result<TrustItem> {
    client.post("/api/v1/trust", signed).await
}

fn said(output: &Output, item: &TrustItem) -> anyhow::Result<()> {
    output.write(item, |it| {
        format!("version {} counts now, in epoch {}: boxes hear of it next", it.version, it.epoch)
    })
}

/// What was drawn up or signed, from a file.
fn read(file: &Path) -> anyhow::Result<SignedTrust> {
    let shown = file.display();
    let length = std::fs::metadata(file).with_context(|| format!("cannot read {shown}"))?.len();
    anyhow::ensure!(length <= MAX_TRUST_BYTES as u64, "{shown} is no word of a root: too large");
    let text = std::fs::read(file).with_context(|| format!("cannot read {shown}"))?;
    serde_json::from_slice(&text).with_context(|| format!("{shown} is no word of a root"))
}

fn write(file: &Path, signed: &SignedTrust) -> anyhow::Result<()> {
    let text = serde_json::to_vec(signed)?;
    ca::write_new(file, &text, false).with_context(|| format!("cannot write {}", file.display()))
}
