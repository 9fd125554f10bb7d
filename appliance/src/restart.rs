//! `appliance restart`: asks the running appliance to hand over to a new process, and waits.

use crate::inquiry::ask;
use crate::process::Process;
use anyhow::{Context, Result, bail, ensure};
use contract::config::ApplianceConfig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// How often the box is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// How long it may be silent: a connection that the old process had just taken is closed when
/// it begins to drain.
const SILENCE: Duration = Duration::from_secs(5);

/// Restarts, and prints what happened.
#[expect(clippy::print_stdout, reason = "answers to a person go to standard output")]
pub(crate) fn restart(config: &ApplianceConfig) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (old, new) = runtime.block_on(async {
        let old = look(config).await?;
        signal(&old)?;
        anyhow::Ok((old.clone(), wait_for_next(config, &old).await?))
    })?;
    println!("{} (pid {}) -> {} (pid {})", old.version, old.pid, new.version, new.pid);
    Ok(())
}

async fn look(config: &ApplianceConfig) -> Result<Process> {
    let answer = ask(config, "/process").await?;
    serde_json::from_slice(&answer).context("the answer cannot be read")
}

/// Everybody may ask who the process is; the kernel says who may restart it.
fn signal(old: &Process) -> Result<()> {
    ensure!(!old.is_restarting, "pid {} is in the middle of a restart already", old.pid);
    ensure!(old.is_here(), "pid {} is not a process of this machine, or container", old.pid);
    let pid = Pid::from_raw(i32::try_from(old.pid)?);
    kill(pid, Signal::SIGUSR2).with_context(|| format!("pid {pid} cannot be told"))
}

async fn wait_for_next(config: &ApplianceConfig, old: &Process) -> Result<Process> {
    let mut heard = Instant::now();
    loop {
        match look(config).await {
            Ok(now) if now.pid != old.pid => return Ok(now),
            Ok(now) if now.restarts_failed > old.restarts_failed => {
                let reason = now.last_failure.unwrap_or_default();
                bail!("pid {} goes on: {reason}", old.pid);
            }
            Ok(_) => heard = Instant::now(),
            Err(err) if heard.elapsed() > SILENCE => return Err(err),
            Err(_) => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}
