//! Who knocks at which listener, with which identity, and who is let in: nobody who is none of ours,
//! and nobody with something that is for another purpose.

use anyhow::{Context, Result, ensure};
use contract::config::ADMIN_SOCKET_DRAFT;
use contract::exchange::FLEET_IDENTITY_NAME;
use contract::join::{JOIN_PATH, JoinToken, TRUST_PATH};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tests::operator::{front_ca, players_ca};
use tests::process::Daemon;
use tests::small_cdn::{BOXES, Plan, SmallCdn};
use tokio::process::Command;

/// Not let in: the connection ends before anything is answered.
const SHUT: u16 = 0;

/// The same by nginx, which says so whatever is asked for.
const NOBODY: u16 = 400;

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

/// Where boxes and machines talk to the fleet, boxes to one another and to their origin.
fn doors(cdn: &SmallCdn) -> [Door; 3] {
    let [_, peer] = cdn.ports_of(0);
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
    let origin = Door {
        name: "127.0.0.1".to_owned(),
        address: cdn.origin_address(),
        path: "/none",
        posts: false,
    };
    [control, peer, origin]
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
        let shut = if door.address == cdn.origin_address() { NOBODY } else { SHUT };
        ensure!(ours != shut, "{}: shut to a box of this fleet", door.name);
        let others = [
            ("nothing", None),
            ("the identity of a box of another fleet", Some(of_box(&other, 0, "identity.pem"))),
            ("what boxes show to viewers", Some(of_box(&cdn, 1, "player.pem"))),
        ];
        for (what, shown) in others {
            let status = door.status(shown.as_deref()).await?;
            ensure!(status == shut, "{}: {status} for {what}", door.name);
        }
    }
    Ok(())
}

#[tokio::test]
async fn machines_are_told_whom_to_believe_and_nothing_else_without_a_token() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let token: JoinToken = cdn.operator.join_token(BOXES[0]).await?.parse()?;
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

/// Every path that is in the API's own description, asked for by each of its methods.
async fn described(cdn: &SmallCdn) -> Result<Vec<(String, String)>> {
    let document: Value = serde_json::from_str(&cdn.operator.fleet(["openapi"]).await?)?;
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().context("paths")? {
        let path = path.replace(['{', '}'], "");
        let methods = methods.as_object().context("methods")?.keys();
        all.extend(methods.map(|method| (method.to_ascii_uppercase(), path.clone())));
    }
    Ok(all)
}

#[tokio::test]
async fn the_api_tells_and_does_nothing_for_who_is_not_known() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let front = front_ca(&cdn.fleet_folder());
    let status = async |method: &str, path: &str, token: Option<&str>| -> Result<u16> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--cacert"]);
        curl.arg(&front).args(["-X", method, "--json", "{}"]);
        if let Some(token) = token {
            curl.args(["-H", &format!("Authorization: Bearer {token}")]);
        }
        let url = format!("https://{}{path}", cdn.fleet_address());
        String::from_utf8(curl.arg(url).output().await?.stdout)?.parse().context("a status")
    };
    let mut all = described(&cdn).await?;
    ensure!(all.len() > 20, "{all:?}");
    all.push(("GET".to_owned(), "/api/v1/openapi.json".to_owned()));
    for (method, path) in &all {
        let refused = [None, Some("0".repeat(64)), Some(String::new())];
        for token in refused {
            let status = status(method, path, token.as_deref()).await?;
            // Who wants to log in is read.
            let expected = if path == "/api/v1/sessions" { 422 } else { 401 };
            ensure!(status == expected, "{method} {path}: {status} for {token:?}");
        }
    }
    let token = std::fs::read_to_string(cdn.fleet_folder().join("operator.token"))?;
    ensure!(status("POST", "/api/v1/sites", Some(token.trim())).await? == 422, "it is read");
    Ok(())
}

#[tokio::test]
async fn people_and_players_are_shown_who_the_fleet_is() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let other = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let url = format!("https://{}/healthz", cdn.fleet_address());
    let believing = async |file: &Path| -> Result<Option<i32>> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-m", "10", "-o", "/dev/null", "--cacert"]).arg(file).arg(&url);
        Ok(curl.output().await?.status.code())
    };
    const NOT_BELIEVED: i32 = 60;
    ensure!(believing(&front_ca(&cdn.fleet_folder())).await? == Some(0));
    ensure!(believing(&front_ca(&other.fleet_folder())).await? == Some(NOT_BELIEVED));
    ensure!(believing(&players_ca(&cdn.root_folder())).await? == Some(NOT_BELIEVED));
    // The command says the same, and what would help.
    let theirs = format!("--ca-file={}", front_ca(&other.fleet_folder()).display());
    let refused = cdn.operator.outcome([&theirs, "site", "list"]).await?;
    let said = String::from_utf8(refused.stderr)?;
    ensure!(!refused.status.success() && said.contains("is not the fleet manager"), "{said}");
    // Who does not speak TLS is told to.
    let plain = url.replace("https://", "http://");
    let out = Command::new("curl").args(["-s", "-m", "10", &plain]).output().await?;
    let said = String::from_utf8(out.stdout)?;
    ensure!(said == "This is HTTPS: begin with https:// here.\n", "{said}");
    Ok(())
}

#[tokio::test]
async fn a_box_says_how_it_is_to_root_and_its_owner_alone() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root can ask as somebody else");
        return Ok(());
    }
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let socket = cdn.admin_socket(0);
    // All that leads there is open, so that it is the socket that refuses.
    let above = socket.ancestors().skip(1).take_while(|folder| folder.starts_with("/tmp/"));
    for folder in above {
        std::fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    let asked = async |user: &str| -> Result<Option<i32>> {
        let mut curl = Command::new("setpriv");
        curl.args([&format!("--reuid={user}"), "--clear-groups", "curl", "-sf", "-m", "10"]);
        curl.args(["-o", "/dev/null", "--unix-socket"]).arg(&socket).arg("http://box/status");
        Ok(curl.output().await?.status.code())
    };
    const CANNOT_CONNECT: i32 = 7;
    ensure!(asked("0").await? == Some(0));
    ensure!(asked("65534").await? == Some(CANNOT_CONNECT));
    Ok(())
}

/// Where a process listens, by any protocol: addresses, and files.
async fn listens(process: Option<&Daemon>) -> Result<BTreeSet<String>> {
    let pid = format!("pid={},", process.context("it runs")?.pid()?);
    let out = Command::new("ss").args(["-H", "-l", "-n", "-p", "-t", "-u", "-x"]).output().await?;
    let all = String::from_utf8(out.stdout)?;
    let its = all.lines().filter(|line| line.contains(&pid));
    Ok(its.filter_map(|line| line.split_whitespace().nth(4)).map(str::to_owned).collect())
}

/// Whoever listens is one of those above, or speaks to viewers, for whom it is there.
#[tokio::test]
async fn nobody_listens_who_is_not_known_here() -> Result<()> {
    let cdn = SmallCdn::start_with(Plan { one_box: true, ..Plan::default() }).await?;
    let token: JoinToken = cdn.operator.join_token(BOXES[0]).await?.parse()?;
    let known = [cdn.fleet_address(), cdn.control_address(), token.address];
    let known: BTreeSet<_> = known.iter().map(ToString::to_string).collect();
    let found = listens(cdn.fleet.as_ref()).await?;
    ensure!(found == known, "the fleet listens at {found:?}, not {known:?}");
    let ports = cdn.ports_of(0).map(|port| format!("127.0.0.1:{port}"));
    // The kernel goes on calling it what it was called at first.
    let admin = format!("{}{ADMIN_SOCKET_DRAFT}", cdn.admin_socket(0).display());
    let known: BTreeSet<_> = ports.into_iter().chain([admin]).collect();
    let found = listens(cdn.boxes[0].as_ref()).await?;
    ensure!(found == known, "a box listens at {found:?}, not {known:?}");
    let known = [cdn.origin_address().to_string()].into();
    let found = listens(cdn.origin.as_ref()).await?;
    ensure!(found == known, "the origin listens at {found:?}, not {known:?}");
    Ok(())
}
