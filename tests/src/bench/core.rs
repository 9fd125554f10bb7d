//! Who runs on which core, how busy a core was, and what a process has.

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::process::Command;
use std::time::{Duration, Instant};

/// The server's core.
pub const SERVER: usize = 0;

/// The load's core.
pub const LOAD: usize = 1;

/// On which cores something runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// The server's.
    Server,
    /// The load's.
    Load,
    /// The load's, when nobody else wants it.
    Spare,
    /// Both.
    Both,
}

impl Cores {
    /// As `taskset` takes it.
    #[must_use]
    pub fn list(self) -> String {
        match self {
            Self::Server => SERVER.to_string(),
            Self::Load | Self::Spare => LOAD.to_string(),
            Self::Both => format!("{SERVER},{LOAD}"),
        }
    }
}

/// `/proc/stat` counts in hundredths of a second on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// How long a core has been busy since boot: everything but idle and waiting for a disk.
///
/// # Errors
/// When `/proc/stat` has no such core.
pub fn busy(core: usize) -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{core} ");
    let line = stat.lines().find(|line| line.starts_with(&name));
    let line = line.with_context(|| format!("/proc/stat has no core {core}"))?;
    let fields: Vec<u32> = line.split_whitespace().skip(1).map_while(|f| f.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    let [user, nice, system, _idle, _iowait, irq, softirq, ..] = fields[..] else {
        anyhow::bail!("/proc/stat is not as expected: {line}");
    };
    Ok(TICK * (user + nice + system + irq + softirq))
}

/// What a core that should have nothing to do may do nevertheless.
const QUIET: f64 = 0.05;

/// What a case before has left behind is over by then.
const SETTLING: Duration = Duration::from_secs(20);

/// Waits until nobody uses the two cores, and says so if somebody goes on: measurements are
/// then worth little.
///
/// # Errors
/// When there is no such core.
pub fn disturbance() -> Result<Option<String>> {
    let begun = Instant::now();
    loop {
        // Files that were written are not to go to the disk while something is measured.
        nix::unistd::sync();
        let others = others()?;
        if others.is_none() || begun.elapsed() > SETTLING {
            return Ok(others);
        }
    }
}

fn others() -> Result<Option<String>> {
    let (begun, before) = (Instant::now(), (busy(SERVER)?, busy(LOAD)?));
    std::thread::sleep(Duration::from_millis(500));
    let span = begun.elapsed();
    let shares =
        [busy(SERVER)? - before.0, busy(LOAD)? - before.1].map(|busy| busy.div_duration_f64(span));
    let [server, load] = shares.map(|share| share * 100.0);
    let is_quiet = shares.iter().all(|share| *share <= QUIET);
    Ok((!is_quiet).then(|| {
        format!("before it began, others used {server:.0} % of the server's core and {load:.0} % of the load's: do not believe the figures")
    }))
}

/// The CPU time of a process.
///
/// # Errors
/// When there is no such process.
pub fn process_time(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may hold spaces; everything behind its closing bracket is numbers.
    let rest = stat.rsplit_once(')').context("a stat line")?.1;
    let field = |at: usize| rest.split_whitespace().nth(at).and_then(|f| f.parse::<u32>().ok());
    let (user, system) = field(11).zip(field(12)).context("CPU times")?;
    Ok(TICK * (user + system))
}

/// Pins this thread to a core.
///
/// # Errors
/// When the machine has no such core.
pub fn pin(core: usize) -> Result<()> {
    let mut set = nix::sched::CpuSet::new();
    set.set(core)?;
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)
        .with_context(|| format!("cannot run on core {core}: a benchmark needs two cores"))
}

/// Lets this thread, and those that it starts, run on both cores.
///
/// # Errors
/// When the machine has no such cores.
pub fn unpin() -> Result<()> {
    let mut set = nix::sched::CpuSet::new();
    set.set(SERVER)?;
    set.set(LOAD)?;
    nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)
        .context("cannot run on both cores: a benchmark needs two")
}

/// This thread has its core whenever it wants to: it stands for another machine.
///
/// # Errors
/// When the kernel refuses.
pub fn come_first() -> Result<()> {
    let thread = nix::unistd::gettid().to_string();
    let mut chrt = Command::new("chrt");
    chrt.args(["--rr", "--reset-on-fork", "--pid", "1", &thread]);
    let done = chrt.status().context("chrt cannot be run")?;
    ensure!(done.success(), "chrt cannot make a thread come first: {done}");
    Ok(())
}

/// The memory of a process that is in RAM, in bytes; what it shares counts by its part.
///
/// # Errors
/// When there is no such process.
pub fn resident(pid: u32) -> Result<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim_end().parse()?;
    Ok(kib << 10)
}

/// Lets this process and its servers open as many descriptors as they ever may.
///
/// # Errors
/// When the kernel refuses.
pub fn allow_descriptors() -> Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}
