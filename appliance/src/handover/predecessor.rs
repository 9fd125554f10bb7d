//! The process before, as the new one sees it.

use super::VARIABLE;
use super::channel::{Channel, ChannelError};
use super::message::{Message, PROTOCOL, Taken};
use anyhow::{Context, Result, bail};
use rustix::net::AddressFamily;
use rustix::net::sockopt::socket_domain;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// The process before.
pub(crate) struct Predecessor(UnixStream);

impl Predecessor {
    /// If there is one, standard input is the way to it, and empty from now on.
    pub(crate) fn find() -> Option<Self> {
        std::env::var_os(VARIABLE)?;
        let stdin = std::io::stdin();
        // Somebody else may have inherited the variable, but not the socket.
        if !matches!(socket_domain(&stdin), Ok(AddressFamily::UNIX)) {
            return None;
        }
        let ours = stdin.as_fd().try_clone_to_owned().ok()?;
        nix::unistd::dup2_stdin(File::open("/dev/null").ok()?).ok()?;
        Some(Self(ours.into()))
    }

    /// Says why there will be no taking over.
    pub(crate) fn refuse(&self, reason: &str) {
        let reason = reason.chars().take(4096).collect();
        if let Ok(frame) = (Message::Failed { reason }).encode(0) {
            // If nobody hears it, nobody waits either.
            let _ = (&self.0).write_all(&frame);
        }
    }

    /// The way to it, on this runtime.
    pub(crate) fn meet(&self) -> Result<Meeting> {
        Ok(Meeting(Channel::new(self.0.try_clone()?)?))
    }
}

/// The conversation with it.
pub(crate) struct Meeting(Channel);

impl Meeting {
    /// Introduces itself, and takes everything.
    pub(crate) async fn take(&self) -> Result<Taken> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.say(&Message::Hello { protocol: PROTOCOL, version }).await?;
        match self.0.receive().await.map_err(explained)? {
            (Message::Handover(handover), descriptors) => {
                handover.unpack(descriptors).context("the old process handed over too little")
            }
            (other, _) => bail!("the old process said {other:?} and handed nothing over"),
        }
    }

    /// Says that all is ready, and waits until the old process has given up.
    pub(crate) async fn ready(&self, kept: Vec<SocketAddr>) -> Result<()> {
        self.say(&Message::Ready { kept }).await?;
        match self.0.receive().await.map_err(explained)? {
            (Message::Go, _) => Ok(()),
            (other, _) => bail!("the old process said {other:?} instead of go"),
        }
    }

    /// Returns once it has ended.
    pub(crate) async fn gone(&self) {
        self.0.gone().await;
    }

    async fn say(&self, message: &Message) -> Result<()> {
        self.0.send(message, &[]).await.map_err(explained)
    }
}

fn explained(err: ChannelError) -> anyhow::Error {
    match err {
        ChannelError::Gone => anyhow::anyhow!("the old process has gone, or has given this one up"),
        err => anyhow::Error::new(err).context("the old process cannot be understood"),
    }
}
