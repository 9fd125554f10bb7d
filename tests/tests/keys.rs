//! Keys take over from one another while a box serves: it follows the root, is told with the new
//! key, believes what it was told with the old one for as long as the root lets it, and no longer.

// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use anyhow::{Context, Result, ensure};
use ca::Ca;
use contract::envelope::{Envelope, Header, Kind, Role};
use contract::trust::Trust;
use serde_json::Value;
use std::time::SystemTime;
use tests::false_fleet::FalseFleet;
use tests::process::output;
use tests::small_cdn::{Plan, SmallCdn, content, path};

async fn one_box() -> Result<SmallCdn> {
    SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await
}

/// `fleet ca change` with the root at hand.
async fn change(cdn: &SmallCdn, wishes: &str) -> Result<()> {
    cdn.fleet_ok(&format!("ca change --root {} {wishes}", cdn.root_folder().display())).await
}

async fn follows(cdn: &SmallCdn, version: u64) -> Result<()> {
    let hears = async |cdn: &SmallCdn| {
        cdn.report(0).await.is_ok_and(|report| report.trust.version == version)
    };
    cdn.until(&format!("the box follows version {version}"), hears).await
}

/// The keys of a role and their states, as `fleet ca show` has them, oldest first.
async fn keys(cdn: &SmallCdn, role: &str) -> Result<Vec<(String, String)>> {
    let shown = cdn.fleet_json("ca show").await?;
    let keys = shown["keys"].as_array().context("keys")?.iter();
    let text = |key: &Value, name: &str| key[name].as_str().map(str::to_owned);
    let of_role = keys.filter(|key| key["role"] == role);
    of_role.map(|key| text(key, "id").zip(text(key, "state")).context("a key")).collect()
}

fn kept(cdn: &SmallCdn, kind: Kind) -> Result<Envelope> {
    let file = cdn.state_folder(0).join(format!("documents/{kind}.json"));
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

async fn holds(cdn: &SmallCdn, title: &str, number: u8) -> Result<()> {
    cdn.add_title(title, &content(number)).await?;
    let url = format!("/{title}/seg-1.m4s");
    cdn.until("it holds it", async |cdn| cdn.status(0, &url).await == 200).await
}

async fn restart_alone(cdn: &mut SmallCdn) -> Result<()> {
    cdn.fleet.take().context("it runs")?.kill().await?;
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box(0).await
}

#[tokio::test]
async fn a_key_for_documents_takes_over_from_another() -> Result<()> {
    let mut cdn = one_box().await?;
    let old = kept(&cdn, Kind::Manifest)?;
    change(&cdn, "--rotate control").await?;
    follows(&cdn, 2).await?;
    holds(&cdn, "second", 2).await?;
    let [(old_id, older), (new_id, newest)] = &keys(&cdn, "control").await?[..] else {
        anyhow::bail!("two keys are expected");
    };
    ensure!((older.as_str(), newest.as_str()) == ("older", "newest"));
    ensure!(old.key_id == *old_id && kept(&cdn, Kind::Manifest)?.key_id == *new_id);
    // Nothing that was purged is told anew: what the old key has signed is in force still.
    ensure!(kept(&cdn, Kind::Tombstones)?.key_id == *old_id);

    change(&cdn, &format!("--retire {old_id}")).await?;
    follows(&cdn, 3).await?;
    restart_alone(&mut cdn).await?;
    let answer = cdn.ask(0, &path(1)).await.context("an answer")?;
    ensure!(answer.body == content(1), "it has forgotten what it was told");
    let states = cdn.report(0).await?.documents;
    let tombstones = states.iter().find(|state| state.kind == Kind::Tombstones);
    ensure!(tombstones.is_some_and(|it| it.in_force.is_some()), "{states:?}");

    // Whoever has the old key, and the fleet's own authority.
    let ca = Ca::open(&cdn.fleet_folder().join("ca"), SystemTime::now())?;
    let signed = ca::RootFolder::open(&cdn.root_folder())?.signed()?;
    let said: Vec<Trust> = signed.iter().map(|it| it.read()).collect::<Result<_, _>>()?;
    let stolen = ca.signing_key(Role::Control, &said[0])?;
    ensure!(stolen.id() == old_id);
    let now = kept(&cdn, Kind::Manifest)?;
    let mut header: Header = now.header.clone();
    header.generation.number += 1;
    let lie = Envelope::seal(header, &now.body, &stolen)?;
    let liar = FalseFleet::start(cdn.control_address(), &ca, &said[2]).await?;
    liar.says(vec![lie]);
    is_refused(&cdn, "has been retired").await?;
    drop(liar);
    cdn.start_fleet().await?;
    change(&cdn, &format!("--drop {old_id}")).await?;
    follows(&cdn, 4).await?;
    holds(&cdn, "third", 3).await
}

async fn is_refused(cdn: &SmallCdn, reason: &str) -> Result<()> {
    let refused = async |cdn: &SmallCdn| {
        let Ok(report) = cdn.report(0).await else { return false };
        let mut refused = report.documents.iter().filter_map(|it| it.refused.as_ref());
        refused.any(|(_, why)| why.contains(reason))
    };
    cdn.until(&format!("it is refused: {reason}"), refused).await
}

#[tokio::test]
async fn the_root_itself_is_replaced() -> Result<()> {
    let cdn = one_box().await?;
    let (first, second) = (cdn.root_folder(), cdn.root_folder().with_extension("second"));
    let [draft, half, whole] =
        ["draft", "half", "whole"].map(|name| cdn.root_folder().with_extension(name));
    let (first, second) = (first.display(), second.display());
    let (draft, half, whole) = (draft.display(), half.display(), whole.display());
    cdn.fleet_ok(&format!("ca root new {second} --keys 3")).await?;
    let public = (1..=3).map(|number| format!("--root-key {second}/root-{number}.pub"));
    let public: Vec<String> = public.collect();
    cdn.fleet_ok(&format!("ca draft --out {draft} --threshold 2 {}", public.join(" "))).await?;
    cdn.fleet_ok(&format!("ca root sign {draft} --root {second} --out {half}")).await?;
    let refused = cdn.fleet_ok(&format!("ca install {half}")).await.err().context("half signed")?;
    ensure!(format!("{refused:#}").contains("signed by 0 of the 1"), "{refused:#}");
    cdn.fleet_ok(&format!("ca root sign {half} --root {first} --out {whole}")).await?;
    cdn.fleet_ok(&format!("ca install {whole}")).await?;
    follows(&cdn, 2).await?;
    // The old root has nothing more to say.
    let refused = change(&cdn, "--rotate control").await.err().context("the old root")?;
    ensure!(format!("{refused:#}").contains("is one of the root's"), "{refused:#}");
    cdn.fleet_ok(&format!("ca change --root {second} --rotate control")).await?;
    follows(&cdn, 3).await?;
    holds(&cdn, "second", 2).await
}

/// Who has issued what a box shows, by its PEM file.
async fn issuer(cdn: &SmallCdn, at: usize, file: &str) -> Result<String> {
    let file = cdn.config(at).with_file_name(file);
    let args = ["x509", "-noout", "-issuer", "-in"].map(Into::into);
    output("openssl", args.into_iter().chain([file.into_os_string()])).await
}

#[tokio::test]
async fn authorities_are_replaced_in_the_middle_of_traffic() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan::default()).await?;
    let before = [issuer(&cdn, 0, "identity.pem").await?, issuer(&cdn, 0, "player.pem").await?];
    // Somebody watches all the while, and no request of his fails.
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let watching = async {
        let mut asked = 0;
        while !*stopped.borrow() {
            // Whom he believes is not what this is about.
            let answer = cdn.ask_with(0, &path(1), &["-k"]).await;
            ensure!(answer.is_some_and(|it| it.status == 200), "question {asked} failed");
            asked += 1;
        }
        Ok(asked)
    };
    let replacing = async {
        let replaced = replace_authorities(&cdn, &before).await;
        stop.send_replace(true);
        replaced
    };
    let (asked, replaced) = tokio::join!(watching, replacing);
    replaced?;
    ensure!(asked? > 50, "hardly anybody watched");
    Ok(())
}

async fn replace_authorities(cdn: &SmallCdn, before: &[String; 2]) -> Result<()> {
    change(cdn, "--rotate boxes --rotate players").await?;
    for at in [0, 1] {
        for (file, before) in ["identity.pem", "player.pem"].into_iter().zip(before) {
            let is_new =
                async |cdn: &SmallCdn| issuer(cdn, at, file).await.is_ok_and(|now| now != *before);
            cdn.until(&format!("box {at} has another {file}"), is_new).await?;
        }
    }
    cdn.operator.tell_viewers(&cdn.root_folder()).await?;
    // Each box still gets from the other what it is to have.
    holds(cdn, "second", 2).await?;
    let old = async |role| Ok::<_, anyhow::Error>(keys(cdn, role).await?[0].0.clone());
    let (boxes, players) = (old("boxes").await?, old("players").await?);
    change(cdn, &format!("--drop {boxes} --drop {players}")).await?;
    for at in [0, 1] {
        let hears = async |cdn: &SmallCdn| {
            cdn.report(at).await.is_ok_and(|report| report.trust.version == 3)
        };
        cdn.until(&format!("box {at} hears of it"), hears).await?;
    }
    cdn.add_title("third", &content(3)).await?;
    for at in [0, 1] {
        let holds = async |cdn: &SmallCdn| cdn.status(at, "/third/seg-1.m4s").await == 200;
        cdn.until(&format!("box {at} is told and filled"), holds).await?;
    }
    Ok(())
}
