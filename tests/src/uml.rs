//! A Linux of its own for tests that need what this machine's kernel may lack: Debian's
//! User-Mode Linux 6.1, which seals TLS records. It boots in seconds as an ordinary process,
//! sees this machine's files and may change none of them, and has a network with nobody else
//! in it.

use crate::effort;
use crate::process::some_passed;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// Set, to any value, for whoever runs inside.
const INSIDE: &str = "HEADEND_IN_UML";

/// What it has to work with: the RAM tier of a test's server and the test itself.
const MEMORY: &str = "mem=768M";

/// A machine that hangs is given up, before the test is.
const PATIENCE_S: usize = 170;

const KERNEL: &str = "linux.uml";

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
    let folder = tempfile::tempdir()?;
    let init = folder.path().join("init");
    write_init(&init, filter, environment)?;
    let out = Command::new("timeout")
        .arg("--kill-after=5")
        .arg((effort::times(PATIENCE_S) * 2 / 3).max(PATIENCE_S).to_string())
        .args([KERNEL, MEMORY])
        .args(["root=/dev/root", "rootfstype=hostfs", "ro", "quiet", "con=null", "con0=null,fd:1"])
        .arg(format!("init={}", init.display()))
        .arg(format!("uml_dir={}", folder.path().display()))
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {KERNEL}"))?;
    let said = String::from_utf8_lossy(&out.stdout);
    // The kernel's own end says nothing of the tests'.
    if said.lines().any(|line| line.trim_end() == "ended with 0") {
        return some_passed(&said);
    }
    bail!("it did not end well: {}\n{said}{}", out.status, String::from_utf8_lossy(&out.stderr))
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
