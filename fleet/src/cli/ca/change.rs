//! `fleet ca init`, `change` and `draft`: what the root is to say next.

use super::super::client::Client;
use super::super::output::Output;
use super::difference::difference;
use super::{install, said, write};
use crate::api::{DraftRequest, List, TrustItem};
use crate::cli::Usage;
use anyhow::{Context, ensure};
use ca::{RootFolder, check_wished};
use clap::Args;
use contract::trust::{
    Distrust, Followed, MAX_ROOT_KEYS, Root, RootKey, SignedTrust, Trust, follow,
};
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    /// Where the root is to be kept: a medium that leaves this machine afterwards.
    #[arg(long, value_name = "FOLDER")]
    root: PathBuf,
    /// How many keys it has.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    keys: u8,
    /// How many of them have to sign.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    threshold: u8,
}

/// What is to be another.
#[derive(Debug, Args)]
pub(in crate::cli) struct Wishes {
    /// Make a new key: config, control, boxes or players. The old one counts beside it. Can be
    /// given several times.
    #[arg(long, value_name = "ROLE")]
    rotate: Vec<String>,
    /// A document key that signs nothing new from then on. Can be given several times.
    #[arg(long, value_name = "KEY")]
    retire: Vec<String>,
    /// A key or authority whose word counts no more. Can be given several times.
    #[arg(long, value_name = "KEY")]
    drop: Vec<String>,
    /// Begin an epoch: this fleet was restored from a backup, and boxes have seen later numbers
    /// than it remembers.
    #[arg(long)]
    new_epoch: bool,
    /// How long the root's word is to count.
    #[arg(long, value_name = "DAYS")]
    life_days: Option<i64>,
    /// The public half of a key of the new root, which replaces the one that there is. Can be
    /// given several times.
    #[arg(long = "root-key", value_name = "FILE")]
    root_keys: Vec<PathBuf>,
    /// How many of them have to sign.
    #[arg(long, value_name = "COUNT", requires = "root_keys")]
    threshold: Option<u8>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Change {
    /// Where the root is kept.
    #[arg(long, value_name = "FOLDER")]
    root: PathBuf,
    #[command(flatten)]
    wishes: Wishes,
    /// Sign without asking, once more, whether that is meant.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Draft {
    /// Where to write it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    wishes: Wishes,
}

impl Init {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let before = versions(client).await?;
        if let Some(last) = before.last() {
            let message = format!(
                "the root has spoken already, version {}: `fleet ca change` has it say more",
                last.read()?.version
            );
            return Err(Usage(message).into());
        }
        if self.keys == 0 || usize::from(self.keys) > MAX_ROOT_KEYS || self.threshold > self.keys {
            let message = format!("expected 1 to {MAX_ROOT_KEYS} keys, and no more to sign");
            return Err(Usage(message).into());
        }
        // A fleet that has lost its database, or an `init` that was cut off.
        let root = match RootFolder::open(&self.root) {
            Ok(root) => root,
            Err(_) => RootFolder::create(&self.root, self.keys)?,
        };
        let found = root.public().len();
        if found != usize::from(self.keys) {
            let folder = self.root.display();
            let message = format!("{folder} holds {found} keys of a root, not {}", self.keys);
            return Err(Usage(message).into());
        }
        if root.signed()?.is_empty() {
            let keys = Root { threshold: self.threshold, keys: root.public() };
            let request = DraftRequest { root: Some(keys), ..DraftRequest::default() };
            let item = sign_and_install(client, output, &root, (&request, true)).await?;
            return said(output, &item);
        }
        let told = tell_again(client, output, &root).await?;
        said(output, &told.context("nothing was left to tell")?)
    }
}

impl Change {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let root = RootFolder::open(&self.root)?;
        tell_again(client, output, &root).await?;
        let request = (&self.wishes.request()?, self.yes);
        let item = sign_and_install(client, output, &root, request).await?;
        said(output, &item)
    }
}

impl Draft {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let request = self.wishes.request()?;
        let draft: SignedTrust = client.post("/api/v1/trust/draft", &request).await?;
        write(&self.out, &draft)?;
        output
            .done(&format!("sign it where the root is: fleet ca root sign {}", self.out.display()))
    }
}

impl Wishes {
    fn request(self) -> anyhow::Result<DraftRequest> {
        let keys: Result<Vec<RootKey>, _> =
            self.root_keys.iter().map(|file| public(file)).collect();
        let keys = keys?;
        let root =
            (!keys.is_empty()).then(|| Root { threshold: self.threshold.unwrap_or(1), keys });
        Ok(DraftRequest {
            root,
            rotate: self.rotate,
            retire: self.retire,
            drop: self.drop,
            new_epoch: self.new_epoch,
            life_days: self.life_days,
        })
    }
}

fn public(file: &Path) -> anyhow::Result<RootKey> {
    let shown = file.display();
    let text = std::fs::read(file).with_context(|| format!("cannot read {shown}"))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{shown} is not the public half of a root's key"))
}

async fn versions(client: &Client) -> anyhow::Result<Vec<SignedTrust>> {
    let all: List<SignedTrust> = client.get("/api/v1/trust/versions").await?;
    Ok(all.items)
}

/// What the root said last, as far as its own folder tells: what the fleet tells is believed only
/// if it follows that.
fn believed(root: &RootFolder, told: &[SignedTrust]) -> anyhow::Result<Option<Trust>> {
    let own = root.signed()?;
    // A medium of a root that took over from another has signed none of the first.
    let Some(first) = own.iter().find_map(|it| it.open_first().ok()) else {
        // Whoever tells could tell of a root of his own.
        ensure!(
            told.is_empty(),
            "nothing on this medium says what the root said before: copy trust-*.json of \
             another medium of this root to it"
        );
        return Ok(None);
    };
    let chain = in_order(own.iter().chain(told).cloned().collect())?;
    let Followed { last, then } = follow(&first, &chain);
    let known = last.map_or(first, |(trust, _)| trust);
    match then {
        // Half signed, by whoever keeps another key: as good as not said.
        None | Some(Distrust::TooFew { .. }) => Ok(Some(known)),
        Some(why) => Err(why).context("the fleet tells otherwise than this root has said"),
    }
}

fn in_order(chain: Vec<SignedTrust>) -> anyhow::Result<Vec<SignedTrust>> {
    let numbered: Result<Vec<_>, _> =
        chain.into_iter().map(|signed| Ok((signed.read()?.version, signed))).collect();
    let mut numbered = numbered.map_err(|err: Distrust| anyhow::anyhow!(err))?;
    numbered.sort_by_key(|(version, _)| *version);
    Ok(numbered.into_iter().map(|(_, signed)| signed).collect())
}

/// A fleet that was restored from a backup has not heard what the root said since.
async fn tell_again(
    client: &Client,
    output: &Output,
    root: &RootFolder,
) -> anyhow::Result<Option<TrustItem>> {
    let mut known = versions(client).await?.last().map(SignedTrust::read).transpose()?;
    let mut told = None;
    for signed in root.signed()? {
        let version = signed.read()?.version;
        let opened = match &known {
            Some(known) if version <= known.version => continue,
            Some(known) => signed.open_after(known),
            None => signed.open_first(),
        };
        // Half signed: whoever keeps the other half has it.
        let Ok(trust) = opened else { continue };
        told = Some(install(client, &signed).await?);
        known = Some(trust);
        output.done(&format!("version {version} was signed before and not known here: told"))?;
    }
    Ok(told)
}

async fn sign_and_install(
    client: &Client,
    output: &Output,
    root: &RootFolder,
    (request, is_meant): (&DraftRequest, bool),
) -> anyhow::Result<TrustItem> {
    let before = believed(root, &versions(client).await?)?;
    let draft: SignedTrust = client.post("/api/v1/trust/draft", request).await?;
    let next = draft.read()?;
    let change = request.change(before.as_ref()).map_err(Usage)?;
    check_wished(before.as_ref(), &change, &next, SystemTime::now().into())?;
    output.done(&difference(before.as_ref(), &next))?;
    if !is_meant {
        confirm()?;
    }
    let signed = root.sign(draft, before.as_ref())?;
    install(client, &signed).await
}

/// A person is asked whether that is meant; a script has been.
pub(super) fn confirm() -> anyhow::Result<()> {
    let (mut asked, answers) = (std::io::stderr(), std::io::stdin());
    if !asked.is_terminal() || !answers.is_terminal() {
        return Ok(());
    }
    write!(asked, "sign this? [y/N] ")?;
    asked.flush()?;
    let mut answer = String::new();
    answers.lock().take(16).read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Usage("nothing was signed".to_owned()).into()),
    }
}
