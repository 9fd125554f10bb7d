//! What boxes show to viewers is issued by an authority elsewhere, by ACME, and proved in DNS.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::acme_authority::AcmeAuthority;
use tests::name_server::NameServer;
use tests::process::output;
use tests::small_cdn::{Answer, BOXES, Plan, SmallCdn, content, path};

/// A name server, and an authority that looks into it.
struct World {
    names: NameServer,
    authority: AcmeAuthority,
}

impl World {
    async fn new() -> Result<Self> {
        let names = NameServer::start().await?;
        let authority = AcmeAuthority::new(names.address())?;
        Ok(Self { names, authority })
    }

    /// What `fleet serve` is told.
    fn args(&self, more: &[&str]) -> Vec<String> {
        let (authority, names) = (&self.authority, &self.names);
        let mut args = vec![
            format!("--acme-directory={}", authority.directory()),
            "--acme-agree-terms".to_owned(),
            "--acme-contact=operator@example.org".to_owned(),
            format!("--acme-ca-file={}", authority.ca_file().display()),
            format!("--acme-dns={}", names.address()),
            format!("--acme-dns-key={}", names.key_file().display()),
            "--acme-retry-s=1".to_owned(),
        ];
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        args
    }

    async fn records(&self) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for name in BOXES {
            all.extend(self.names.texts(&format!("_acme-challenge.{name}.localhost")).await?);
        }
        Ok(all)
    }
}

/// What `fleet status` says that the certificate of a box waits for.
async fn waits(cdn: &SmallCdn, at: usize) -> Result<String> {
    let status = cdn.fleet_json(&format!("status {}", BOXES[at])).await?;
    let why = status.pointer("/items/0/certificate_waits/reason").and_then(Value::as_str);
    Ok(why.unwrap_or_default().to_owned())
}

async fn is_served(cdn: &SmallCdn, at: usize) -> bool {
    cdn.ask(at, &path(1)).await == Some(Answer { status: 200, body: content(1) })
}

/// Who has issued what a box shows, and for whom it is.
async fn shown(cdn: &SmallCdn, at: usize) -> Result<String> {
    let folder = cdn.config(at).parent().context("a folder")?.to_owned();
    let args = ["x509", "-noout", "-issuer", "-ext", "subjectAltName", "-in"].map(str::to_owned);
    let file = folder.join("player.pem").display().to_string();
    output("openssl", args.into_iter().chain([file])).await
}

#[tokio::test]
async fn a_box_is_certified_elsewhere_for_its_own_names() -> Result<()> {
    let mut world = World::new().await?;
    world.authority.start().await?;
    let plan = Plan {
        one_box: true,
        fleet_args: world.args(&[]),
        viewers_believe: Some(world.authority.root_file()),
        ..Plan::default()
    };
    let mut cdn = SmallCdn::start_with(plan).await?;
    cdn.until("a viewer is served", async |cdn| is_served(cdn, 0).await).await?;
    let shown = shown(&cdn, 0).await?;
    let names: Vec<&str> = shown.split("DNS:").skip(1).map(str::trim).collect();
    ensure!(names == [format!("{}.localhost", BOXES[0])], "{shown}");
    ensure!(shown.contains("Pebble"), "{shown}");
    ensure!(world.records().await?.is_empty(), "records stay in DNS");
    ensure!(waits(&cdn, 0).await?.is_empty());
    // Nobody believes it who believes the fleet alone.
    cdn.viewers_believe = None;
    ensure!(cdn.ask(0, &path(1)).await.is_none());
    Ok(())
}
