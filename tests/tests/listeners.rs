//! Who knocks at which listener, with which identity, and who is let in: nobody who is none of ours,
//! and nobody with something that is for another purpose.

use anyhow::{Context, Result, ensure};
use contract::exchange::FLEET_IDENTITY_NAME;
use contract::join::{JOIN_PATH, TRUST_PATH};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tests::small_cdn::{BOXES, Plan, SmallCdn};
use tokio::process::Command;

/// Not let in: the connection ends before anything is answered.
const SHUT: u16 = 0;

/// A place where somebody listens.
struct Door {
    name: String,
    address: SocketAddr,
    path: &'static str,
    /// Whether something is sent.
    posts: bool,
}

impl Door {
    /// The answer's status to whoever shows this; [`SHUT`] for none.
    async fn status(&self, shown: Option<&Path>) -> Result<u16> {
        let Self { name, address, path, posts } = self;
        let mut curl = Command::new("curl");
        // Whom it believes is not asked here.
        curl.args(["-s", "-k", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}"]);
        curl.args(["--resolve", &format!("{name}:{}:{}", address.port(), address.ip())]);
        if let Some(shown) = shown {
            curl.arg("--cert").arg(shown).arg("--key").arg(shown);
        }
        if *posts {
            curl.args(["--json", "{}"]);
        }
        let out = curl.arg(format!("https://{name}:{}{path}", address.port())).output().await?;
        String::from_utf8(out.stdout)?.parse().context("a status")
    }
}

/// Where boxes and machines talk to the fleet, and boxes to one another.
fn doors(cdn: &SmallCdn) -> [Door; 2] {
    let [_, peer, _] = cdn.ports_of(0);
    let control = Door {
        name: FLEET_IDENTITY_NAME.to_owned(),
        address: cdn.control_address(),
        path: contract::certificates::CERTIFICATE_PATH,
        posts: true,
    };
    let peer = Door {
        name: format!("{}.box.internal", BOXES[0]),
        address: ([127, 0, 0, 1], peer).into(),
        path: "/none",
        posts: false,
    };
    [control, peer]
}

fn of_box(cdn: &SmallCdn, at: usize, file: &str) -> PathBuf {
    cdn.config(at).with_file_name(file)
}

#[tokio::test]
async fn between_machines_only_identities_of_this_fleet_open_a_door() -> Result<()> {
    let cdn = SmallCdn::start().await?;
    let other = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let certified = async |cdn: &SmallCdn| cdn.status(0, "/").await != 0;
    cdn.until("boxes serve", certified).await?;
    for door in doors(&cdn) {
        let ours = door.status(Some(&of_box(&cdn, 1, "identity.pem"))).await?;
        ensure!(ours != SHUT, "{}: shut to a box of this fleet", door.name);
        let others = [
            ("nothing", None),
            ("the identity of a box of another fleet", Some(of_box(&other, 0, "identity.pem"))),
            ("what boxes show to viewers", Some(of_box(&cdn, 1, "player.pem"))),
        ];
        for (what, shown) in others {
            let status = door.status(shown.as_deref()).await?;
            ensure!(status == SHUT, "{}: {status} for {what}", door.name);
        }
    }
    Ok(())
}

#[tokio::test]
async fn machines_are_told_whom_to_believe_and_nothing_else_without_a_token() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let token: contract::join::JoinToken = cdn.operator.join_token(BOXES[0]).await?.parse()?;
    let door = |path, posts| Door {
        name: FLEET_IDENTITY_NAME.to_owned(),
        address: token.address,
        path,
        posts,
    };
    ensure!(door(TRUST_PATH, false).status(None).await? == 200);
    let refused = door(JOIN_PATH, true).status(None).await?;
    ensure!((400..500).contains(&refused), "{refused} without a token");
    let certificate = door(contract::certificates::CERTIFICATE_PATH, true);
    ensure!(certificate.status(Some(&of_box(&cdn, 0, "identity.pem"))).await? == 404);
    Ok(())
}

#[tokio::test]
async fn the_fleet_is_changed_by_its_operator_alone() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let url = format!("http://{}/api/v1/sites", cdn.fleet_address());
    let status = async |token: Option<&str>| -> Result<u16> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--json", "{}"]);
        if let Some(token) = token {
            curl.args(["-H", &format!("Authorization: Bearer {token}")]);
        }
        let out = curl.arg(&url).output().await?;
        String::from_utf8(out.stdout)?.parse().context("a status")
    };
    let token = std::fs::read_to_string(cdn.fleet_folder().join("operator.token"))?;
    ensure!(status(None).await? == 401);
    ensure!(status(Some(&"0".repeat(64))).await? == 403);
    ensure!(status(Some(token.trim())).await? == 422, "it is read what he wants");
    Ok(())
}
