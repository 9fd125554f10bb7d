//! A bare Debian machine becomes a box that serves, by one command: `ansible/`, over SSH, in the lab.
//! It takes root, and what `setup/packages.txt` lists; without them this says so and passes, but not
//! in CI.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::path::Path;
use tests::lab::cdn::{Cdn, wait_for};
use tests::lab::content::Size;
use tests::lab::controller::Controller;
use tests::lab::topology::Topology;
use tests::lab::{Lab, may_run};

const LAB: &str = env!("CARGO_BIN_EXE_lab");

const PLAYBOOK: &str = "appliance.yml";
const BOX: &str = "oca1.site-a";
const TITLE: (&str, &str) = ("studio-a", "first");
const SIZE: Size = Size { segments: 4, segment_bytes: 256 << 10 };

/// `systemd-analyze security` gives 0 to what can do nothing, 10 to what can do everything. Half of
/// what is left is that it has the network, which is what it is for.
const MOST_EXPOSURE: f64 = 2.0;

/// The provider's router: it speaks BGP, and tells the time.
const ROUTER: &str = "router";

/// One more disk, with somebody's photographs. It goes on where the facts of the topology end.
const NOT_EMPTY: &str = "  - { name: hdd1, device: /dev/disk/by-id/lab-vdc, class: hdd }\n";

/// What changes by looking (who was here, where Ansible keeps what is on its way), and what services
/// write that run.
const NOT_LOOKED_AT: &str = "-path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \
    -o -path /var/log -o -path '*/.ansible' -o -path '/disks/*' -o -path '/var/lib/headend/*' \
    -o -path '/var/lib/chrony/*'";

/// As which box it takes certificates of people.
const PRINCIPALS: &str = "/etc/ssh/headend-principals";

/// Disks that nobody has mounted.
const DISKS: [&str; 4] = ["md5sum", "/dev/vda", "/dev/vdb", "/dev/vdc"];

struct Place {
    cdn: Cdn,
    controller: Controller,
}

impl Place {
    async fn run<const N: usize>(&self, words: [&str; N]) -> Result<String> {
        self.cdn.lab.machine(BOX)?.run(words).await
    }

    /// Every file, with its mode and owner, and when it was last written or changed otherwise: nobody
    /// can set that back. The times of a folder say nothing that its files do not.
    async fn files(&self) -> Result<BTreeMap<String, String>> {
        let but = format!("find / \\( {NOT_LOOKED_AT} \\) -prune -o");
        let (folders, others) =
            (r"-type d -printf '%p\t%M %u %g\n'", r"-printf '%p\t%M %u %g %C@ %l\n'");
        let list = format!("{but} {folders} -o {others}");
        let text = self.run(["sh", "-c", &list]).await?;
        let line = |line: &str| {
            let (path, what) = line.split_once('\t')?;
            Some((path.to_owned(), what.to_owned()))
        };
        Ok(text.lines().filter_map(line).collect())
    }
}

/// Nothing may differ.
fn compare(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Result<()> {
    let paths =
        before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path));
    let differ: Vec<_> = paths.map(|path| (path, before.get(path), after.get(path))).collect();
    ensure!(differ.is_empty(), "check mode has changed {differ:?}");
    Ok(())
}

#[tokio::test]
async fn a_bare_machine_becomes_a_box_by_one_command() -> Result<()> {
    if !may_run()? {
        return Ok(());
    }
    let programs = Path::new(LAB).parent().context("a folder")?;
    let lab = Lab::start(Topology::read("bare")?, programs).await?;
    let mut cdn = Cdn::start(lab).await?;
    cdn.publish(TITLE.0, TITLE.1, 1, SIZE).await?;
    let controller = Controller::new(&cdn, BOX).await?;
    let mut place = Place { cdn, controller };

    nothing_is_formatted_that_is_not_empty(&mut place).await?;
    let disks = place.run(DISKS).await?;
    checking_changes_nothing(&place).await?;
    ensure!(disks == place.run(DISKS).await?, "check mode has written to a disk");
    place.controller.play_well(PLAYBOOK, &[]).await?;
    serves(&place).await?;
    is_locked_up(&place).await?;
    hears_from_the_provider(&place).await?;
    people_come_by_certificate(&mut place).await?;
    let again = place.controller.play_well(PLAYBOOK, &[]).await?;
    ensure!(again.count("changed") == 0, "the second run has changed something: {again}");
    nobody_is_locked_out(&mut place).await?;
    place.cdn.lab.machine_mut(BOX)?.reboot().await?;
    serves(&place).await?;
    let checked = checking_changes_nothing(&place).await?;
    ensure!(checked == 0, "after a reboot {checked} things are not as they should be");
    keys_may_go(&mut place).await?;

    place.cdn.lab.stop_and_leave_nothing().await
}

/// A disk that has something on it is refused, and the others are left alone with it.
async fn nothing_is_formatted_that_is_not_empty(place: &mut Place) -> Result<()> {
    place.run(["mkfs.ext4", "-q", "-L", "photographs", "/dev/vdc"]).await?;
    place.controller.say_also(NOT_EMPTY)?;
    let before = (place.files().await?, place.run(DISKS).await?);
    let refused = place.controller.play(PLAYBOOK, &["--check"]).await?;
    let says = ["lab-vdc (hdd1) is not empty: ext4 photographs", "wipefs --all"];
    ensure!(!refused.is_well() && says.iter().all(|it| refused.said.contains(it)), "{refused}");
    compare(&before.0, &place.files().await?)?;
    ensure!(before.1 == place.run(DISKS).await?, "it has written to a disk");
    place.controller.say_also("")
}

/// Gives how much would be changed.
async fn checking_changes_nothing(place: &Place) -> Result<u64> {
    let before = place.files().await?;
    place.controller.asked()?;
    let checked = place.controller.play_well(PLAYBOOK, &["--check", "--diff"]).await?;
    compare(&before, &place.files().await?)?;
    let asked = place.controller.asked()?;
    let looks = |line: &str| {
        ["appliance list", "appliance show", "ca people"].iter().any(|it| line.starts_with(it))
    };
    ensure!(asked.lines().all(looks), "check mode has told the fleet something: {asked}");
    Ok(checked.count("changed"))
}

/// It is filled, and a viewer gets what was published.
async fn serves(place: &Place) -> Result<()> {
    let shares = place.cdn.fill().await?;
    ensure!(shares.iter().all(|share| share.objects.0 == SIZE.objects()), "{shares:?}");
    place.cdn.fetch_whole("viewer", BOX, TITLE).await
}

/// It runs as nobody, in a sandbox, by its usual engine.
async fn is_locked_up(place: &Place) -> Result<()> {
    let security = ["systemd-analyze", "security", "--no-pager", "appliance.service"];
    let said = place.run(security).await?;
    let score =
        said.lines().find_map(|line| line.split_once("exposure level for appliance.service: "));
    let score = score.and_then(|(_, rest)| rest.split_whitespace().next()?.parse::<f64>().ok());
    ensure!(score.is_some_and(|score| score <= MOST_EXPOSURE), "{said}");
    let status = place.run(["appliance", "status", "/etc/headend/config.yaml", "--json"]).await?;
    ensure!(status.contains("uring"), "{status}");
    Ok(())
}

/// What looks at a box is run as the user that may, what changes one by who says so; and whoever comes
/// with what is good for another box is nobody.
async fn people_come_by_certificate(place: &mut Place) -> Result<()> {
    place.controller.come_by_certificate(&place.cdn).await?;
    let status = place.controller.ssh("appliance status /etc/headend/config.yaml").await?;
    ensure!(status.contains(BOX), "{status}");
    let who = place.controller.ssh("id -un; sudo id -un").await?;
    ensure!(who == "headend-operator\nroot\n", "{who}");
    place.run(["sh", "-c", &format!("echo oca2.site-a >{PRINCIPALS}")]).await?;
    let refused = place.controller.ssh("true").await;
    place.run(["sh", "-c", &format!("echo {BOX} >{PRINCIPALS}")]).await?;
    ensure!(refused.is_err_and(|err| format!("{err:#}").contains("Permission denied")), "let in");
    Ok(())
}

/// Rules by which nobody gets in again are taken back.
async fn nobody_is_locked_out(place: &mut Place) -> Result<()> {
    let rules = ["nft", "list", "table", "inet", "headend"];
    let before = place.run(rules).await?;
    place.controller.say_also("headend_ssh_from: [203.0.113.0/24]")?;
    let refused = place.controller.play(PLAYBOOK, &[]).await?;
    let said = refused.said.contains("no new SSH connection gets in");
    ensure!(!refused.is_well() && said, "{refused}");
    ensure!(place.run(rules).await? == before, "the rules stay that nobody gets in by");
    place.controller.say_also("")
}

/// From here on nobody has a key for good, and this still comes in.
async fn keys_may_go(place: &mut Place) -> Result<()> {
    place.controller.say_also("headend_ssh_permanent_keys: false")?;
    let recap = place.controller.play_well(PLAYBOOK, &[]).await?;
    ensure!(recap.count("changed") == 2, "sshd, and its configuration: {recap}");
    let status = place.controller.ssh("appliance status /etc/headend/config.yaml").await?;
    ensure!(status.contains(BOX), "{status}");
    place.controller.come_by_key()?;
    let refused = place.controller.play(PLAYBOOK, &["--check"]).await?;
    ensure!(refused.count("unreachable") == 1, "a key still lets somebody in: {refused}");
    Ok(())
}

/// The time by NTS, and by BGP where viewers are.
async fn hears_from_the_provider(place: &Place) -> Result<()> {
    let is_shown = async || {
        let said = place.run(["chronyc", "-N", "-c", "authdata"]).await.unwrap_or_default();
        let fields: Vec<&str> = said.trim().split(',').collect();
        // Name, mode, number of the key, type, its length.
        matches!(fields[..], [ROUTER, "NTS", _, _, bits, ..] if bits != "0")
    };
    wait_for("the router has shown who tells the time", is_shown).await?;
    let is_told = async || {
        let routes = place.run(["birdc", "show", "route"]).await;
        routes.is_ok_and(|routes| routes.contains("10.84.1.0/24"))
    };
    wait_for("the router tells of its viewers", is_told).await
}
