//! Listening: all addresses, or none.

use crate::cli::Usage;
use anyhow::Context;
use std::net::{SocketAddr, TcpListener};

/// Binds every address. A port in use is the operator's to solve, so it is a usage error.
pub(crate) fn bind(addresses: &[SocketAddr]) -> anyhow::Result<Vec<TcpListener>> {
    addresses.iter().map(|address| bind_one(*address)).collect()
}

fn bind_one(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address)
        .map_err(|err| Usage(format!("cannot listen on {address}: {err}")))?;
    listener.set_nonblocking(true).context("cannot make the listener non-blocking")?;
    Ok(listener)
}
