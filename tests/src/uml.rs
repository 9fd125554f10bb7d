//! A Linux of its own for tests that need what this machine's kernel may lack: Debian's
//! User-Mode Linux 6.1, which seals TLS records. It boots in seconds as an ordinary process,
//! sees this machine's files and may change none of them, and has a network with nobody else
//! in it.

use crate::effort;
use crate::process::some_passed;
use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Set, to any value, for whoever runs inside.
const INSIDE: &str = "HEADEND_IN_UML";

/// What it has to work with: the RAM tier of a test's server and the test itself.
const MEMORY: &str = "mem=768M";

/// What a machine may take, booted twice within the time of one test.
const PATIENCE_S: usize = 80;

const KERNEL: &str = "linux.uml";

const REGISTERS: &str = "libuml_xstate.so";

/// Its name, and that of its first process's file.
const NAME: &str = "machine";
const INIT_FILE: &str = "init";

/// The first process inside. Only `/run` can be written to. It ends by telling the kernel to
/// halt.
const INIT: &str = r#"#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/tmp /run/modules/lib
export TMPDIR=/run/tmp HOME=/run/tmp
ln -s /usr/lib/uml/modules /run/modules/lib/modules
modprobe -d /run/modules -a \
  ipv6 tls ctr gcm ghash-generic chacha_generic poly1305_generic chacha20poly1305
ip link set lo up
"#;

/// Whether this is inside.
#[must_use]
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Boots one and runs those tests of the calling program in it whose names contain `filter`,
/// one after the other, in this environment beside the usual one.
///
/// # Errors
/// When it does not boot, or a test fails; with what it printed.
pub fn run_own_tests(filter: &str, environment: &[(&str, &str)]) -> Result<()> {
    let mut end = boot(filter, environment)?;
    if end.was_killed() {
        // No process inside can keep the machine itself from ending.
        eprintln!("its kernel has hung; it is booted once more:\n{}", end.said);
        end = boot(filter, environment)?;
    }
    // The kernel's own end says nothing of the tests'.
    if end.said.lines().any(|line| line.trim_end() == "ended with 0") {
        return some_passed(&end.said);
    }
    bail!("it did not end well: {}\n{}", end.status, end.said)
}

/// How a machine has ended.
struct End {
    /// What `timeout` says of it.
    status: ExitStatus,
    /// What it printed.
    said: String,
}

impl End {
    /// Whether it took no notice of SIGTERM. `timeout` kills itself as well.
    fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::SIGKILL as i32)
    }
}

/// Boots one from a folder of its own and waits for its end.
fn boot(filter: &str, environment: &[(&str, &str)]) -> Result<End> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    write_init(&folder.join(INIT_FILE), filter, environment)?;
    // Not a pipe: what a killed machine leaves behind would hold it open.
    let console = folder.join("console");
    let out = File::create(&console)?;
    let mut command = Command::new("timeout");
    command
        .arg("--kill-after=5")
        .arg((effort::times(PATIENCE_S) * 2 / 3).max(PATIENCE_S).to_string())
        .args([KERNEL, MEMORY])
        .args(["root=/dev/root", "rootfstype=hostfs", "ro", "quiet", "con=null", "con0=null,fd:1"])
        .arg(format!("init={}", folder.join(INIT_FILE).display()))
        .args([format!("uml_dir={}", folder.display()), format!("umid={NAME}")])
        .env("TMPDIR", folder)
        .env("LD_PRELOAD", registers()?)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out);
    let status = command.status().with_context(|| format!("cannot run {KERNEL}"))?;
    let said = String::from_utf8_lossy(&std::fs::read(&console)?).into_owned();
    let end = End { status, said };
    if end.was_killed() {
        sweep(folder)?;
    }
    Ok(end)
}

/// What gives UML room for the registers of this processor, built beside the tests.
fn registers() -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let mut beside = tests.ancestors().skip(1).take(2).map(|folder| folder.join(REGISTERS));
    let found = beside.find(|file| file.exists());
    found.with_context(|| format!("{REGISTERS} is not built: cargo build -p uml-xstate"))
}

/// Ends what a killed machine has left: its helpers are in its session and outlive it.
fn sweep(folder: &Path) -> Result<()> {
    let Ok(pid) = std::fs::read_to_string(folder.join(NAME).join("pid")) else { return Ok(()) };
    match killpg(Pid::from_raw(pid.trim().parse()?), Signal::SIGKILL) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(err) => Err(err.into()),
    }
}

fn write_init(init: &Path, filter: &str, environment: &[(&str, &str)]) -> Result<()> {
    let here = std::env::current_dir()?;
    let tests = std::env::current_exe()?;
    let mut script = INIT.to_owned();
    for (name, value) in environment.iter().chain(&[(INSIDE, "1")]) {
        script += &format!("export {name}='{value}'\n");
    }
    script += &format!("cd '{}'\n", here.display());
    script += &format!("'{}' --test-threads=1 '{filter}'\n", tests.display());
    script += "echo \"ended with $?\"\necho o >/proc/sysrq-trigger\nsleep 10\n";
    std::fs::write(init, script)?;
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::set_permissions(init, std::fs::Permissions::from_mode(0o755))?)
}
