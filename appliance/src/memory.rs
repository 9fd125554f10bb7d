//! Whether what a box may take fits the machine: said at start, not found out on a busy evening.

use contract::config::{ApplianceConfig, Limits};
use std::fs;
use std::path::Path;

/// A rough allowance for the rest: code, the index of a small catalogue, fill.
const BASE_BYTES: u64 = 256 << 20;

/// What a person could do better; `None` where all fits, or nobody says what there is.
pub(crate) fn complaint(config: &ApplianceConfig) -> Option<String> {
    let machine = Some(crate::hardware::memory_here()).filter(|bytes| *bytes > 0);
    let here = machine.into_iter().chain(group_bytes()).min()?;
    judge(config.ram.budget_bytes.0, &config.limits, here)
}

fn judge(ram_tier: u64, limits: &Limits, here: u64) -> Option<String> {
    let connections = limits.max_connections;
    let clients = u64::from(connections) * serve::most_bytes_per_connection(limits);
    let most = ram_tier.saturating_add(clients).saturating_add(BASE_BYTES);
    let mib = |bytes: u64| bytes >> 20;
    (most > here).then(|| {
        format!(
            "{} MiB may be used here, and up to {} MiB are needed: {} for ram.budget_bytes, {} \
             for limits.max_connections ({connections}) if every client is as greedy as can be, \
             {} for the rest; the kernel may end this process: lower one of the two",
            mib(here),
            mib(most),
            mib(ram_tier),
            mib(clients),
            mib(BASE_BYTES),
        )
    })
}

/// The least that this process's control group, or one above it, allows.
fn group_bytes() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let above = root.join(group);
    let folders = above.ancestors().take_while(|folder| folder.starts_with(root));
    folders
        .filter_map(|folder| of_group(&fs::read_to_string(folder.join("memory.max")).ok()?))
        .min()
}

/// `None` for `max`.
fn of_group(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::quantity::ByteCount;

    #[test]
    fn what_does_not_fit_is_said_with_its_parts() {
        let (tier, here) = (8 << 30, 10 << 30);
        let limits = |max_connections| Limits { max_connections, ..Limits::default() };
        assert_eq!(judge(tier, &limits(10_000), here), None);
        let complaint = judge(tier, &limits(20_000), here).expect("too many");
        assert!(complaint.contains("limits.max_connections (20000)"), "{complaint}");
        let long_heads = Limits { max_header_bytes: ByteCount(1 << 20), ..limits(10_000) };
        assert!(judge(tier, &long_heads, here).is_some());
        assert!(judge(u64::MAX, &limits(1), here).is_some());
    }

    #[test]
    fn a_group_may_have_no_limit() {
        assert_eq!((of_group("max\n"), of_group("1048576\n")), (None, Some(1 << 20)));
    }
}
