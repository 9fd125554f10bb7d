//! What a worker gives up before it reads anything.

use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{SysconfVar, sysconf};
use std::io;

/// Beyond what the program itself has mapped when it starts. The largest output is 8 MiB, and
/// passes through four copies; the rest is for values, and for the allocator's holes.
pub(super) const MEMORY_BYTES: u64 = 256 << 20;

/// For each job. The fuel of six templates is burnt in that; the kernel counts whole seconds.
pub(super) const PROCESSOR_S: u64 = 3;

/// Standard input, output and error, and as many again for the runtime.
const FILES: u64 = 8;

/// Confines this process, for good.
pub(super) fn confine() -> io::Result<()> {
    if std::env::vars_os().next().is_some() {
        // It can be removed from here by nothing that is safe; the pool starts us without.
        return Err(io::Error::other("a worker is started by the pool, without an environment"));
    }
    // The pool's end closes our input as well: this is for when we do not come to read it.
    set_pdeathsig(Signal::SIGKILL)?;
    let memory_bytes = mapped_bytes()? + MEMORY_BYTES;
    lower(Resource::RLIMIT_AS, memory_bytes)?;
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_FSIZE, 0)?;
    lower(Resource::RLIMIT_NOFILE, FILES)?;
    lower(Resource::RLIMIT_NPROC, 0)?;
    allow_processor_time()
}

/// Lets the next job have its time: the limit counts from the start of the process.
pub(super) fn allow_processor_time() -> io::Result<()> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let used_s = usage.user_time().tv_sec() + usage.system_time().tv_sec();
    // One more, since what has been used is rounded down twice.
    let soft_s = u64::try_from(used_s).unwrap_or(0) + PROCESSOR_S + 1;
    let (_, hard_s) = getrlimit(Resource::RLIMIT_CPU)?;
    Ok(setrlimit(Resource::RLIMIT_CPU, soft_s.min(hard_s), hard_s)?)
}

/// To a limit, unless it is lower already.
fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let (_, hard) = getrlimit(resource)?;
    let to = to.min(hard);
    Ok(setrlimit(resource, to, to)?)
}

/// The address space that the program has: its text, its libraries, its stacks.
fn mapped_bytes() -> io::Result<u64> {
    let memory = std::fs::read_to_string("/proc/self/statm")?;
    let pages = memory.split(' ').next().and_then(|pages| pages.parse::<u64>().ok());
    let page_bytes = sysconf(SysconfVar::PAGE_SIZE)?.and_then(|bytes| u64::try_from(bytes).ok());
    pages
        .zip(page_bytes)
        .map(|(pages, bytes)| pages * bytes)
        .ok_or_else(|| io::Error::other("the kernel does not say how much memory is mapped"))
}
