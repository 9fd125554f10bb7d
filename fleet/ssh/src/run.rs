//! A command on a device.

use crate::wire::{Snag, Step, Wire};
use crate::{During, Limits, Session, SshFailure, Why};
use ssh2::Channel;
use std::io::{Read, Write};

/// What a device may send before we have read it. With a round trip of 100 ms that is 5 MB/s, and what
/// stands between us and libssh2 holds half of it.
pub(crate) const WINDOW_BYTES: u32 = 512 << 10;

/// As large as every SSH server has to take.
pub(crate) const PACKET_BYTES: u32 = 32 << 10;

/// A packet's worth.
const CHUNK_BYTES: usize = PACKET_BYTES as usize;

/// What an error message shows of what a command said.
const SHOWN_BYTES: usize = 2000;

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit status; 0 also where the device says nothing of it, as some switches do.
    pub status: i32,
    /// The signal that ended it, if one did (without `SIG`).
    pub signal: Option<String>,
    /// What it said.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Whether it ended well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status == 0 && self.signal.is_none()
    }

    pub(crate) fn exit(&self) -> Why {
        let shown = &self.stderr[..self.stderr.len().min(SHOWN_BYTES)];
        let shown = String::from_utf8_lossy(shown).trim().to_owned();
        let stderr = match &self.signal {
            Some(signal) => format!("SIG{signal} {shown}").trim_end().to_owned(),
            None => shown,
        };
        Why::Exit { status: self.status, stderr }
    }
}

impl Session {
    /// Runs a command with something on its standard input, whatever comes of it.
    ///
    /// # Errors
    /// When it is not known what came of it: [`Why::Deadline`], [`Why::Closed`], [`Why::TooMuch`]. The
    /// command may go on there; the session does not.
    pub fn run(
        &mut self,
        command: &str,
        stdin: &[u8],
        limits: &Limits,
    ) -> Result<Output, SshFailure> {
        if command.contains('\0') {
            let why = Why::BadWord { what: "the command", why: "a zero byte ends it" };
            return Err(self.device.failure(why));
        }
        self.once(During::Command, |wire| {
            let step = wire.begin(During::Command, limits.command);
            Exchange::open(wire, &step, command, limits)?.through(stdin)
        })
    }

    /// What a command says that ends well.
    ///
    /// # Errors
    /// The same, and [`Why::Exit`] when it does not.
    pub fn output_of(
        &mut self,
        command: &str,
        stdin: &[u8],
        limits: &Limits,
    ) -> Result<Vec<u8>, SshFailure> {
        let output = self.run(command, stdin, limits)?;
        self.well(output)
    }

    /// What a command has said, where it has ended well.
    ///
    /// # Errors
    /// [`Why::Exit`] when it has not.
    pub fn well(&self, output: Output) -> Result<Vec<u8>, SshFailure> {
        match output.is_success() {
            true => Ok(output.stdout),
            false => Err(self.device.failure(output.exit())),
        }
    }
}

/// Opens a channel.
pub(crate) fn open_channel(wire: &mut Wire, step: &Step) -> Result<Channel, Why> {
    let opened =
        wire.until_said(step, |ssh| ssh.channel_open("session", WINDOW_BYTES, PACKET_BYTES, None));
    opened.map_err(|snag| not_given(step, "channel", snag))
}

/// What libssh2 says when a device denies something.
pub(crate) fn not_given(step: &Step, what: &'static str, snag: Snag) -> Why {
    match step.why(snag) {
        Why::Protocol { why, .. } => Why::NotGiven { what, why },
        other => other,
    }
}

/// A command that runs, and what goes to and fro.
struct Exchange<'a> {
    wire: &'a mut Wire,
    step: &'a Step,
    channel: Channel,
    limit_bytes: usize,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl<'a> Exchange<'a> {
    fn open(
        wire: &'a mut Wire,
        step: &'a Step,
        command: &str,
        limits: &Limits,
    ) -> Result<Self, Why> {
        let mut channel = open_channel(wire, step)?;
        let begun = wire.until_said(step, |_| channel.exec(command));
        begun.map_err(|snag| not_given(step, "command", snag))?;
        let (stdout, stderr) = (Vec::new(), Vec::new());
        Ok(Self { wire, step, channel, limit_bytes: limits.output_bytes, stdout, stderr })
    }

    /// Reads while it writes: a command that says much before it has heard all would wait for us, and
    /// we for it.
    fn through(mut self, stdin: &[u8]) -> Result<Output, Why> {
        let mut unsent = Some(stdin);
        loop {
            let is_moved = self.write(&mut unsent)? | self.read()?;
            if self.channel.eof() && self.is_closed()? {
                return self.finish();
            }
            if !is_moved {
                self.wire.rest(self.step)?;
            }
        }
    }

    /// Sends what is left, then its end. Says whether anything went.
    fn write(&mut self, unsent: &mut Option<&[u8]>) -> Result<bool, Why> {
        let Some(left) = *unsent else { return Ok(false) };
        let channel = &mut self.channel;
        let sent = match left {
            [] => self.wire.attempt(self.step, |_| channel.send_eof()).map(|done| done.map(|()| 0)),
            left => {
                let chunk = &left[..left.len().min(CHUNK_BYTES)];
                self.wire.attempt(self.step, |_| channel.write(chunk))
            }
        };
        let Some(sent) = sent.map_err(|snag| self.step.why(snag))? else { return Ok(false) };
        *unsent = if left.is_empty() { None } else { Some(&left[sent..]) };
        Ok(true)
    }

    /// Takes what has come. Says whether that was anything.
    fn read(&mut self) -> Result<bool, Why> {
        let mut chunk = [0; CHUNK_BYTES];
        let mut is_any = false;
        for id in [0, ssh2::EXTENDED_DATA_STDERR] {
            let mut stream = self.channel.stream(id);
            let got = self.wire.attempt(self.step, |_| stream.read(&mut chunk));
            let bytes = got.map_err(|snag| self.step.why(snag))?.unwrap_or(0);
            let kept = self.stdout.len() + self.stderr.len();
            if bytes > self.limit_bytes.saturating_sub(kept) {
                return Err(Why::TooMuch { limit_bytes: self.limit_bytes });
            }
            let into = if id == 0 { &mut self.stdout } else { &mut self.stderr };
            into.extend_from_slice(&chunk[..bytes]);
            self.wire.wanted(bytes);
            is_any |= bytes > 0;
        }
        Ok(is_any)
    }

    /// It has said all; whether it is over, too, or still listens.
    fn is_closed(&mut self) -> Result<bool, Why> {
        let channel = &mut self.channel;
        let closed = self.wire.attempt(self.step, |_| channel.wait_close());
        Ok(closed.map_err(|snag| self.step.why(snag))?.is_some())
    }

    fn finish(mut self) -> Result<Output, Why> {
        let why = |err: ssh2::Error| self.step.why(err.into());
        let status = self.channel.exit_status().map_err(why)?;
        let signal = self.channel.exit_signal().map_err(why)?.exit_signal;
        let channel = &mut self.channel;
        // A device that has hung up by now needs no telling, and has said all.
        let _ = self.wire.until(self.step, |_| channel.close());
        Ok(Output { status, signal, stdout: self.stdout, stderr: self.stderr })
    }
}
