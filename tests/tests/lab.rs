//! Whole machines: boxes that are cut off, lose their power or reboot, and a lab that leaves
//! nothing behind. It takes root, and what `setup/packages.txt` lists for the lab; without them
//! these tests say so and pass, but not in CI.

use anyhow::{Context, Result, ensure};
use contract::report::Report;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tests::lab::cdn::{Cdn, wait_for};
use tests::lab::content::Size;
use tests::lab::store::Store;
use tests::lab::sweep::{self, Remnant};
use tests::lab::topology::Topology;
use tests::lab::{Lab, may_run};
use tests::operator::LateReport;
use tests::operator::shares::Share;
use tests::origin::Request;
use tests::process::output;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Mutex;

const LAB: &str = env!("CARGO_BIN_EXE_lab");

/// Two labs at once would only be slow, and one that starts sweeps up what the other has left.
static TURN: Mutex<()> = Mutex::const_new(());

const GROUP: &str = "studio-a";
const FIRST: (&str, &str) = (GROUP, "first");
const SECOND: (&str, &str) = (GROUP, "second");

/// Two such titles fit in a run of objects with one fill master.
const SHORT: Size = Size { segments: 4, segment_bytes: 256 << 10 };
const LONG: Size = Size { segments: 24, segment_bytes: 1 << 20 };

/// Eight seconds for the long title, in which a box reports eight times.
const SLOW_BITS_PER_S: u64 = 24_000_000;

/// How events are called that say that an object which was held is held no more.
const LOSSES: [&str; 4] = ["block_corrupt", "disk_error", "file_discarded", "table_damaged"];

/// A test with a CDN at two sites, all of whose four boxes hold one title.
async fn in_a_cdn(test: impl AsyncFnOnce(&mut Cdn) -> Result<()>) -> Result<()> {
    if !may_run()? {
        return Ok(());
    }
    let _turn = TURN.lock().await;
    let programs = Path::new(LAB).parent().context("a folder")?;
    let lab = Lab::start(Topology::read("two-sites")?, programs).await?;
    let mut cdn = Cdn::start(lab).await?;
    cdn.publish(FIRST.0, FIRST.1, 1, SHORT).await?;
    cdn.fill().await?;
    test(&mut cdn).await?;
    cdn.lab.stop_and_leave_nothing().await
}

/// The box of a site that got the first title from its sibling, or the one that fetched it.
async fn a_box(cdn: &Cdn, site: &str, is_master: bool) -> Result<String> {
    let mut found = None;
    for device in cdn.boxes()?.into_iter().filter(|device| device.ends_with(site)) {
        let share = cdn.share(&device).await?;
        if is_master == (origin_bytes(&share) > 0) {
            found = Some(device);
        }
    }
    found.with_context(|| format!("at {site} each box, or none, asked the origin"))
}

fn origin_bytes(share: &Share) -> u64 {
    share.sources.iter().filter(|(name, _)| name == "origin").map(|(_, bytes)| *bytes).sum()
}

fn is_live(share: &Share) -> bool {
    share.state == "live"
}

#[tokio::test]
async fn all_four_boxes_serve_by_both_families_of_addresses() -> Result<()> {
    in_a_cdn(async |cdn| {
        for device in cdn.boxes()? {
            let viewer = if device.ends_with("site-a") { "viewer.site-a" } else { "viewer.site-b" };
            cdn.fetch_whole(viewer, &device, FIRST).await?;
        }
        let mut over_ipv6 = cdn.lab.at("viewer.site-a")?;
        let url = format!("https://{}/first/master.m3u8", cdn.host(GROUP, "oca1.site-a")?);
        over_ipv6.extend(["curl", "-6", "-sS", "-f", "--cacert"].map(Into::into));
        over_ipv6.extend([cdn.ca_file().into(), url.into()]);
        let playlist = output(&over_ipv6[0], &over_ipv6[1..]).await?;
        ensure!(playlist.starts_with("#EXTM3U"), "{playlist}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_box_that_is_cut_off_serves_its_viewers_and_catches_up() -> Result<()> {
    in_a_cdn(async |cdn| {
        let sibling = a_box(cdn, "site-a", true).await?;
        let device = a_box(cdn, "site-a", false).await?;
        part_from_fleet(cdn, &device).await?;
        let held = publish_meanwhile(cdn, &device, &sibling).await?;
        // And now from everybody else, but for its viewers.
        cdn.lab.network.cut(&device, "eth0").await?;
        cdn.fetch_whole("viewer.site-a", &device, FIRST).await?;
        let keeps = async || untold(cdn, &device).await.is_ok_and(|reports| reports >= 3);
        wait_for("the box keeps what it would have said", keeps).await?;

        cdn.lab.network.mend(&device, "eth0").await?;
        cdn.lab.network.join(&device, "fleet").await?;
        let is_back = |share: &Share| is_live(share) && share.objects == (held, held);
        let share = cdn.wait_until(&device, "it holds what its sibling holds", is_back).await?;
        cdn.fetch_whole("viewer.site-a", &device, SECOND).await?;
        tells_of_it(cdn, &device).await?;
        tells_how_it_was(cdn, &device).await?;

        ensure!(origin_bytes(&share) == 0, "not all came from {sibling}: {share:?}");
        let asked = cdn.asked_of_origin()?;
        let edge = |it: &&Request| it.device == device && it.path.contains("/second/");
        ensure!(asked.iter().find(edge).is_none(), "it asked the origin: {asked:?}");
        Ok(())
    })
    .await
}

/// The fleet alone is away: packets to it vanish.
async fn part_from_fleet(cdn: &Cdn, device: &str) -> Result<()> {
    cdn.lab.network.part(device, "fleet").await?;
    let is_silent = |share: &Share| share.state == "silent";
    cdn.wait_until(device, "the fleet misses it", is_silent).await?;
    cdn.fetch_whole("viewer.site-a", device, FIRST).await?;
    let log = ["journalctl", "--unit=appliance", "--grep=fleet_unreachable"];
    let machine = cdn.lab.machine(device)?;
    wait_for("the box misses the fleet", async || machine.run(log).await.is_ok()).await
}

/// The others get a title that it is not told of. Says how many objects its sibling holds then.
async fn publish_meanwhile(cdn: &mut Cdn, device: &str, sibling: &str) -> Result<u64> {
    let before = cdn.share(sibling).await?.objects.1;
    cdn.publish(SECOND.0, SECOND.1, 2, SHORT).await?;
    let has_it = |share: &Share| share.objects.1 > before && share.is_full();
    let share = cdn.wait_until(sibling, "it has the second title", has_it).await?;
    cdn.fetch_whole("viewer.site-a", sibling, SECOND).await?;
    cdn.fetch_whole("viewer.site-a", device, FIRST).await?;
    let fetched = cdn.fetch("viewer.site-a", device, SECOND).await?;
    ensure!(fetched.values().all(|it| it.status == 404), "it was told of nothing: {fetched:?}");
    ensure!(cdn.share(device).await?.state == "silent", "the fleet hears of it");
    Ok(share.objects.0)
}

/// Once it is back, its report says that it was away, and then that it was back.
async fn tells_of_it(cdn: &Cdn, device: &str) -> Result<()> {
    let newest_first = cdn.happened(device).await?;
    let at = |kind| newest_first.iter().position(|event| event.kind == kind);
    let (away, back) = (at("fleet_unreachable"), at("fleet_reachable"));
    ensure!(back.is_some() && back < away, "{newest_first:?}");
    Ok(())
}

/// What it would have said meanwhile arrives, number after number, and nothing is missing.
async fn tells_how_it_was(cdn: &Cdn, device: &str) -> Result<()> {
    let is_told = async || untold(cdn, device).await.is_ok_and(|reports| reports == 0);
    wait_for("the box tells how it was", is_told).await?;
    let late = cdn.late_reports(device).await?;
    ensure!(late.len() >= 3, "{late:?}");
    let follows = |two: &[LateReport]| {
        two[0].boot_id == two[1].boot_id && two[0].sequence + 1 == two[1].sequence
    };
    let is_whole = late.iter().all(|report| report.dropped_before == 0);
    ensure!(late.windows(2).all(follows) && is_whole, "{late:?}");
    Ok(())
}

/// Late reports that the box keeps, by what it says itself.
async fn untold(cdn: &Cdn, device: &str) -> Result<u64> {
    Ok(own_report(cdn, device).await?.spool.reports)
}

#[tokio::test]
async fn a_box_without_its_fleet_fills_what_it_knows_of() -> Result<()> {
    in_a_cdn(async |cdn| {
        let device = a_box(cdn, "site-a", false).await?;
        cdn.lab.network.limit(&device, "eth0", SLOW_BITS_PER_S).await?;
        cdn.publish(SECOND.0, SECOND.1, 4, LONG).await?;
        let knows = |share: &Share| share.objects.1 > SHORT.objects();
        let share = cdn.wait_until(&device, "it knows of the title", knows).await?;
        ensure!(!share.is_full(), "it holds the title before it could: {share:?}");
        cdn.lab.network.part(&device, "fleet").await?;
        cdn.lab.network.unlimit(&device, "eth0").await?;
        wait_for("it holds all", async || holds_all(cdn, &device).await.unwrap_or(false)).await?;
        cdn.fetch_whole("viewer.site-a", &device, SECOND).await?;
        ensure!(!cdn.share(&device).await?.is_full(), "the fleet has heard of it");

        cdn.lab.network.join(&device, "fleet").await?;
        let is_back = |share: &Share| is_live(share) && share.is_full();
        cdn.wait_until(&device, "the fleet hears of it", is_back).await.map(drop)
    })
    .await
}

/// By what the box itself says.
async fn holds_all(cdn: &Cdn, device: &str) -> Result<bool> {
    let report = own_report(cdn, device).await?;
    Ok(report.held.objects_held == report.held.objects_wanted)
}

async fn own_report(cdn: &Cdn, device: &str) -> Result<Report> {
    let status = ["appliance", "status", "/etc/headend/config.yaml", "--json"];
    Ok(serde_json::from_str(&cdn.lab.machine(device)?.run(status).await?)?)
}

#[tokio::test]
async fn a_power_cut_in_a_fill_loses_nothing_that_was_reported() -> Result<()> {
    in_a_cdn(async |cdn| {
        let device = a_box(cdn, "site-b", true).await?;
        let reported = cut_power_in_a_fill(cdn, &device).await?;
        // It comes up with nothing but its disks, so that nothing can be fetched again.
        cdn.lab.network.cut(&device, "eth0").await?;
        cdn.lab.restore_power(&device).await?;
        cdn.fetch_whole("viewer.site-b", &device, FIRST).await?;
        let served = SHORT.objects() + served_right(cdn, &device).await?;

        cdn.lab.network.mend(&device, "eth0").await?;
        cdn.lab.network.unlimit(&device, "eth0").await?;
        let is_whole = |share: &Share| is_live(share) && share.objects.0 == reported.objects.1;
        cdn.wait_until(&device, "it holds everything", is_whole).await?;
        cdn.fetch_whole("viewer.site-b", &device, SECOND).await?;
        let events = cdn.happened(&device).await?;
        let losses = events.iter().filter(|event| LOSSES.contains(&&*event.kind));
        let lost = losses.map(|event| &event.subject).collect::<BTreeSet<_>>().len() as u64;
        ensure!(
            served + lost >= reported.objects.0,
            "{} objects were reported held; {served} were served, {lost} told of as lost",
            reported.objects.0
        );
        Ok(())
    })
    .await
}

/// What the fleet was told by then.
async fn cut_power_in_a_fill(cdn: &mut Cdn, device: &str) -> Result<Share> {
    cdn.lab.network.limit(device, "eth0", SLOW_BITS_PER_S).await?;
    cdn.publish(SECOND.0, SECOND.1, 3, LONG).await?;
    let is_between = |share: &Share| {
        share.objects.1 > SHORT.objects() && (8..share.objects.1).contains(&share.objects.0)
    };
    cdn.wait_until(device, "part of the title is there", is_between).await?;
    cdn.lab.cut_power(device).await?;
    cdn.share(device).await
}

/// How many files of the second title a viewer gets. Each is right or refused.
async fn served_right(cdn: &Cdn, device: &str) -> Result<u64> {
    let published = &cdn.published[&(SECOND.0.to_owned(), SECOND.1.to_owned())];
    let mut count = 0;
    for (name, fetched) in cdn.fetch("viewer.site-b", device, SECOND).await? {
        match fetched.status {
            200 => ensure!(fetched.digest == published[&name], "wrong bytes of {name}"),
            status => ensure!(status == 404, "{name} was answered with {status}"),
        }
        count += u64::from(fetched.status == 200);
    }
    Ok(count)
}

#[tokio::test]
async fn a_machine_that_reboots_serves_what_it_held() -> Result<()> {
    in_a_cdn(async |cdn| {
        let device = "oca2.site-b";
        let boot = ["cat", "/proc/sys/kernel/random/boot_id"];
        let before = cdn.lab.machine(device)?.run(boot).await?;
        cdn.lab.machine_mut(device)?.reboot().await?;
        let machine = cdn.lab.machine(device)?;
        ensure!(machine.run(boot).await? != before, "it has not booted again");
        cdn.fetch_whole("viewer.site-b", device, FIRST).await?;
        let ended = ["journalctl", "--boot=-1", "--unit=appliance", "--grep=Deactivated success"];
        machine.run(ended).await.context("the appliance was not stopped in order")?;
        // What a process has filled is counted from its start.
        let is_new = |share: &Share| is_live(share) && share.sources.is_empty();
        let share = cdn.wait_until(device, "it reports, having filled nothing", is_new).await?;
        ensure!(share.objects == (SHORT.objects(), SHORT.objects()), "{share:?}");
        Ok(())
    })
    .await
}

/// A lab in a process of its own, as `make lab` runs it.
struct Process {
    child: Child,
    /// Kept open: it goes on speaking.
    said: Lines<BufReader<ChildStdout>>,
    name: String,
}

impl Process {
    /// Its machines are up then; the CDN on them begins.
    async fn start() -> Result<Self> {
        let mut lab = Command::new(LAB);
        lab.args(["up", "two-sites"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = lab.kill_on_drop(true).spawn()?;
        let mut said = BufReader::new(child.stdout.take().context("its output")?).lines();
        let name = loop {
            let line = said.next_line().await?.context("the lab ended before it was up")?;
            if let Some(name) = line.strip_prefix("lab ") {
                break name.trim().to_owned();
            }
        };
        let lab = Self { child, said, name };
        ensure!(lab.shell("oca1.site-a", &["uname", "-n"]).await? == "oca1.site-a\n");
        let addresses = lab.shell("viewer.site-a", &["ip", "address"]).await?;
        ensure!(addresses.contains("10.81.1.101/24"), "{addresses}");
        Ok(lab)
    }

    async fn shell(&self, device: &str, command: &[&str]) -> Result<String> {
        let words = ["shell", "--lab", &self.name, device, "--"];
        output(LAB, words.iter().chain(command)).await
    }

    async fn end(mut self, signal: Signal) -> Result<ExitStatus> {
        let pid = self.child.id().context("the lab has ended")?;
        kill(Pid::from_raw(i32::try_from(pid)?), signal)?;
        while self.said.next_line().await?.is_some() {}
        Ok(self.child.wait().await?)
    }
}

/// What labs have left whose process is gone.
fn left() -> Result<Vec<Remnant>> {
    let mut found = sweep::find(&Store::open()?)?;
    found.retain(|id, _| !id.is_owned());
    Ok(found.into_values().flatten().collect())
}

#[tokio::test]
async fn a_lab_that_is_told_to_stop_leaves_nothing() -> Result<()> {
    if !may_run()? {
        return Ok(());
    }
    let _turn = TURN.lock().await;
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let status = Process::start().await?.end(signal).await?;
        ensure!(status.success(), "{signal}: {status}");
        ensure!(left()?.is_empty(), "{signal} has left {:?}", left()?);
    }
    Ok(())
}

#[tokio::test]
async fn what_a_killed_lab_leaves_is_swept_up() -> Result<()> {
    if !may_run()? {
        return Ok(());
    }
    let _turn = TURN.lock().await;
    Process::start().await?.end(Signal::SIGKILL).await?;
    let is_there = |is_it: fn(&Remnant) -> bool| left().is_ok_and(|all| all.iter().any(is_it));
    ensure!(is_there(|it| matches!(it, Remnant::Mount(_))), "a crash leaves mounts");
    ensure!(is_there(|it| matches!(it, Remnant::Namespace(_))), "a crash leaves namespaces");
    ensure!(is_there(|it| matches!(it, Remnant::Group(_))), "a crash leaves control groups");

    let said = output(LAB, ["sweep"]).await?;
    ensure!(said.contains("network namespace") && said.contains("mount"), "{said}");
    ensure!(left()?.is_empty(), "the sweep has left {:?}", left()?);
    ensure!(output(LAB, ["sweep"]).await?.contains("nothing to sweep up"), "not all at once");
    Ok(())
}
