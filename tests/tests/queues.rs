//! `ansible/`: queues of a card and their interrupts are spread over the processors, on a machine that
//! is made up of files.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ansible/roles/network/files/queues");

/// A card with at most eight queues, of which it has one.
const ETHTOOL: &str = "#!/bin/sh
[ \"$1\" = --show-channels ] || exec echo \"$@\" >>\"${0%/*}/told\"
printf 'Pre-set maximums:\\nRX:\\t\\tn/a\\nCombined:\\t8\\nCurrent:\\nRX:\\t\\tn/a\\nCombined:\\t1\\n'
";

/// The first is not a queue's.
const INTERRUPTS: &str = "      CPU0  CPU1
 39:     1     2  PCI-MSI 1  eth0
 40:     1     2  PCI-MSI 2  eth0-TxRx-0
 41:     1     2  PCI-MSI 3  eth0-TxRx-1
";

fn write(root: &Path, file: &str, text: &str) -> Result<()> {
    let file = root.join(file);
    fs::create_dir_all(file.parent().context("a folder")?)?;
    Ok(fs::write(file, text)?)
}

fn machine(root: &Path) -> Result<()> {
    write(root, "sys/devices/system/cpu/online", "0-1\n")?;
    write(root, "sys/class/net/eth0/device/local_cpulist", "0-1\n")?;
    write(root, "sys/class/net/eth0/queues/rx-0/rps_cpus", "00000000,00000000\n")?;
    write(root, "proc/interrupts", INTERRUPTS)?;
    for number in [39, 40, 41] {
        write(root, &format!("sys/class/net/eth0/device/msi_irqs/{number}"), "msi\n")?;
        write(root, &format!("proc/irq/{number}/smp_affinity_list"), "0-1\n")?;
    }
    write(root, "bin/ethtool", ETHTOOL)?;
    Ok(fs::set_permissions(root.join("bin/ethtool"), PermissionsExt::from_mode(0o755))?)
}

/// What it says, line by line, without where the machine is.
fn queues(root: &Path, verb: &str) -> Result<Vec<String>> {
    let path = std::env::var("PATH")?;
    let mut command = Command::new(PROGRAM);
    command.args([verb, "eth0"]).env("PATH", format!("{}:{path}", root.join("bin").display()));
    let output = command
        .env("SYS", root.join("sys"))
        .env("PROC", root.join("proc"))
        .env("RUN", root)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    let here = format!("{}/", root.display());
    Ok(String::from_utf8(output.stdout)?.lines().map(|line| line.replace(&here, "")).collect())
}

#[test]
fn queues_are_spread_over_the_processors_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    machine(root)?;
    let expected = [
        "eth0: 1 queues -> 2",
        "proc/irq/40/smp_affinity_list: 0-1 -> 0",
        "proc/irq/41/smp_affinity_list: 0-1 -> 1",
        "sys/class/net/eth0/queues/rx-0/rps_cpus: 00000000,00000000 -> 3",
    ];
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_default();
    ensure!(queues(root, "plan")? == expected);
    ensure!(read("proc/irq/41/smp_affinity_list") == "0-1\n" && !root.join("bin/told").exists());
    ensure!(queues(root, "apply")? == expected);
    ensure!(read("bin/told") == "--set-channels eth0 combined 2\n");
    ensure!(read("proc/irq/39/smp_affinity_list") == "0-1\n", "it is no queue's");
    // The card of files does not do what it is told.
    ensure!(queues(root, "plan")? == expected[..1]);
    ensure!(queues(root, "guess").is_err());
    Ok(())
}
