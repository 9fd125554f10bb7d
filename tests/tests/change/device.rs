//! A device of the lab, as whoever changes it sees it: command lines that have an end.

use anyhow::{Context, Result, bail, ensure};
use config_render::device::{
    Bundle, CHANGE_SH, Command as Activation, Draft, File, Observed, Outcome, State, Status, Step,
    Target, When, install,
};
use std::path::Path;
use std::process::Stdio;
use tests::lab::cdn::wait_for;
use tests::lab::topology::Topology;
use tests::lab::{Lab, may_run};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const LAB: &str = env!("CARGO_BIN_EXE_lab");

/// Has a firewall, an SSH server, and services that say what they have read.
pub(crate) const BOX: &str = "box";

/// What its services read: one becomes another, one goes, one comes with its folder.
const FILES: [&str; 3] = ["/etc/witness/a.conf", "/etc/witness/b.conf", "/etc/late/c.conf"];

/// How a command line ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// None when it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

/// A test with both devices up, and the program brought to them.
pub(crate) async fn in_a_lab(test: impl AsyncFnOnce(&mut Lab) -> Result<()>) -> Result<()> {
    if !may_run()? {
        return Ok(());
    }
    let programs = Path::new(LAB).parent().context("a folder")?;
    let mut lab = Lab::start(Topology::read("change")?, programs).await?;
    for device in [BOX, "router"] {
        let said = sh(&lab, device, &install(), CHANGE_SH.as_bytes()).await?;
        ensure!(said.code == Some(0), "{said:?}");
    }
    test(&mut lab).await?;
    lab.stop_and_leave_nothing().await
}

/// Runs a command line on a device, with these octets to read.
pub(crate) async fn sh(lab: &Lab, device: &str, line: &str, input: &[u8]) -> Result<Said> {
    let words = lab.machine(device)?.inside()?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(["sh", "-c", line]).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().context("its input")?;
    // It need not read to the end.
    let _ = stdin.write_all(input).await;
    drop(stdin);
    let ended = child.wait_with_output().await?;
    let err = String::from_utf8_lossy(&ended.stderr).into_owned();
    // A shell says so of its last command, and of itself.
    let code = ended.status.code().filter(|code| *code != 137);
    Ok(Said { code, out: ended.stdout, err })
}

/// What a command line prints, which has to succeed.
pub(crate) async fn read(lab: &Lab, device: &str, line: &str) -> Result<String> {
    lab.machine(device)?.run(["sh", "-c", line]).await
}

/// One step of a change, which kills itself at this point.
pub(crate) async fn step_until(
    lab: &Lab,
    device: &str,
    (bundle, step): (&Bundle, Step),
    kill_at: u32,
) -> Result<Said> {
    let line = format!("HEADEND_KILL_AT={kill_at} exec {}", step.command(bundle.id()));
    sh(lab, device, &line, if step == Step::Stage { bundle.bytes() } else { b"" }).await
}

/// One step of a change, as it ended.
pub(crate) async fn step(
    lab: &Lab,
    device: &str,
    bundle: &Bundle,
    step: Step,
) -> Result<(Outcome, Said)> {
    let input = if step == Step::Stage { bundle.bytes() } else { b"" };
    let said = sh(lab, device, &step.command(bundle.id()), input).await?;
    let code = said.code.with_context(|| format!("{step:?} was killed: {said:?}"))?;
    Ok((Outcome::from(code), said))
}

/// Steps of a change, each of which has to be done.
pub(crate) async fn must(lab: &Lab, device: &str, bundle: &Bundle, steps: &[Step]) -> Result<()> {
    for one in steps {
        let (outcome, said) = step(lab, device, bundle, *one).await?;
        ensure!(outcome == Outcome::Done, "{one:?}: {said:?}");
    }
    Ok(())
}

pub(crate) async fn status(lab: &Lab, device: &str, bundle: &Bundle) -> Result<Status> {
    let (outcome, said) = step(lab, device, bundle, Step::Status).await?;
    ensure!(outcome == Outcome::Done, "{said:?}");
    Ok(Status::read(&said.out)?)
}

pub(crate) fn armed_for(seconds: u32) -> [Step; 4] {
    [Step::Stage, Step::Check, Step::Arm { seconds }, Step::Switch]
}

pub(crate) fn present(path: &str, content: &str) -> File {
    let owner = "root:root".to_owned();
    let target = Target::Present { mode: 0o644, owner, content: content.as_bytes().to_vec() };
    File { path: path.to_owned(), target }
}

pub(crate) fn run(when: When, command: &str) -> Activation {
    Activation { when, command: command.to_owned(), limit_s: 2 }
}

/// The witnesses' files change, and they are told.
pub(crate) fn of_witnesses(label: &str) -> Draft {
    Draft {
        label: label.to_owned(),
        files: vec![
            present(FILES[0], "new-a\n"),
            File { path: FILES[1].to_owned(), target: Target::Absent },
            present(FILES[2], "new-c\n"),
        ],
        checks: Vec::new(),
        // A start of anything also asks for what the boot has started.
        commands: vec![run(When::Both, "systemctl restart witness")],
    }
}

/// The files as they are: all of before or all new. Anything else is an error.
pub(crate) async fn observed(lab: &Lab) -> Result<Observed> {
    let [a, b, c] = FILES;
    let line = format!("cat {a}; if [ -e {b} ]; then cat {b}; fi; if [ -e {c} ]; then cat {c}; fi");
    match read(lab, BOX, &line).await?.as_str() {
        "old-a\nold-b\n" => Ok(Observed::Before),
        "new-a\nnew-c\n" => Ok(Observed::After),
        mixture => bail!("a mixture: {mixture}"),
    }
}

/// What the services have read, which are not of two minds.
pub(crate) async fn heard(lab: &Lab) -> Result<Observed> {
    match read(lab, BOX, "cat /run/witness").await?.as_str() {
        "old-a\nold-b\n" => Ok(Observed::Before),
        "new-a\n" => Ok(Observed::After),
        mixture => bail!("a service has read {mixture}"),
    }
}

/// Files, services and what the device says of them are one. Gives its state.
pub(crate) async fn agreed(lab: &Lab, bundle: &Bundle) -> Result<State> {
    let (status, observed) = (status(lab, BOX, bundle).await?, observed(lab).await?);
    let expected = match status.state {
        State::Disarmed | State::Switched => Observed::After,
        State::Switching | State::Reverting | State::RevertFailed => bail!("{status:?}"),
        _ => Observed::Before,
    };
    ensure!(observed == expected, "{observed:?}: {status:?}");
    ensure!(status.state == State::None || status.observed() == observed, "{status:?}");
    let heard = heard(lab).await?;
    ensure!(heard == observed, "services run what is {heard:?}: {status:?}");
    Ok(status.state)
}

/// It is taken back, and says so; what it needed for that may still be there.
pub(crate) async fn is_taken_back(lab: &Lab, device: &str, bundle: &Bundle) -> Result<()> {
    let is_back = async || {
        let status = status(lab, device, bundle).await;
        status.is_ok_and(|status| status.state == State::Reverted)
    };
    wait_for("it comes back by itself", is_back).await
}

/// It says that it is back before it clears up.
pub(crate) async fn becomes_clean(lab: &Lab, device: &str) -> Result<()> {
    wait_for("it is clean", async || is_clean(lab, device).await.is_ok()).await
}

/// Nothing of a change is left but its record.
pub(crate) async fn is_clean(lab: &Lab, device: &str) -> Result<()> {
    let find = "find /etc /usr/local -name '.headend-*' -o -name '*headend-revert*'";
    let left = read(lab, device, find).await?;
    ensure!(left.is_empty(), "left: {left}");
    let units =
        read(lab, device, "systemctl list-units --all --no-legend 'headend-revert*.timer'").await?;
    ensure!(units.trim().is_empty(), "left: {units}");
    Ok(())
}
