//! `appliance join`: a bare machine becomes a box of a fleet.
//!
//! It makes its keys, and shows a token that an operator has carried to it. It believes nobody
//! but whom the root names that the token names. Cut off in the middle, it goes on with the same
//! key: the configuration comes last.

use crate::credential::NewKey;
use crate::identity::{Anchors, Anybody};
use crate::keep;
use crate::keys::{Keeping, Keys, TpmWanted, settle};
use crate::link::Link;
use anyhow::{Context, Result, bail, ensure};
use contract::certificates::Purpose;
use contract::exchange::FLEET_IDENTITY_NAME;
use contract::join::{
    JOIN_PATH, JoinRequest, JoinToken, Joined, MAX_JOINED_BYTES, TRUST_PATH, files,
};
use contract::names::DeviceName;
use contract::ssh_host_keys::{MAX_SSH_HOST_KEYS_BYTES, SshHostKeys};
use contract::time::TimeUs;
use contract::trust::{MAX_TRUST_BYTES, SignedTrust, Trust};
use hyper::Method;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The key of a machine that has not joined yet.
const PENDING: &str = "joining.key";

/// What an operator asks for.
pub(crate) struct Wanted {
    pub(crate) token: JoinToken,
    /// Where the files are to lie.
    pub(crate) folder: PathBuf,
    pub(crate) serial: String,
    /// Where the keys of its SSH server lie.
    pub(crate) ssh_folder: PathBuf,
    /// Whether this machine may be a box already.
    pub(crate) replace: bool,
    /// Whether its keys are to be sealed.
    pub(crate) tpm: TpmWanted,
}

/// Joins; gives which box this machine is now.
pub(crate) fn join(wanted: &Wanted) -> Result<DeviceName> {
    let folder = std::path::absolute(&wanted.folder)?;
    let config = folder.join(files::CONFIG);
    if config.exists() && !wanted.replace {
        bail!("{} is there: this machine is a box already (--replace)", config.display());
    }
    let shown = folder.display();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot make {shown}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(join_at(wanted, &folder))
}

async fn join_at(wanted: &Wanted, folder: &Path) -> Result<DeviceName> {
    let (signed, trust) = root(&wanted.token).await?;
    let (keys, pending) = (Keys::default(), folder.join(PENDING));
    let keeping = wanted.tpm.prepare(&keys, folder, &pending)?;
    let key = key(&pending, &keys, &keeping)?;
    let request = JoinRequest {
        token: wanted.token.id.clone(),
        secret: wanted.token.secret.clone(),
        serial: wanted.serial.clone(),
        folder: folder.to_owned(),
        csr_pem: key.request(Vec::new())?,
        ssh_host_keys: said_of_ssh(&wanted.ssh_folder, &wanted.token.id, &key)?,
    };
    let link =
        Link::new(wanted.token.address, FLEET_IDENTITY_NAME, client(Arc::new(anchors(&trust)?))?)?;
    let body = serde_json::to_vec(&request)?;
    let answer = link.exchange(Method::POST, JOIN_PATH, body, MAX_JOINED_BYTES).await?;
    let joined: Joined = serde_json::from_slice(&answer).context("the answer cannot be read")?;
    let told = contract::config::parse(&joined.config);
    let told = told.map_err(|problems| anyhow::anyhow!("{problems}")).context("what it is told")?;
    ensure!(told.config.name == joined.device, "the configuration is that of another box");
    anchors(&trust)?.check(&joined.chain_pem, now()).context("what was issued is no identity")?;
    keep::write(&folder.join(files::TRUST), &serde_json::to_vec(&signed)?)?;
    let identity = (Purpose::Identity, &keeping);
    key.write_with(&joined.chain_pem, &folder.join(files::IDENTITY), identity)?;
    let player = (Purpose::Player, &keeping);
    NewKey::generate()?.write_uncertified(&folder.join(files::PLAYER), player)?;
    settle(folder, &keeping)?;
    keep::write(&folder.join(files::CONFIG), joined.config.as_bytes())?;
    std::fs::remove_file(&pending).context("the key is where it should be, and here")?;
    Ok(joined.device)
}

/// What it shows, as this machine's own word; nothing where there is no such server.
fn said_of_ssh(folder: &Path, token: &str, key: &NewKey) -> Result<Option<SshHostKeys>> {
    let lines = Some(ssh_host_keys(folder)?).filter(|lines| !lines.is_empty());
    let signed = lines.map(|lines| SshHostKeys::signed(lines, token, |bytes| key.sign(bytes)));
    signed.transpose()
}

/// The public keys that this machine's SSH server shows; none where there is no such server.
fn ssh_host_keys(folder: &Path) -> Result<String> {
    let shown = folder.display();
    let entries = match std::fs::read_dir(folder) {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(String::new()),
        entries => entries.with_context(|| format!("cannot read {shown}"))?,
    };
    let is_key = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("ssh_host_") && name.ends_with("_key.pub"))
    };
    let paths: Result<Vec<PathBuf>, _> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths: Vec<PathBuf> = paths?.into_iter().filter(is_key).collect();
    paths.sort();
    let mut keys = String::new();
    for path in paths {
        let key = std::fs::read_to_string(&path);
        let key = key.with_context(|| format!("cannot read {}", path.display()))?;
        keys.push_str(key.trim());
        keys.push('\n');
        ensure!(keys.len() <= MAX_SSH_HOST_KEYS_BYTES, "the host keys in {shown} are too long");
    }
    Ok(keys)
}

/// What was begun is gone on with: a token is good for one key.
fn key(pending: &Path, keys: &Keys, keeping: &Keeping) -> Result<NewKey> {
    if let Some(key) = NewKey::of(pending, Purpose::Identity, keys)? {
        return Ok(key);
    }
    let key = NewKey::generate()?;
    key.write(pending, (Purpose::Identity, keeping))?;
    Ok(key)
}

fn now() -> TimeUs {
    SystemTime::now().into()
}

/// What the root says, by whomever: it proves itself.
async fn root(token: &JoinToken) -> Result<(SignedTrust, Trust)> {
    let tls = client(Arc::new(Anybody(Arc::new(default_provider()))))?;
    let link = Link::new(token.address, FLEET_IDENTITY_NAME, tls)?;
    let said = link.exchange(Method::GET, TRUST_PATH, Vec::new(), 2 * MAX_TRUST_BYTES).await;
    let said = said.with_context(|| format!("cannot ask {}", token.address))?;
    let signed: SignedTrust =
        serde_json::from_slice(&said).context("whoever answers there is no fleet")?;
    let trust = signed.open_pinned(token.root).with_context(|| {
        format!("whoever answers at {} is not the fleet that the token is of", token.address)
    })?;
    let (told, known) = (trust.version, token.trust_version);
    ensure!(told >= known, "the root had said more when the token was made: {told} of {known}");
    ensure!(now() <= trust.not_after_us, "what the root said has ended");
    Ok((signed, trust))
}

fn anchors(trust: &Trust) -> Result<Anchors> {
    let anchors = Anchors::new(Arc::new(default_provider()));
    anchors.believe(&trust.authorities.boxes)?;
    Ok(anchors)
}

fn client(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(config)
}
