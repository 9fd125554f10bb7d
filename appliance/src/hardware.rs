//! What the machine is, as the kernel tells it.

use crate::machine;
use contract::report::Hardware;
use std::fs;

/// Reads the machine's description. What cannot be read is left empty.
pub(crate) fn read() -> Hardware {
    let cpuinfo = text("/proc/cpuinfo");
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cpus = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    Hardware {
        cpu_model: field("model name").unwrap_or_default(),
        cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
        memory_bytes: memory_here(),
        kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
        serial: machine::serial(&text("/sys/class/dmi/id/product_serial")),
    }
}

/// Runnable tasks over the last minute.
pub(crate) fn load_1m() -> f64 {
    let loadavg = text("/proc/loadavg");
    loadavg.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default()
}

/// What the machine has; 0 where the kernel does not say.
pub(crate) fn memory_here() -> u64 {
    memory_bytes(&text("/proc/meminfo"))
}

fn text(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

fn memory_bytes(meminfo: &str) -> u64 {
    let line = meminfo.lines().find(|line| line.starts_with("MemTotal:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(
            super::memory_bytes("MemTotal:       24675000 kB\nMemFree: 1 kB\n"),
            25_267_200_000
        );
        let hardware = super::read();
        assert!(hardware.cpus > 0 && hardware.memory_bytes > 0 && !hardware.kernel.is_empty());
    }
}
