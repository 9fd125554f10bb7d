//! Where a machine has a TPM, no key of the box stands on its disk as anybody could use it: not after
//! it has joined, not after keys were renewed, and a copy of the disk is no box.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::report::KeyProtection;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use tests::operator::join_args;
use tests::planted::{Planted, files};
use tests::process::{outcome_of, output};
use tests::small_cdn::{BOXES, Plan, SmallCdn, path};
use tests::software_tpm::SoftwareTpm;
use tokio::process::Command;
use tpm::Sealed;

const KEYS: [&str; 2] = ["identity.pem", "player.pem"];

async fn one_box(join_args: Vec<String>) -> Result<SmallCdn> {
    SmallCdn::start_with(Plan { one_box: true, join_args, ..Plan::default() }).await
}

fn sealed_by(tpm: &SoftwareTpm) -> Vec<String> {
    vec!["--tpm=require".to_owned(), format!("--tpm-device={}", tpm.place())]
}

fn folder(cdn: &SmallCdn) -> Result<PathBuf> {
    Ok(cdn.config(0).parent().context("a folder")?.to_owned())
}

async fn appliance(cdn: &SmallCdn, args: &[&str]) -> Result<Output> {
    let mut command = Command::new(cdn.bin().join("appliance"));
    command.args(args);
    outcome_of(command).await
}

async fn on_config(cdn: &SmallCdn, command: &str, more: &[&str]) -> Result<Output> {
    let config = cdn.config(0).display().to_string();
    appliance(cdn, &[&[command, config.as_str()], more].concat()).await
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

async fn serves(cdn: &SmallCdn) -> Result<()> {
    cdn.until("it serves", async |cdn| cdn.status(0, &path(1)).await == 200).await
}

async fn starts_again(cdn: &mut SmallCdn) -> Result<()> {
    cdn.boxes[0].take().context("it runs")?.stop().await?;
    cdn.start_box(0).await?;
    serves(cdn).await
}

/// A process that took over from the one that the test has started, and ends with the test.
struct Successor(Pid);

impl Drop for Successor {
    fn drop(&mut self) {
        // It may have been followed by another.
        let _ = kill(self.0, Signal::SIGKILL);
    }
}

async fn process(cdn: &SmallCdn) -> Result<Value> {
    Ok(serde_json::from_str(&cdn.ask_admin(0, "/process").await?)?)
}

/// Has another process take over, and waits until the one before has ended.
async fn hands_over(cdn: &SmallCdn) -> Result<Successor> {
    let before = process(cdn).await?["pid"].clone();
    let restarted = on_config(cdn, "restart", &[]).await?;
    ensure!(restarted.status.success(), "{}", said(&restarted));
    let is_over = async |cdn: &SmallCdn| {
        process(cdn).await.is_ok_and(|it| it["pid"] != before && it["is_restarting"] == false)
    };
    cdn.until("the other has taken over", is_over).await?;
    let pid = process(cdn).await?["pid"].as_i64().context("a number")?;
    serves(cdn).await?;
    Ok(Successor(Pid::from_raw(i32::try_from(pid)?)))
}

fn base64(of: &Value) -> Result<Vec<u8>> {
    Ok(BASE64.decode(of.as_str().context("a text")?)?)
}

fn ring(folder: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(folder.join("sealing.key"))?)?)
}

/// What the TPM unseals: the only key that it has sealed.
fn unsealed(folder: &Path) -> Result<tpm::Secret> {
    let all = ring(folder)?;
    let [key] = all["keys"].as_array().context("keys")?.as_slice() else {
        anyhow::bail!("older keys are left: {all}")
    };
    let (public, private) = (base64(&key["public"])?, base64(&key["private"])?);
    let place = key["tpm"].as_str().context("where it is")?.parse()?;
    Ok(tpm::unseal(&place, &Sealed { public, private, pcrs: tpm::Pcrs::default() })?)
}

/// Opens a sealed key by what is written of the format; gives PKCS #8.
fn opened(file: &Path, with: &tpm::Secret) -> Result<Vec<u8>> {
    let text = std::fs::read_to_string(file)?;
    let (_, rest) = text.split_once("-----BEGIN HEADEND SEALED KEY-----").context("it is plain")?;
    let (body, chain) = rest.split_once("-----END HEADEND SEALED KEY-----").context("an end")?;
    ensure!(chain.contains("BEGIN CERTIFICATE") || file.extension().is_some_and(|it| it == "key"));
    let octets = BASE64.decode(body.split_ascii_whitespace().collect::<String>())?;
    let (head, rest) = octets.split_at(18);
    let (nonce, encrypted) = rest.split_first_chunk().context("a nonce")?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, with.as_ref())?);
    let aad = Aad::from([b"headend private key\0".as_slice(), head].concat());
    let mut encrypted = encrypted.to_vec();
    Ok(key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut encrypted)?.to_vec())
}

/// What must be found nowhere, as it is now.
fn secrets(folder: &Path) -> Result<Planted> {
    let (mut planted, with) = (Planted::default(), unsealed(folder)?);
    planted.add(with.as_ref());
    for file in KEYS {
        planted.add_pkcs8(&opened(&folder.join(file), &with)?)?;
    }
    Ok(planted)
}

/// Of the whole place: the fleet's folder and every log is below it as well.
fn is_nowhere(cdn: &SmallCdn, planted: &Planted) -> Result<()> {
    ensure!(planted.count() >= 2);
    for file in files(cdn.fleet_folder().parent().context("a folder")?) {
        ensure!(!planted.is_in(&std::fs::read(&file)?), "a key is in {}", file.display());
    }
    Ok(())
}

/// No file of the box so much as says that it holds a key.
fn none_is_plain(folder: &Path) -> Result<()> {
    for file in files(folder) {
        let octets = std::fs::read(&file)?;
        let label = b"PRIVATE KEY-----";
        let is_plain = octets.windows(label.len()).any(|it| it == label);
        ensure!(!is_plain, "{} holds a plain key", file.display());
    }
    Ok(())
}

/// The root names other authorities, so that both keys are made anew.
async fn renews(cdn: &SmallCdn) -> Result<()> {
    let folder = folder(cdn)?;
    let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_default();
    let before = KEYS.map(read);
    let root = cdn.root_folder();
    cdn.fleet_ok(&format!("ca change --root {} --rotate boxes --rotate players", root.display()))
        .await?;
    let are_new = async |_: &SmallCdn| KEYS.iter().zip(&before).all(|(it, was)| read(it) != *was);
    cdn.until("both keys were made anew", are_new).await?;
    cdn.operator.tell_viewers(&root).await?;
    serves(cdn).await
}

#[tokio::test]
async fn a_box_with_a_tpm_keeps_no_key_that_anybody_could_use() -> Result<()> {
    let mut tpm = SoftwareTpm::start().await?;
    let mut cdn = one_box(sealed_by(&tpm)).await?;
    let folder = folder(&cdn)?;
    serves(&cdn).await?;
    let first = secrets(&folder)?;
    none_is_plain(&folder)?;
    is_nowhere(&cdn, &first)?;
    ensure!(cdn.report(0).await?.keys == Some(KeyProtection::Tpm));
    let status = said(&on_config(&cdn, "status", &[]).await?);
    ensure!(status.contains("keys are sealed to this machine's TPM"), "{status}");
    let found = said(&on_config(&cdn, "diagnose", &[]).await?);
    ensure!(found.contains("keys are sealed to this machine's TPM"), "{found}");
    starts_again(&mut cdn).await?;

    // One process takes over from the other: it unseals anew.
    let second = hands_over(&cdn).await?;

    // What runs needs the TPM for nothing, not even for new keys.
    tpm.off().await?;
    renews(&cdn).await?;
    let log = cdn.log(0);
    kill(second.0, Signal::SIGHUP)?;
    let is_read =
        async |cdn: &SmallCdn| cdn.log(0)[log.len()..].contains("certificates were read again");
    cdn.until("it has read them again", is_read).await?;
    serves(&cdn).await?;
    let refused = on_config(&cdn, "restart", &[]).await?;
    ensure!(!refused.status.success() && said(&refused).contains("cannot be opened"));
    serves(&cdn).await?;
    none_is_plain(&folder)?;

    tpm.on().await?;
    is_nowhere(&cdn, &first)?;
    is_nowhere(&cdn, &secrets(&folder)?)?;
    hands_over(&cdn).await.map(drop)
}

#[tokio::test]
async fn a_copy_of_the_disk_is_no_box_and_a_new_mainboard_joins_anew() -> Result<()> {
    let (mut tpm, other) = (SoftwareTpm::start().await?, SoftwareTpm::start().await?);
    let mut cdn = one_box(sealed_by(&tpm)).await?;
    let folder = folder(&cdn)?;
    cdn.boxes[0].take().context("it runs")?.stop().await?;

    // Another machine, and whoever has the disk says where its TPM is.
    let ring = std::fs::read_to_string(folder.join("sealing.key"))?;
    std::fs::write(folder.join("sealing.key"), ring.replace(&tpm.place(), &other.place()))?;
    for command in ["check", "run"] {
        let refused = on_config(&cdn, command, &[]).await?;
        ensure!(refused.status.code() == Some(2), "{refused:?}");
        for words in ["made on another machine", "appliance join --replace", "identity.key_file"] {
            ensure!(said(&refused).contains(words), "{command}: {}", said(&refused));
        }
    }
    let found = said(&on_config(&cdn, "diagnose", &[]).await?);
    ensure!(found.contains("MISSING keys") && found.contains("join --replace"), "{found}");
    std::fs::write(folder.join("sealing.key"), ring)?;

    // This machine, while its TPM is away.
    tpm.off().await?;
    let refused = on_config(&cdn, "run", &[]).await?;
    let words = "switched on in the firmware; where the mainboard was replaced";
    ensure!(refused.status.code() == Some(2) && said(&refused).contains(words), "{refused:?}");
    tpm.on().await?;
    cdn.start_box(0).await?;
    serves(&cdn).await?;

    // Its mainboard is replaced: with a new token it is the box again.
    cdn.boxes[0].take().context("it runs")?.stop().await?;
    tpm.off().await?;
    let more: Vec<String> = sealed_by(&other).into_iter().chain(["--replace".into()]).collect();
    cdn.operator.join_with(cdn.bin(), BOXES[0], &folder, &more).await?;
    cdn.start_box(0).await?;
    serves(&cdn).await?;
    none_is_plain(&folder)?;
    is_nowhere(&cdn, &secrets(&folder)?)
}

/// `appliance seal`, after which nothing is plain, and older keys are none any more.
async fn seals(cdn: &SmallCdn, tpm: &SoftwareTpm) -> Result<()> {
    let device = format!("--tpm-device={}", tpm.place());
    let sealed = on_config(cdn, "seal", &[&device]).await?;
    ensure!(sealed.status.success(), "{}", said(&sealed));
    let folder = folder(cdn)?;
    none_is_plain(&folder)?;
    is_nowhere(cdn, &secrets(&folder)?)
}

#[tokio::test]
async fn a_box_that_joined_without_is_sealed_by_a_command() -> Result<()> {
    let (tpm, other) = (SoftwareTpm::start().await?, SoftwareTpm::start().await?);
    let mut cdn = one_box(Vec::new()).await?;
    let folder = folder(&cdn)?;
    let found = said(&on_config(&cdn, "diagnose", &[]).await?);
    ensure!(found.contains("keys are only protected by file permissions"), "{found}");
    ensure!(cdn.report(0).await?.keys.is_some_and(|it| it != KeyProtection::Tpm));
    serves(&cdn).await?;
    let mut planted = Planted::default();
    for file in KEYS {
        planted.add_pem(&std::fs::read_to_string(folder.join(file))?)?;
    }
    ensure!(planted.count() == 2 && is_nowhere(&cdn, &planted).is_err(), "they would be found");
    seals(&cdn, &tpm).await?;
    is_nowhere(&cdn, &planted)?;
    starts_again(&mut cdn).await?;
    ensure!(cdn.report(0).await?.keys == Some(KeyProtection::Tpm));

    // Another TPM takes over; what was cut off in the middle of that can be read, and gone on with.
    let older = std::fs::read(folder.join("player.pem"))?;
    let ring_of_older = ring(&folder)?;
    seals(&cdn, &other).await?;
    let mut both = ring(&folder)?;
    let keys = both["keys"].as_array_mut().context("keys")?;
    keys.extend(ring_of_older["keys"].as_array().context("keys")?.clone());
    std::fs::write(folder.join("sealing.key"), serde_json::to_vec(&both)?)?;
    std::fs::write(folder.join("player.pem"), older)?;
    starts_again(&mut cdn).await?;
    seals(&cdn, &other).await?;
    is_nowhere(&cdn, &planted)?;
    renews(&cdn).await?;
    none_is_plain(&folder)?;
    starts_again(&mut cdn).await
}

#[tokio::test]
async fn joining_goes_on_with_what_it_had_sealed() -> Result<()> {
    let tpm = SoftwareTpm::start().await?;
    let cdn = one_box(Vec::new()).await?;
    let machines = tempfile::tempdir()?;
    let (folder, token_file) = (machines.path().join("box"), machines.path().join("token"));
    std::fs::write(&token_file, cdn.operator.join_token(BOXES[0]).await?)?;
    let join = async |more: Vec<String>| {
        let mut command = Command::new(cdn.bin().join("appliance"));
        command.args(join_args(BOXES[0], &token_file, &folder, more));
        outcome_of(command).await
    };
    // Whoever asks for a TPM gets none of this without one.
    let nowhere = ["--tpm=require", "--tpm-device=swtpm:/nowhere/socket"].map(str::to_owned);
    let refused = join(nowhere.to_vec()).await?;
    ensure!(refused.status.code() == Some(1) && said(&refused).contains("swtpm:/nowhere"));
    ensure!(files(&folder).is_empty(), "something was left");

    let joined = join(sealed_by(&tpm)).await?;
    ensure!(joined.status.success(), "{}", said(&joined));
    // As if it had been cut off before all was written.
    let ring = std::fs::read(folder.join("sealing.key"))?;
    std::fs::copy(folder.join("identity.pem"), folder.join("joining.key"))?;
    for file in ["config.yaml", "identity.pem", "player.pem"] {
        std::fs::remove_file(folder.join(file))?;
    }
    let joined = join(sealed_by(&tpm)).await?;
    ensure!(joined.status.success(), "{}", said(&joined));
    ensure!(std::fs::read(folder.join("sealing.key"))? == ring, "a key was made anew");
    ensure!(!folder.join("joining.key").exists());
    none_is_plain(&folder)?;
    let [identity, player] = KEYS.map(|file| folder.join(file));
    // What was sealed as one thing is not taken for another.
    std::fs::copy(&identity, &player)?;
    let config = folder.join("config.yaml").display().to_string();
    let refused = appliance(&cdn, &["check", &config]).await?;
    ensure!(said(&refused).contains("was sealed as identity"), "{}", said(&refused));
    let text = output("cat", [&identity]).await?;
    std::fs::write(&player, text.replace("-----END HEADEND", "-----END"))?;
    let refused = appliance(&cdn, &["check", &config]).await?;
    ensure!(said(&refused).contains("is not whole"), "{}", said(&refused));
    Ok(())
}
