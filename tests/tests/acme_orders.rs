//! Orders of a real authority, proved in a real zone: those that succeed, and those that do not.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use acme::{Acme, Settings};
use anyhow::{Context, Result, ensure};
use ca::{Certified, Fault, Issuance, NotIssued, RequestedKey, Wish};
use contract::names::DeviceName;
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use std::path::PathBuf;
use tempfile::TempDir;
use tests::acme_authority::AcmeAuthority;
use tests::name_server::NameServer;

const NAMES: [&str; 2] = ["a.site-a.localhost", "b.site-a.localhost"];

/// A name server, an authority that looks into it, and who orders.
struct World {
    names: NameServer,
    authority: AcmeAuthority,
    folder: TempDir,
}

impl World {
    async fn new() -> Result<Self> {
        let names = NameServer::start().await?;
        let mut authority = AcmeAuthority::new(names.address())?;
        authority.start().await?;
        Ok(Self { names, authority, folder: tempfile::tempdir()? })
    }

    fn settings(&self) -> Result<Settings> {
        Ok(Settings {
            directory: self.authority.directory().parse()?,
            contact: vec!["mailto:operator@example.org".to_owned()],
            ca_file: Some(self.authority.ca_file()),
            folder: self.folder.path().to_owned(),
            dns: self.names.address(),
            seen_at: Vec::new(),
            dns_key: self.names.key_file(),
        })
    }

    async fn order(&self, dns_key: PathBuf, names: &[&str]) -> Result<Certified, NotIssued> {
        let settings = self.settings().expect("settings");
        let acme = Acme::new(Settings { dns_key, ..settings }).expect("an authority");
        acme.issue(&wish(names)).await
    }

    async fn fails(&self, dns_key: PathBuf, names: &[&str]) -> Result<NotIssued> {
        let outcome = self.order(dns_key, names).await;
        for name in names {
            let left = self.names.texts(&format!("_acme-challenge.{name}")).await?;
            ensure!(left.is_empty(), "{name}: {left:?} stays in DNS");
        }
        Ok(outcome.expect_err("it is to fail"))
    }
}

fn wish(names: &[&str]) -> Wish {
    let host_names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(host_names.clone()).expect("names");
    params.distinguished_name = DistinguishedName::new();
    let csr = params.serialize_request(&KeyPair::generate().expect("a key")).expect("a request");
    let request = RequestedKey::read(&csr.pem().expect("PEM")).expect("a request");
    Wish { device: DeviceName::new("oca1").expect("a name"), host_names, request }
}

#[tokio::test]
async fn names_are_proved_together_and_again() -> Result<()> {
    let world = World::new().await?;
    let key = world.names.key_file();
    let first = world.order(key.clone(), &NAMES).await?;
    ensure!(first.chain_pem.matches("BEGIN CERTIFICATE").count() == 2, "{}", first.chain_pem);
    // With the account that is there now, and proofs that the authority may remember.
    let second = world.order(key, &NAMES).await?;
    ensure!(first.serial != second.serial);
    for name in NAMES {
        ensure!(world.names.texts(&format!("_acme-challenge.{name}")).await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn an_authority_that_has_forgotten_us_is_told_again() -> Result<()> {
    let mut world = World::new().await?;
    world.order(world.names.key_file(), &NAMES[..1]).await?;
    world.authority.daemon.take().context("an authority")?.kill().await?;
    world.authority.start().await?;
    let why = world.fails(world.names.key_file(), &NAMES[..1]).await?;
    ensure!(why.fault == Fault::OfAuthority && why.why.contains("account"), "{why}");
    world.order(world.names.key_file(), &NAMES[..1]).await?;
    Ok(())
}

#[tokio::test]
async fn a_key_that_the_name_server_does_not_know_is_named() -> Result<()> {
    let world = World::new().await?;
    let why = world.fails(world.names.wrong_key_file(), &NAMES[..1]).await?;
    ensure!(why.why.contains("does not know the key"), "{why}");
    Ok(())
}

#[tokio::test]
async fn a_name_in_no_zone_of_the_name_server_is_named() -> Result<()> {
    let world = World::new().await?;
    let outcome = world.order(world.names.key_file(), &["a.site-a.example"]).await;
    let why = outcome.expect_err("it has no such zone");
    ensure!(why.fault == Fault::OfWish, "{why}");
    ensure!(why.why.contains("no zone for _acme-challenge.a.site-a.example"), "{why}");
    Ok(())
}

#[tokio::test]
async fn a_record_that_the_authority_does_not_find_goes_again() -> Result<()> {
    let names = NameServer::start().await?;
    let another = NameServer::start().await?;
    let mut authority = AcmeAuthority::new(another.address())?;
    authority.start().await?;
    let world = World { names, authority, folder: tempfile::tempdir()? };
    let why = world.fails(world.names.key_file(), &NAMES).await?;
    ensure!(why.fault == Fault::OfWish, "{why}");
    ensure!(why.why.contains(NAMES[0]) || why.why.contains(NAMES[1]), "{why}");
    Ok(())
}

#[tokio::test]
async fn a_name_server_that_is_away_is_nobody_elses_fault() -> Result<()> {
    let mut world = World::new().await?;
    world.names.daemon.take().context("a name server")?.kill().await?;
    let outcome = world.order(world.names.key_file(), &NAMES[..1]).await;
    let why = outcome.expect_err("nobody takes the record");
    ensure!(why.fault == Fault::OfAuthority && why.why.contains("does not answer"), "{why}");
    Ok(())
}
