//! Daemons that end with us, whatever becomes of us.

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// A running daemon. Killed when dropped; the kernel kills it when we are killed.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts a program with its output in `log`.
    ///
    /// # Errors
    /// When the program or the log cannot be opened.
    pub fn start<A: AsRef<OsStr>>(
        name: &str,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
        log: &Path,
    ) -> Result<Self> {
        let out = File::options().create(true).append(true).open(log)?;
        // setpriv sets the parent-death signal without a line of unsafe code here. A group
        // of its own keeps Ctrl-C for us: we stop daemons in order.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name: name.to_owned(), child, log: log.to_path_buf() })
    }

    /// The process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().with_context(|| format!("{} has ended", self.name))
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid()?)?), signal)?;
        Ok(())
    }

    /// SIGKILL, and waits for its end.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// SIGTERM, and waits for its end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.end_by(Signal::SIGTERM).await
    }

    /// The same with another signal.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn end_by(&mut self, signal: Signal) -> Result<ExitStatus> {
        self.signal(signal)?;
        let ended = tokio::time::timeout(Duration::from_secs(20), self.child.wait()).await;
        Ok(ended.with_context(|| format!("{} did not stop", self.name))??)
    }

    /// Says how it ended, if it has, with the end of its log.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}\n{}", self.name, tail(&self.log)),
        }
    }

    /// Waits until `is_ready` says so, while the daemon lives.
    ///
    /// # Errors
    /// When it ends first, or is not ready in time; with the end of its log.
    pub async fn wait_until(&mut self, is_ready: impl AsyncFnMut() -> bool) -> Result<()> {
        self.wait_for(Duration::from_secs(30), is_ready).await
    }

    /// The same for what takes longer, or is to be quicker.
    ///
    /// # Errors
    /// When it ends first, or is not ready in time; with the end of its log.
    pub async fn wait_for(
        &mut self,
        time: Duration,
        mut is_ready: impl AsyncFnMut() -> bool,
    ) -> Result<()> {
        let begun = Instant::now();
        while !is_ready().await {
            self.check()?;
            if begun.elapsed() > time {
                bail!("{} is not ready after {} s\n{}", self.name, time.as_secs(), tail(&self.log));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// Runs a command to its end and gives its output.
///
/// # Errors
/// When it does not end with 0; with what it printed.
pub async fn output<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = A>,
) -> Result<String> {
    let mut command = Command::new(program);
    command.args(args);
    output_of(command).await
}

/// The same for a command that is put together already.
///
/// # Errors
/// When it does not end with 0; with what it printed.
pub async fn output_of(command: Command) -> Result<String> {
    let program = command.as_std().get_program().to_owned();
    let out = outcome_of(command).await?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    if out.status.success() {
        Ok(text)
    } else {
        let err = String::from_utf8_lossy(&out.stderr);
        bail!("{} ended with {}\n{text}{err}", program.display(), out.status)
    }
}

/// Runs a command to its end, whatever comes of it.
///
/// # Errors
/// When it cannot be run.
pub async fn outcome_of(mut command: Command) -> Result<Output> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let program = command.as_std().get_program().to_owned();
    command.output().await.with_context(|| format!("cannot run {}", program.display()))
}

/// Does something listen there?
pub async fn is_listening(address: std::net::SocketAddr) -> bool {
    tokio::net::TcpStream::connect(address).await.is_ok()
}

/// Has the calling program run those of its tests whose names contain `filter` once more, in
/// this environment beside the usual one.
///
/// # Errors
/// When one fails; with what they printed.
pub fn run_own_tests(filter: &str, environment: &[(&str, &str)]) -> Result<()> {
    let mut tests = std::process::Command::new(std::env::current_exe()?);
    let out =
        tests.args(["--test-threads=1", filter]).envs(environment.iter().copied()).output()?;
    let text = String::from_utf8_lossy(&out.stdout);
    ensure!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    some_passed(&text)
}

/// A filter that finds nothing is no success.
///
/// # Errors
/// When the test program says that nothing passed.
pub fn some_passed(said: &str) -> Result<()> {
    let is_some = said.contains(" passed;") && !said.contains(" 0 passed;");
    ensure!(is_some, "no test was run:\n{said}");
    Ok(())
}

/// The folder that both programs are built into, as they are with the whole workspace.
///
/// # Errors
/// When one is not built.
pub fn binaries() -> Result<PathBuf> {
    let tests = std::env::current_exe()?;
    let folder = tests.ancestors().nth(2).context("a test stands in target/PROFILE/deps")?;
    for name in ["fleet", "appliance"] {
        let there = Path::new(folder).join(name).exists();
        ensure!(there, "{name} is not built: cargo build -p fleet -p appliance");
    }
    Ok(folder.to_path_buf())
}
