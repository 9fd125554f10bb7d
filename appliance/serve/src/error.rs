//! Why a server cannot begin.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a server cannot begin. Each names the key of the configuration that it is about.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Address {
        /// The key, such as `listeners[0].addresses[1]`.
        path: String,
        /// The address.
        address: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
    /// A certificate, key or CA cannot be used.
    #[error("cannot use {}: {reason}", file.display())]
    File {
        /// The key, such as `certificates[0].chain_file`.
        path: String,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine that is demanded cannot run here.
    #[error("cannot be had here: {reason}")]
    Engine {
        /// The key.
        path: String,
        /// What is missing.
        reason: String,
    },
    /// The TLS library refuses the whole.
    #[error("cannot set up TLS: {reason}")]
    Tls {
        /// The key.
        path: String,
        /// What it said.
        reason: String,
    },
}

impl BindError {
    /// The key of the configuration that it is about.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Address { path, .. }
            | Self::File { path, .. }
            | Self::Engine { path, .. }
            | Self::Tls { path, .. } => path,
        }
    }
}
