//! What can go wrong with a device, and what to do about it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// A visit to a device that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{device} at {address}: {why}")]
pub struct SshFailure {
    /// Which device.
    pub device: String,
    /// Where it was looked for.
    pub address: SocketAddr,
    /// Why.
    pub why: Why,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum During {
    /// TCP.
    Connect,
    /// Versions, keys and algorithms.
    Handshake,
    /// Logging in.
    Authenticate,
    /// Opening a channel, and running a command in it.
    Command,
    /// Waiting for a prompt.
    Prompt,
}

impl fmt::Display for During {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the connection",
            Self::Handshake => "the handshake",
            Self::Authenticate => "the log-in",
            Self::Command => "the command",
            Self::Prompt => "the wait for its prompt",
        })
    }
}

/// Why a visit failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Inventory knows no key of it, so that it was not even connected to.
    #[error(
        "no host key of it is known, and none is believed unseen: take its keys at its console, or with ssh-keyscan over a network that you trust, and write them into inventory"
    )]
    NoHostKeys,
    /// It shows a key that inventory does not know.
    #[error(
        "it shows the host key {seen}, and inventory knows {}: find out who answers there; where the device was replaced or set up anew, write its new key into inventory",
        expected.join(", ")
    )]
    HostKey {
        /// `ssh-ed25519 SHA256:…`, for each that is known.
        expected: Vec<String>,
        /// What it shows, written the same way.
        seen: String,
    },
    /// Nothing leads there.
    #[error("it cannot be reached ({0}): see that it is up, and that TCP reaches it from here")]
    Unreachable(String),
    /// Nobody listens.
    #[error("it refuses connections: see that its SSH server runs, and on this port")]
    Refused,
    /// There is no algorithm that both take.
    #[error(
        "no algorithm is common to both ({why}): see that inventory has a key of each type that it shows ({types} so far), and mark it as old if it knows SHA-1 only"
    )]
    NoneInCommon {
        /// Types of keys that inventory knows.
        types: String,
        /// What libssh2 says.
        why: String,
    },
    /// The key, its passphrase or its certificate cannot be used.
    #[error(
        "the key for {user} cannot be used ({why}): see that key, passphrase and certificate belong together"
    )]
    BadKey {
        /// For whom.
        user: String,
        /// What libssh2 says.
        why: String,
    },
    /// It does not let us in.
    #[error(
        "it does not let {user} in ({why}): see that it knows the key, or believes the certificate, or has this password"
    )]
    NotLetIn {
        /// Whom.
        user: String,
        /// What was tried, and what libssh2 says.
        why: String,
    },
    /// Too slow.
    #[error("{during} did not come to its end within {} s: it was given up", after.as_secs_f64())]
    Deadline {
        /// In the middle of what.
        during: During,
        /// How long it had.
        after: Duration,
    },
    /// Too much was said.
    #[error("it said more than {limit_bytes} bytes: nothing of it was kept")]
    TooMuch {
        /// How much it may say.
        limit_bytes: usize,
    },
    /// The connection ended before its time.
    #[error("the connection was cut in the middle of {during}")]
    Closed {
        /// In the middle of what.
        during: During,
    },
    /// Somebody called it off.
    #[error("called off in the middle of {during}")]
    Cancelled {
        /// In the middle of what.
        during: During,
    },
    /// It has no such thing as a command, a terminal or a shell.
    #[error("it gives no {what} ({why})")]
    NotGiven {
        /// What it was asked for.
        what: &'static str,
        /// What libssh2 says.
        why: String,
    },
    /// A command that failed.
    #[error("the command ended with {status}: {stderr}")]
    Exit {
        /// Its status; 0 where it was a signal.
        status: i32,
        /// What it said about it, or the signal.
        stderr: String,
    },
    /// Its disk is full; the file is as it was.
    #[error("no room for {path} ({stderr}): make some; the file there is as it was")]
    Full {
        /// Which file.
        path: String,
        /// What it said about it.
        stderr: String,
    },
    /// What arrived is not what was sent; the file is as it was.
    #[error("{path} did not arrive whole ({said}): the file there is as it was")]
    Differs {
        /// Which file.
        path: String,
        /// What it said about it.
        said: String,
    },
    /// A word that cannot be sent.
    #[error("{what} cannot be sent to it: {why}")]
    BadWord {
        /// Which word.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Something in the protocol, or on this machine.
    #[error("{during} failed: {why}")]
    Protocol {
        /// In the middle of what.
        during: During,
        /// What libssh2 or the system says.
        why: String,
    },
}
