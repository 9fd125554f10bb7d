//! The process that is to come next, as the old one sees it.

use super::channel::{Channel, ChannelError};
use super::message::{Handover, Message, PROTOCOL};
use super::{Patience, VARIABLE};
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// How this process was started: what stands at its place, now or later, is started the same
/// way.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    file: PathBuf,
    name: OsString,
    arguments: Vec<OsString>,
}

impl Program {
    /// As it was called, links and all: an update may put a link to another version there.
    pub(crate) fn this() -> Result<Self> {
        let mut arguments = std::env::args_os();
        let name = arguments.next().unwrap_or_default();
        let file = if name.as_encoded_bytes().contains(&b'/') {
            std::path::absolute(Path::new(&name))?
        } else {
            // It was found on a path that the caller had.
            std::env::current_exe()?
        };
        Ok(Self { file, name, arguments: arguments.collect() })
    }
}

/// The process that is to come next. When this is dropped it learns that it is alone; before
/// it was let go, that is its end.
pub(crate) struct Successor {
    child: Child,
    channel: Channel,
}

impl Successor {
    /// Starts it.
    pub(crate) fn start(program: &Program) -> Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(&program.file)
            .arg0(&program.name)
            .args(&program.arguments)
            .env(VARIABLE, "stdin")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .with_context(|| format!("cannot start {}", program.file.display()))?;
        Ok(Self { child, channel: Channel::new(ours)? })
    }

    /// Its number; 0 once it has ended.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    async fn hear(&self, patience: Duration, what: &str) -> Result<Message> {
        let heard = tokio::time::timeout(patience, self.channel.receive()).await;
        let heard = heard
            .with_context(|| format!("the new process did not say {what} within {patience:?}"))?;
        match heard {
            Ok((Message::Failed { reason }, _)) => bail!("{}", reason.trim()),
            Ok((message, _)) => Ok(message),
            Err(ChannelError::Gone) => bail!("the new process ended before it said {what}"),
            Err(err) => Err(err).context("the new process cannot be understood"),
        }
    }

    /// Waits until it has read its configuration; gives its version.
    pub(super) async fn hello(&self, patience: Patience) -> Result<String> {
        match self.hear(patience.hello, "hello").await? {
            Message::Hello { protocol: PROTOCOL, version } => Ok(version),
            Message::Hello { protocol, version } => bail!(
                "appliance {version} takes over by protocol {protocol}, this one by {PROTOCOL}: \
                 stop this one and start the other"
            ),
            other => bail!("the new process said {other:?} instead of hello"),
        }
    }

    /// Gives it everything.
    pub(super) async fn give(
        &self,
        handover: Handover,
        descriptors: &[OwnedFd],
        patience: Patience,
    ) -> Result<()> {
        let message = Message::Handover(handover);
        let given = self.channel.send(&message, descriptors);
        let given = tokio::time::timeout(patience.hello, given).await;
        given.context("the new process does not listen")?.context("handing over")
    }

    /// Waits until it could serve; gives the addresses at which it will.
    pub(super) async fn ready(&self, patience: Patience) -> Result<Vec<SocketAddr>> {
        match self.hear(patience.ready, "ready").await? {
            Message::Ready { kept } => Ok(kept),
            other => bail!("the new process said {other:?} instead of ready"),
        }
    }

    /// Makes it the appliance.
    pub(super) async fn go(&self) -> Result<()> {
        self.channel.send(&Message::Go, &[]).await.context("letting the new process go")
    }

    /// Asks it to end. Whoever waits for a word of it learns that it has gone.
    pub(crate) fn ask_to_end(&self) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // It may have ended; until it is waited for, the number is its own.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }

    /// Ends it, whatever it does, and waits until it has.
    pub(crate) async fn end(self, patience: Patience) -> std::io::Result<ExitStatus> {
        self.ask_to_end();
        let Self { mut child, channel } = self;
        // It may wait for a word.
        drop(channel);
        match tokio::time::timeout(patience.end, child.wait()).await {
            Ok(ended) => ended,
            Err(_) => {
                child.kill().await?;
                child.wait().await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn program(script: &str) -> Program {
        let arguments = ["-c", script].map(OsString::from).to_vec();
        Program { file: "/bin/sh".into(), name: "sh".into(), arguments }
    }

    fn no_time() -> Patience {
        let moment = Duration::from_millis(20);
        Patience { hello: moment, quiet: moment, ready: moment, end: moment }
    }

    #[tokio::test]
    async fn who_says_nothing_is_given_up_and_ended() {
        // The second one does not listen either.
        for script in ["exec sleep 1000", "trap '' TERM; while :; do sleep 0.01; done"] {
            let successor = Successor::start(&program(script)).expect("started");
            let said = successor.hello(no_time()).await.expect_err("it says nothing");
            assert_eq!(said.to_string(), "the new process did not say hello within 20ms");
            let ended = successor.end(no_time()).await.expect("ended");
            assert!(matches!(ended.signal(), Some(9 | 15)), "{ended}");
        }
    }

    #[tokio::test]
    async fn what_it_says_is_what_was_expected_or_the_end() {
        let hello = |protocol| Message::Hello { protocol, version: "9.9.9".to_owned() };
        let failed = || Message::Failed { reason: "no disk\n".to_owned() };
        for (message, expected) in [
            (hello(PROTOCOL), Ok("9.9.9")),
            (hello(PROTOCOL + 1), Err("appliance 9.9.9 takes over by protocol 2, this one by 1")),
            (failed(), Err("no disk")),
            (Message::Go, Err("said Go instead of hello")),
        ] {
            let (ours, theirs) = UnixStream::pair().expect("pair");
            let child = Command::new("/bin/true").spawn().expect("started");
            let successor = Successor { child, channel: Channel::new(ours).expect("channel") };
            let new = Channel::new(theirs).expect("channel");
            new.send(&message, &[]).await.expect("sent");
            let patience = Patience { hello: Duration::from_secs(20), ..no_time() };
            match (successor.hello(patience).await, expected) {
                (Ok(version), Ok(expected)) => assert_eq!(version, expected),
                (Err(err), Err(expected)) => assert!(err.to_string().contains(expected), "{err}"),
                (said, _) => panic!("{said:?} instead of {expected:?}"),
            }
            successor.end(no_time()).await.expect("ended");
        }
    }
}
