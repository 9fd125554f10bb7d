//! What boxes show to viewers is issued by an authority elsewhere, by ACME, and proved in DNS.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
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
            for name in [name.to_owned(), format!("ipv4-{name}")] {
                all.extend(self.names.texts(&format!("_acme-challenge.{name}.localhost")).await?);
            }
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
    let is_around = |it: char| it == ',' || it.is_whitespace();
    let names = shown.split("DNS:").skip(1).map(|it| it.trim_matches(is_around));
    let names: BTreeSet<&str> = names.collect();
    let (own, of_family) =
        (format!("{}.localhost", BOXES[0]), format!("ipv4-{}.localhost", BOXES[0]));
    ensure!(names == BTreeSet::from([own.as_str(), of_family.as_str()]), "{shown}");
    ensure!(shown.contains("Pebble"), "{shown}");
    ensure!(world.records().await?.is_empty(), "records stay in DNS");
    ensure!(waits(&cdn, 0).await?.is_empty());
    // Nobody believes it who believes the fleet alone.
    cdn.viewers_believe = None;
    ensure!(cdn.ask(0, &path(1)).await.is_none());
    Ok(())
}

/// The fleet goes on with other arguments.
async fn restart_fleet(cdn: &mut SmallCdn, args: Vec<String>) -> Result<()> {
    cdn.fleet.take().context("a fleet")?.kill().await?;
    cdn.fleet_args = args;
    cdn.start_fleet().await
}

#[tokio::test]
async fn a_box_goes_on_with_what_it_has_while_the_authority_is_away() -> Result<()> {
    let mut world = World::new().await?;
    let mut cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    restart_fleet(&mut cdn, world.args(&[])).await?;
    let is_said = async |cdn: &SmallCdn| {
        let why = waits(cdn, 0).await.unwrap_or_default();
        why.contains("cannot be reached") && why.contains("--acme-directory")
    };
    cdn.until("the fleet says that the authority is away", is_said).await?;
    ensure!(is_served(&cdn, 0).await, "the box has lost what it had");
    // What is known of it outlives the process.
    restart_fleet(&mut cdn, world.args(&[])).await?;
    ensure!(is_said(&cdn).await, "{}", waits(&cdn, 0).await?);
    world.authority.start().await?;
    cdn.viewers_believe = Some(world.authority.root_file());
    cdn.until("it is certified elsewhere", async |cdn| is_served(cdn, 0).await).await?;
    ensure!(waits(&cdn, 0).await?.is_empty());
    // And back: an operator may think better of it.
    restart_fleet(&mut cdn, Vec::new()).await?;
    cdn.viewers_believe = None;
    cdn.until("the fleet issues itself", async |cdn| is_served(cdn, 0).await).await
}

/// Which of the boxes are believed by whom viewers believe now.
async fn believed(cdn: &SmallCdn) -> Vec<usize> {
    let mut all = Vec::new();
    for at in 0..BOXES.len() {
        if is_served(cdn, at).await {
            all.push(at);
        }
    }
    all
}

#[tokio::test]
async fn an_order_waits_where_no_more_may_be_ordered() -> Result<()> {
    let mut world = World::new().await?;
    world.authority.start().await?;
    let mut cdn = SmallCdn::start().await?;
    let one = world.args(&["--acme-orders-per-hour=1"]);
    restart_fleet(&mut cdn, one.clone()).await?;
    cdn.viewers_believe = Some(world.authority.root_file());
    cdn.until("one is certified", async |cdn| believed(cdn).await.len() == 1).await?;
    let other = 1 - believed(&cdn).await[0];
    let waits_for_budget = async |cdn: &SmallCdn| {
        waits(cdn, other).await.is_ok_and(|why| why.contains("--acme-orders-per-hour"))
    };
    cdn.until("the other waits", waits_for_budget).await?;
    cdn.viewers_believe = None;
    ensure!(believed(&cdn).await == [other], "it has lost what it had");
    // Another process of the fleet counts on. The box asks when it comes up again.
    restart_fleet(&mut cdn, one).await?;
    cdn.boxes[other].take().context("a box")?.kill().await?;
    cdn.start_box(other).await?;
    cdn.until("the other waits again", waits_for_budget).await?;
    restart_fleet(&mut cdn, world.args(&["--acme-orders-per-hour=2"])).await?;
    cdn.boxes[other].take().context("a box")?.kill().await?;
    cdn.start_box(other).await?;
    cdn.viewers_believe = Some(world.authority.root_file());
    cdn.until("both are certified", async |cdn| believed(cdn).await.len() == 2).await
}

#[tokio::test]
async fn what_an_order_has_left_that_was_cut_off_is_cleared_away() -> Result<()> {
    let mut world = World::new().await?;
    world.authority.start().await?;
    let mut cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    // Where nothing is shown, an order waits with its record in DNS.
    let elsewhere = NameServer::start().await?;
    let also = format!("--acme-dns-also={}", elsewhere.address());
    restart_fleet(&mut cdn, world.args(&[&also])).await?;
    let is_placed = async |_: &SmallCdn| world.records().await.is_ok_and(|it| it.len() == 1);
    cdn.until("a record is in DNS", is_placed).await?;
    cdn.fleet.take().context("a fleet")?.kill().await?;
    ensure!(world.records().await?.len() == 1, "nothing was left");
    // The box would not ask at once: what clears up is the fleet.
    cdn.boxes[0].take().context("a box")?.kill().await?;
    cdn.fleet_args = world.args(&[]);
    cdn.start_fleet().await?;
    let is_clear = async |_: &SmallCdn| world.records().await.is_ok_and(|it| it.is_empty());
    cdn.until("the record is gone", is_clear).await?;
    cdn.start_box(0).await?;
    cdn.viewers_believe = Some(world.authority.root_file());
    cdn.until("it is certified", async |cdn| is_served(cdn, 0).await).await
}
