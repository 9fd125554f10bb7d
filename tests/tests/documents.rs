//! Documents that must not win: a real box hears them from somebody who has the fleet's own keys,
//! and from a fleet whose database is of yesterday. It says why it refuses, serves on, and ends on
//! the right document each time.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use ca::{Ca, RootFolder};
use contract::envelope::{Envelope, Generation, Header, Kind, Role, SigningKey};
use contract::names::DeviceName;
use contract::report::DocumentState;
use contract::time::TimeUs;
use contract::trust::{Root, SignedTrust, Trust};
use rcgen::KeyPair;
use serde_json::value::RawValue;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;
use tests::false_fleet::FalseFleet;
use tests::small_cdn::{BOXES, GROUP, Plan, SmallCdn, content, path};

/// What a box says of a kind of document.
async fn state(cdn: &SmallCdn, kind: Kind) -> Option<DocumentState> {
    let report = cdn.report(0).await.ok()?;
    report.documents.into_iter().find(|state| state.kind == kind)
}

async fn in_force(cdn: &SmallCdn, kind: Kind) -> Option<Generation> {
    state(cdn, kind).await?.in_force
}

/// The document in force, as the box keeps it.
fn kept(cdn: &SmallCdn, kind: Kind) -> Result<Envelope> {
    let file = cdn.state_folder(0).join(format!("documents/{kind}.json"));
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

async fn serves(cdn: &SmallCdn, title: &str, status: u16) -> bool {
    cdn.status(0, &format!("/{title}/seg-1.m4s")).await == status
}

async fn one_box() -> Result<SmallCdn> {
    SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await
}

/// What the false fleet says, and what the box answers to it.
struct Lie {
    what: &'static str,
    envelope: Envelope,
    reason: &'static str,
}

/// Everything that is wrong with a document, one thing at a time. `old` was in force once, `now`
/// is.
fn lies(ca: &Ca, trust: &Trust, old: Envelope, now: &Envelope) -> Result<Vec<Lie>> {
    let key = |role| ca.signing_key(role, trust);
    let (config, control) = (&*key(Role::Config)?, &*key(Role::Control)?);
    let Generation { epoch, number } = now.header.generation;
    let sign = |change: &dyn Fn(&mut Header), key: &SigningKey| -> Result<Envelope> {
        let mut header = now.header.clone();
        header.generation.number = number + 1;
        change(&mut header);
        Ok(Envelope::seal(header, &now.body, key)?)
    };
    let numbered = |epoch, number| {
        sign(&|header: &mut Header| header.generation = Generation { epoch, number }, control)
    };
    let other = DeviceName::new(BOXES[1])?;
    let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
    let forger = SigningKey::from_pkcs8(now.key_id.clone(), Role::Control, &pair.serialize_der())?;
    let nothing = RawValue::from_string(now.body.get().replace("\"version\"", " \"version\""))?;
    let same = Envelope::seal(now.header.clone(), &nothing, control)?;
    let lie = |what, envelope, reason| Lie { what, envelope, reason };
    Ok(vec![
        lie("a replayed one", old, "is not newer than"),
        lie("the same number, other content", same, "in force with another content"),
        lie("for another box", sign(&|it| it.addressee = other.clone(), control)?, "addressed to"),
        lie("2^63", numbered(epoch, 1 << 63)?, "absurdly far"),
        lie("a forged one", sign(&|_| {}, &forger)?, "signature does not hold"),
        lie("by the wrong key", sign(&|_| {}, config)?, "which may not sign a manifest"),
        lie("an expired one", sign(&|it| it.not_after_us = TimeUs(1), control)?, "expired"),
        lie("an epoch without the root", numbered(epoch + 1, 1)?, "has not begun"),
        lie("the last epoch", numbered(u32::MAX, 1)?, "has not begun"),
    ])
}

/// What the root has said to this fleet.
fn said(cdn: &SmallCdn) -> Result<Trust> {
    let signed = RootFolder::open(&cdn.root_folder())?.signed()?;
    Ok(signed.last().context("it has spoken")?.read()?)
}

/// What whoever has the fleet's keys, but not the root's, would have the root say.
fn lies_about_the_root(
    cdn: &SmallCdn,
    trust: &Trust,
) -> Result<Vec<(&'static str, SignedTrust, &'static str)>> {
    let stranger = RootFolder::create(&cdn.root_folder().with_extension("stranger"), 1)?;
    let root = RootFolder::open(&cdn.root_folder())?;
    let next = Trust { version: trust.version + 1, epoch: trust.epoch + 1, ..trust.clone() };
    let theirs = Trust { root: Root { threshold: 1, keys: stranger.public() }, ..next.clone() };
    let draft = SignedTrust::draft(&theirs)?;
    let unsigned = SignedTrust::draft(&next)?;
    let skipped = SignedTrust::draft(&Trust { version: trust.version + 2, ..next })?;
    Ok(vec![
        ("another root", stranger.sign(draft, None)?, "signed by 0 of the 1"),
        ("the one after the next", root.sign(skipped, None)?, "does not follow"),
        ("nobody", unsigned, "signed by 0 of the 1"),
    ])
}

#[tokio::test]
async fn no_lie_wins_and_none_makes_the_box_deaf() -> Result<()> {
    let mut cdn = one_box().await?;
    let old = kept(&cdn, Kind::Manifest)?;
    cdn.add_title("second", &content(2)).await?;
    cdn.until("it holds the second", async |cdn| serves(cdn, "second", 200).await).await?;
    let now = kept(&cdn, Kind::Manifest)?;
    ensure!(now.header.generation > old.header.generation, "nothing has changed");

    cdn.fleet.take().context("it runs")?.kill().await?;
    let ca = Ca::open(&cdn.fleet_folder().join("ca"), SystemTime::now())?;
    let trust = said(&cdn)?;
    let liar = FalseFleet::start(cdn.control_address(), &ca, &trust).await?;
    for Lie { what, envelope, reason } in lies(&ca, &trust, old, &now)? {
        liar.says(vec![envelope.clone()]);
        let is_refused = async |cdn: &SmallCdn| {
            let refused = state(cdn, Kind::Manifest).await.and_then(|state| state.refused);
            refused.is_some_and(|(generation, why)| {
                generation == envelope.header.generation && why.contains(reason)
            })
        };
        cdn.until(&format!("{what} is refused: {reason}"), is_refused).await?;
        let stands = in_force(&cdn, Kind::Manifest).await;
        ensure!(stands == Some(now.header.generation), "{what}: {stands:?} is in force");
        ensure!(serves(&cdn, "second", 200).await, "{what}: it does not serve");
    }
    for (what, chain, reason) in lies_about_the_root(&cdn, &trust)? {
        liar.says_of_the_root(vec![chain]);
        let is_refused = async |cdn: &SmallCdn| {
            let heard = cdn.report(0).await.map(|report| report.trust);
            heard
                .is_ok_and(|it| it.version == 1 && it.refused.is_some_and(|it| it.contains(reason)))
        };
        cdn.until(&format!("{what} is refused: {reason}"), is_refused).await?;
        ensure!(serves(&cdn, "second", 200).await, "{what}: it does not serve");
    }
    drop(liar);

    // The real one is back: it is told what was refused last, and its next document is the next.
    cdn.start_fleet().await?;
    let says_why = async |cdn: &SmallCdn| {
        let status = cdn.operator.fleet(["status"]).await.unwrap_or_default();
        status.contains("refused 4294967295.1") && status.contains("has not begun")
    };
    cdn.until("status says what was refused", says_why).await?;
    cdn.add_title("third", &content(3)).await?;
    cdn.until("it holds the third", async |cdn| serves(cdn, "third", 200).await).await?;
    let next = in_force(&cdn, Kind::Manifest).await.context("a manifest")?;
    let Generation { epoch, number } = now.header.generation;
    ensure!(next == Generation { epoch, number: number + 1 }, "{next} is in force");
    ensure!(state(&cdn, Kind::Manifest).await.is_some_and(|it| it.refused.is_none()));
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status()?;
    ensure!(status.success(), "cp: {status}");
    Ok(())
}

/// The documents that the fleet doubts.
async fn doubts(cdn: &SmallCdn) -> String {
    let Ok(status) = cdn.fleet_json("status").await else { return String::new() };
    let documents = status["items"][0]["documents"].as_array().cloned().unwrap_or_default();
    documents.iter().filter_map(|document| document["doubt"].as_str()).collect()
}

#[tokio::test]
async fn a_fleet_of_yesterday_begins_an_epoch_and_is_followed() -> Result<()> {
    let mut cdn = one_box().await?;
    let (folder, backup) = (cdn.fleet_folder(), cdn.fleet_folder().with_extension("yesterday"));
    cdn.fleet.take().context("it runs")?.kill().await?;
    copy(&folder, &backup)?;
    cdn.start_fleet().await?;
    for (title, number) in [("second", 2), ("third", 3)] {
        cdn.add_title(title, &content(number)).await?;
        cdn.until("it holds it", async |cdn| serves(cdn, title, 200).await).await?;
    }
    let before = in_force(&cdn, Kind::Manifest).await.context("a manifest")?;

    // The disk of the manager has died.
    cdn.fleet.take().context("it runs")?.kill().await?;
    std::fs::remove_dir_all(&folder)?;
    copy(&backup, &folder)?;
    cdn.start_fleet().await?;
    cdn.until("it doubts what the box stands on", async |cdn| {
        doubts(cdn).await.contains("fleet ca change --new-epoch")
    })
    .await?;
    ensure!(serves(&cdn, "third", 200).await, "it does not serve");
    // The box would take what is purged now for what it has carried out.
    for purge in ["purge {GROUP} --title second", "remove --group {GROUP} --title second"] {
        let line = format!("content {}", purge.replace("{GROUP}", GROUP));
        let refused = cdn.fleet_ok(&line).await.err().context("it was purged")?;
        ensure!(format!("{refused:#}").contains("fleet ca change --new-epoch"), "{refused:#}");
    }
    // It counts on, up to the number that the box has: another content, and nobody moves.
    while issued_number(&cdn).await? < before.number {
        let number = issued_number(&cdn).await?;
        cdn.add_title(&format!("again-{number}"), &content(4)).await?;
        let counts = async |cdn: &SmallCdn| issued_number(cdn).await.is_ok_and(|it| it > number);
        cdn.until("it counts on", counts).await?;
    }
    let is_another = async |cdn: &SmallCdn| doubts(cdn).await.contains("another ");
    cdn.until("it sees that the number is another's", is_another).await?;
    ensure!(in_force(&cdn, Kind::Manifest).await == Some(before), "it has moved");

    new_epoch(&cdn).await?;
    for kind in [Kind::Manifest, Kind::Sources, Kind::Tombstones] {
        let follows =
            async |cdn: &SmallCdn| in_force(cdn, kind).await.is_some_and(|it| it.epoch == 2);
        cdn.until("it follows", follows).await?;
    }
    cdn.until("what nobody lists is gone", async |cdn| serves(cdn, "third", 404).await).await?;
    ensure!(cdn.ask(0, &path(1)).await.context("an answer")?.body == content(1));
    cdn.until("no doubt is left", async |cdn| doubts(cdn).await.is_empty()).await?;
    // And on from there, also after a start of the box.
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box(0).await?;
    ensure!(in_force(&cdn, Kind::Manifest).await.is_some_and(|it| it.epoch == 2));
    cdn.add_title("fourth", &content(5)).await?;
    cdn.until("it holds the fourth", async |cdn| serves(cdn, "fourth", 200).await).await?;
    let now = in_force(&cdn, Kind::Manifest).await;
    ensure!(now.is_some_and(|it| it.epoch == 2 && it.number > 1), "{now:?}");

    // A backup from before the epoch: the next is one that no box has seen.
    cdn.fleet.take().context("it runs")?.kill().await?;
    std::fs::remove_dir_all(&folder)?;
    copy(&backup, &folder)?;
    cdn.start_fleet().await?;
    cdn.until("it doubts", async |cdn| doubts(cdn).await.contains("fleet ca change --new-epoch"))
        .await?;
    new_epoch(&cdn).await?;
    let follows =
        async |cdn: &SmallCdn| in_force(cdn, Kind::Manifest).await.is_some_and(|it| it.epoch == 3);
    cdn.until("it follows again", follows).await
}

async fn new_epoch(cdn: &SmallCdn) -> Result<()> {
    let root = cdn.root_folder();
    cdn.fleet_ok(&format!("ca change --new-epoch --root {}", root.display())).await
}

/// The number of the manifest that the fleet has issued last.
async fn issued_number(cdn: &SmallCdn) -> Result<u64> {
    let status = cdn.fleet_json("status").await?;
    let documents = status["items"][0]["documents"].as_array().cloned().unwrap_or_default();
    let manifest = documents.iter().find(|document| document["kind"] == "manifest");
    let issued = manifest.and_then(|it| it["issued"].as_str()).context("an issued manifest")?;
    Ok(issued.split_once('.').context("a generation")?.1.parse()?)
}
