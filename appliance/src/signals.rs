//! What a process is told from outside.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM, Ctrl-C and SIGUSR2. From the moment that this is made, none of them ends the
/// process by itself.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    restart: Signal,
}

impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            restart: signal(SignalKind::user_defined2())?,
        })
    }

    /// A restart that was asked for before there was anything to restart is forgotten.
    pub(crate) fn forget_restart(&mut self) -> io::Result<()> {
        self.restart = signal(SignalKind::user_defined2())?;
        Ok(())
    }

    /// Waits for a stop or a restart.
    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Told::Stop,
            _ = self.interrupt.recv() => Told::Stop,
            _ = self.restart.recv() => Told::Restart,
        }
    }

    /// Waits for a stop alone.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != Told::Stop {}
    }
}

/// SIGHUP. One that comes while there is nothing yet to read again is kept until there is: the
/// file may have been read already.
pub(crate) fn hangups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// What was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// End.
    Stop,
    /// Hand over to a new process.
    Restart,
}
