//! Headend comes onto its machines: the fleet manager begins, is told what there is, and every box
//! enrols on its own machine.

use super::wait_for;
use crate::lab::Lab;
use crate::lab::machine::Machine;
use crate::lab::topology::{Cdn as Intent, Group, Site};
use crate::operator::{Appliance, Operator, join_args};
use crate::process::output;
use anyhow::{Context, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The console, the API, steering.
const FLEET_PORT: u16 = 7080;
/// Where boxes report.
const CONTROL_PORT: u16 = 7443;
/// Where machines become boxes.
const JOIN_PORT: u16 = 7444;
/// Where viewers connect.
const PLAYER_PORT: u16 = 443;
/// Where siblings connect.
const PEER_PORT: u16 = 8443;

/// Short, so that what happens shows at once; a real fleet asks every 10 seconds.
const TIMES: &str = "--report-interval-s=1 --steering-ttl-s=3";

/// Where the box keeps what it was given at enrolment.
pub(super) const ENROLMENT: &str = "/etc/headend";

/// Where the token is with which a machine joins.
const TOKEN: &str = "/root/join.token";

/// The root is on no machine of the lab.
pub(super) fn root_folder(lab: &Lab) -> PathBuf {
    lab.folder().join("root-keys")
}

/// Puts every machine to work; the operator stays.
pub(super) async fn install(lab: &Lab) -> Result<Operator> {
    let cdn = lab.topology.cdn.as_ref().context("this topology has no `cdn`")?;
    start_fleet(lab, cdn).await?;
    let operator = operator(lab, cdn)?;
    wait_for("the fleet manager answers", async || operator.fleet(["status"]).await.is_ok())
        .await?;
    operator.init(&root_folder(lab)).await?;
    describe(lab, cdn, &operator).await?;
    for (name, site) in &cdn.sites {
        // Who has installed a bare machine is the one to make a box of it.
        let is_bare = |name: &str| lab.topology.machines.get(name).is_some_and(|it| it.value.bare);
        for appliance in site.appliances.iter().filter(|it| !is_bare(&it.value)) {
            enroll(lab, cdn, &operator, (name, site), &appliance.value).await?;
        }
    }
    offer_packages(lab, cdn).await?;
    Ok(operator)
}

/// The origin is a mirror of Debian's as well, for bare machines.
async fn offer_packages(lab: &Lab, cdn: &Intent) -> Result<()> {
    let Some(mirror) = &lab.mirror else { return Ok(()) };
    let origin = lab.machine(&cdn.origin.value)?.folder.root().join("srv/origin");
    std::fs::create_dir_all(&origin)?;
    let (from, to) = (mirror.as_os_str(), origin.join("debian"));
    output("cp", ["-dR".as_ref(), from, to.as_os_str()]).await.map(drop)
}

async fn start_fleet(lab: &Lab, cdn: &Intent) -> Result<()> {
    let machine = lab.machine(&cdn.fleet.value)?;
    let mut args = TIMES.to_owned();
    for address in on_backbone(lab, cdn, &machine.name).chain([Ipv4Addr::LOCALHOST.into()]) {
        args += &format!(" --listen={}", SocketAddr::new(address, FLEET_PORT));
    }
    for address in on_backbone(lab, cdn, &machine.name) {
        args += &format!(" --control={}", SocketAddr::new(address, CONTROL_PORT));
        args += &format!(" --join={}", SocketAddr::new(address, JOIN_PORT));
    }
    let file = machine.folder.root().join("etc/headend/fleet.env");
    std::fs::create_dir_all(file.parent().context("a folder")?)?;
    std::fs::write(file, format!("FLEET_ARGS={args}\n"))?;
    machine.run(["systemctl", "start", "fleet"]).await.map(drop)
}

fn on_backbone<'a>(
    lab: &'a Lab,
    cdn: &'a Intent,
    device: &'a str,
) -> impl Iterator<Item = IpAddr> + 'a {
    lab.topology.addresses(device, &cdn.backbone.value)
}

/// The address by which others are told of a device.
pub(super) fn address(lab: &Lab, cdn: &Intent, device: &str) -> Result<IpAddr> {
    on_backbone(lab, cdn, device).next().context("an address on the backbone")
}

fn token_file(fleet: &Machine) -> PathBuf {
    fleet.folder.root().join("var/lib/fleet/operator.token")
}

/// One who works on the fleet's machine, with the programs and files of this one: titles are
/// read where the origin has them.
fn operator(lab: &Lab, cdn: &Intent) -> Result<Operator> {
    let machine = lab.machine(&cdn.fleet.value)?;
    let url = format!("https://127.0.0.1:{FLEET_PORT}");
    let program = lab.programs.join("fleet");
    Ok(Operator::new(&lab.at(&machine.name)?, &program, &url, &token_file(machine)))
}

async fn describe(lab: &Lab, cdn: &Intent, operator: &Operator) -> Result<()> {
    for (name, Site { latitude, longitude, viewers, .. }) in &cdn.sites {
        let prefixes = lab.topology.networks.get(&viewers.value).into_iter().flatten();
        let prefixes = prefixes.map(|prefix| prefix.value);
        operator.create_site(name, (*latitude, *longitude), prefixes).await?;
    }
    let origin = SocketAddr::new(address(lab, cdn, &cdn.origin.value)?, 80);
    for (name, Group { owner, host_pattern }) in &cdn.groups {
        let origin = format!("http://{origin}/{name}");
        operator.create_group(name, owner, host_pattern, &origin, None).await?;
    }
    Ok(())
}

/// Tells the fleet of a box, and has it enrol on its own machine and begin.
async fn enroll(
    lab: &Lab,
    cdn: &Intent,
    operator: &Operator,
    (site_name, site): (&str, &Site),
    name: &str,
) -> Result<()> {
    let players = lab.topology.addresses(name, &site.viewers.value);
    let appliance = Appliance {
        name,
        site: site_name,
        players: players.map(|address| SocketAddr::new(address, PLAYER_PORT)).collect(),
        peer: SocketAddr::new(address(lab, cdn, name)?, PEER_PORT),
        disks: vec!["/var/lib/headend/disk0:nvme:2GiB".to_owned()],
        ram: "64MiB",
        state_folder: "/var/lib/headend/state".into(),
        access_log_folder: "/var/log/headend".into(),
    };
    operator.create_appliance(&appliance).await?;
    let machine = lab.machine(name)?;
    let here = machine.folder.root().join(&TOKEN[1..]);
    std::fs::write(&here, operator.join_token(name).await?)?;
    let args = join_args(name, TOKEN.as_ref(), ENROLMENT.as_ref(), []);
    machine.run(["appliance".to_owned()].into_iter().chain(args)).await?;
    std::fs::remove_file(here)?;
    // Done when it says that it serves.
    machine.run(["systemctl", "start", "appliance"]).await.map(drop)
}
