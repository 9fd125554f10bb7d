//! Writes answers as HTTP/1.1 (RFC 9112), against the clock.

use std::io::{self, IoSlice};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Writes all of `head` and `body`, together where they fit, and says how much of the body
/// was taken. The clock begins again whenever the client takes something.
pub(super) async fn write_all(
    stream: &mut (impl AsyncWrite + Unpin),
    mut head: &[u8],
    body: &[u8],
    patience: Duration,
    taken: &mut u64,
) -> io::Result<()> {
    let mut left = body;
    while !head.is_empty() || !left.is_empty() {
        let slices = [IoSlice::new(head), IoSlice::new(left)];
        let count = timeout(patience, stream.write_vectored(&slices)).await??;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let of_head = count.min(head.len());
        head = head.get(of_head..).unwrap_or_default();
        left = left.get(count - of_head..).unwrap_or_default();
        *taken += (count - of_head) as u64;
    }
    Ok(())
}

/// Hands what the layers below still hold to the kernel.
pub(super) async fn flush(
    stream: &mut (impl AsyncWrite + Unpin),
    patience: Duration,
) -> io::Result<()> {
    timeout(patience, stream.flush()).await?
}
