//! Closes a connection so that the last answer arrives (RFC 9112 §9.6).
//!
//! A socket closed with bytes unread resets the connection, and the reset may overtake
//! the answer. So: say goodbye, then read and forget what still comes, within bounds.

use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// A client on the far side of the world has seen the answer by then.
const LINGER: Duration = Duration::from_secs(2);

/// What a client that was refused may still have under way.
const LINGER_BYTES: u64 = 8 << 20;

/// Ends the sending side, then waits for the client to end the other.
pub(super) async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let ended = async {
        stream.shutdown().await?;
        let mut sink = tokio::io::sink();
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut sink).await
    };
    // Whichever way this ends, the connection is closed next.
    let _ = timeout(LINGER, ended).await;
}
