//! A machine becomes a box by its token, once, and nobody becomes one without.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use contract::join::JoinToken;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use tests::operator::{join_args, serial};
use tests::process::outcome_of;
use tests::small_cdn::{BOXES, Plan, SmallCdn, path};
use tokio::process::Command;

/// A fleet with one box, and a place for other machines.
struct Place {
    cdn: SmallCdn,
    machines: tempfile::TempDir,
}

impl Place {
    async fn new() -> Result<Self> {
        let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
        Ok(Self { cdn, machines: tempfile::tempdir()? })
    }

    fn folder(&self, machine: &str) -> PathBuf {
        self.machines.path().join(machine)
    }

    /// What a machine answers to whoever has it join with a token.
    async fn join(&self, machine: &str, token: &str, more: &[String]) -> Result<Output> {
        let folder = self.folder(machine);
        let token_file = self.machines.path().join(format!("{machine}.token"));
        std::fs::write(&token_file, token)?;
        let args = join_args(BOXES[0], &token_file, &folder, more.to_vec());
        let mut command = Command::new(self.cdn.bin().join("appliance"));
        command.args(args);
        outcome_of(command).await
    }

    async fn token(&self) -> Result<String> {
        self.cdn.operator.join_token(BOXES[0]).await
    }
}

fn refused(output: &Output, why: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1) && said.contains(why), "{output:?}");
    Ok(())
}

fn has_joined(output: &Output) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success() && said.contains(BOXES[0]), "{output:?}");
    Ok(())
}

fn is_empty(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter(|file| file.file_name() != "joining.key").count() == 0
}

#[tokio::test]
async fn a_token_makes_one_machine_a_box() -> Result<()> {
    let place = Place::new().await?;
    let token = place.token().await?;
    let other = [format!("--serial={}-2", serial(BOXES[0]))];
    refused(&place.join("other", &token, &other).await?, "is for the machine with the serial")?;
    ensure!(is_empty(&place.folder("other")), "something was left");

    has_joined(&place.join("first", &token, &[]).await?)?;
    for file in ["identity.pem", "player.pem"] {
        let mode = place.folder("first").join(file).metadata()?.mode() & 0o777;
        ensure!(mode == 0o600, "{file} has {mode:o}");
    }
    ensure!(place.folder("first").metadata()?.mode() & 0o777 == 0o700);
    // The same machine is a box already, and another with the same serial number is none.
    refused(&place.join("first", &token, &[]).await?, "is a box already")?;
    refused(&place.join("second", &token, &[]).await?, "was used already")?;
    ensure!(is_empty(&place.folder("second")), "something was left");
    // One that was cut off before all was written asks again, with the key that it has made.
    let file = |name: &str| place.folder("first").join(name);
    std::fs::copy(file("identity.pem"), file("joining.key"))?;
    std::fs::remove_file(file("config.yaml"))?;
    has_joined(&place.join("first", &token, &[]).await?)
}

#[tokio::test]
async fn nobody_joins_a_fleet_that_is_not_the_one_of_the_token() -> Result<()> {
    let (place, stranger) = (Place::new().await?, Place::new().await?);
    let line = place.token().await?;
    let token: JoinToken = line.parse()?;
    let theirs: JoinToken = stranger.token().await?.parse()?;
    // Somebody else answers where the fleet should.
    let led_astray = JoinToken { address: theirs.address, ..token.clone() };
    let outcome = place.join("a", &led_astray.to_line(), &[]).await?;
    refused(&outcome, "not the fleet that the token is of")?;
    let guessed = JoinToken { secret: "0".repeat(64), ..token.clone() };
    refused(&place.join("b", &guessed.to_line(), &[]).await?, "there is no such token")?;
    let half = line.trim().get(..60).context("a token is longer")?;
    refused(&place.join("c", half, &[]).await?, "copy all of it")?;
    let nobody = JoinToken { address: ([127, 0, 0, 1], ports::free()?).into(), ..token };
    refused(&place.join("d", &nobody.to_line(), &[]).await?, "cannot ask")?;
    for machine in ["a", "b", "c", "d"] {
        ensure!(is_empty(&place.folder(machine)), "{machine}: something was left");
    }
    Ok(())
}

#[tokio::test]
async fn a_box_that_joined_is_certified_and_serves() -> Result<()> {
    let place = Place::new().await?;
    // It began with a certificate that nobody believes; curl believes this one.
    let serves = async |cdn: &SmallCdn| cdn.status(0, &path(1)).await == 200;
    place.cdn.until("it serves", serves).await?;
    let events = place.cdn.operator.happened(BOXES[0]).await?;
    ensure!(events.iter().any(|it| it.kind == "certificate" && it.subject == "player"));
    Ok(())
}
