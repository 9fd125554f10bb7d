//! What keeps keys in this process: its memory gets to no disk, be it as swap or as a core dump, and
//! no other process of its user looks into it.
//!
//! Pages are locked as they are touched, so that nothing takes more memory than without.

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::thread::{CapabilitySet, capabilities};

/// Keeps what can be kept; gives what cannot.
pub(crate) fn keep() -> Vec<String> {
    let no_core = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let no_look = set_dumpable(false);
    let complaint = |what: &str, done: Result<(), Errno>| {
        done.err().map(|err| format!("{what}: {}", err.desc()))
    };
    [
        complaint("keys may get into core dumps", no_core),
        complaint("other processes of this user may read keys", no_look),
        lock().err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Where locked memory has a limit, whatever goes beyond it later would fail: nothing is locked
/// then.
fn lock() -> Result<(), String> {
    let unlocked = |why: String| format!("keys may be written to swap: {why}");
    // Who may raise the limit does.
    let _ = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
    let (limit, _) =
        getrlimit(Resource::RLIMIT_MEMLOCK).map_err(|err| unlocked(err.to_string()))?;
    if limit != RLIM_INFINITY && !is_above_limits() {
        let why = format!("no more than {limit} bytes may be locked (LimitMEMLOCK=infinity)");
        return Err(unlocked(why));
    }
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    mlockall(all).map_err(|err| unlocked(err.to_string()))
}

/// `CAP_IPC_LOCK`, and not in a namespace of users, where it counts for nothing here.
fn is_above_limits() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let is_first = map.split_whitespace().eq(["0", "0", "4294967295"]);
    let effective = capabilities(None).map(|of| of.effective);
    is_first && effective.is_ok_and(|it| it.contains(CapabilitySet::IPC_LOCK))
}
