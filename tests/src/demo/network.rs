//! A network of our own: loopback in a namespace, where packets may be dropped and the
//! viewer's address be chosen without touching the machine's own rules.

use crate::process::output;
use anyhow::{Context, Result};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Set in the process that runs inside the namespace.
const INSIDE: &str = "HEADEND_DEMO_NAMESPACE";

/// Starts this very program again inside a new network namespace and becomes it. Returns
/// only inside.
///
/// # Errors
/// When the kernel does not allow a namespace.
pub fn enter() -> Result<()> {
    if std::env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let mut unshare = Command::new("unshare");
    unshare.arg("--net");
    if !nix::unistd::geteuid().is_root() {
        unshare.args(["--user", "--map-root-user"]);
    }
    let failed = unshare
        .arg("--")
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    Err(failed).context("cannot run `unshare --net`")
}

/// Brings loopback up, and gives the browser the address of a viewer of site A.
///
/// # Errors
/// When `ip` fails.
pub async fn prepare(viewer: &str) -> Result<()> {
    output("ip", ["link", "set", "lo", "up"]).await?;
    // Whoever connects to 127.0.0.1 without choosing an address of his own comes from here.
    let route = "route replace local 127.0.0.1 dev lo table local proto kernel scope host src";
    output("ip", route.split(' ').chain([viewer])).await?;
    // With loopback alone Chromium calls itself offline, and players wait for a network.
    // An address out of the range for documentation, on a cable that leads nowhere.
    for link in ["add demo0 type veth peer name demo1", "set demo0 up", "set demo1 up"] {
        output("ip", ["link"].into_iter().chain(link.split(' '))).await?;
    }
    output("ip", ["address", "add", "192.0.2.1/24", "dev", "demo0"]).await?;
    for rule in [
        "add table inet demo",
        "add set inet demo silent { type inet_service; }",
        "add chain inet demo in { type filter hook input priority 0; }",
        "add rule inet demo in tcp dport @silent drop",
        "add rule inet demo in tcp sport @silent drop",
    ] {
        output("nft", [rule]).await?;
    }
    Ok(())
}

/// Drops every packet to and from these ports: what a power cut looks like from outside.
///
/// # Errors
/// When nft fails.
pub async fn silence(ports: &[u16]) -> Result<()> {
    let list: Vec<String> = ports.iter().map(u16::to_string).collect();
    output("nft", [format!("add element inet demo silent {{ {} }}", list.join(", "))]).await?;
    Ok(())
}

/// Lets all packets pass again.
///
/// # Errors
/// When nft fails.
pub async fn unsilence() -> Result<()> {
    output("nft", ["flush set inet demo silent"]).await?;
    Ok(())
}
