//! Writes answers as HTTP/1.1 (RFC 9112), against the clock.

use std::io::{self, IoSlice};
use std::pin::pin;
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

/// Waits for what comes next, and flushes while it is not there: where more is at hand, it goes
/// out together with what the layers below still hold. Where nothing more comes, or fails to,
/// what they hold goes out now: it was read and found right.
pub(super) async fn flush_until<T, E>(
    stream: &mut (impl AsyncWrite + Unpin),
    patience: Duration,
    next: impl Future<Output = Option<Result<T, E>>>,
) -> io::Result<Option<Result<T, E>>> {
    let mut next = pin!(next);
    let came = tokio::select! {
        biased;
        came = &mut next => came,
        flushed = flush(stream, patience) => {
            flushed?;
            return Ok(next.await);
        }
    };
    if !matches!(came, Some(Ok(_))) {
        flush(stream, patience).await?;
    }
    Ok(came)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, BufWriter, duplex};

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn what_was_written_arrives_while_the_next_is_awaited() {
        let (near, mut far) = duplex(64);
        let mut stream = BufWriter::new(near);
        let mut taken = 0;
        write_all(&mut stream, b"head", b"body", PATIENCE, &mut taken).await.expect("written");
        // The next comes once the other side has all of this.
        let next = async {
            let mut seen = [0; 8];
            Some(far.read_exact(&mut seen).await.map(|_| seen))
        };
        let seen = timeout(PATIENCE, flush_until(&mut stream, PATIENCE, next)).await;
        let seen = seen.expect("in time").expect("flushed").expect("the next");
        assert_eq!(&seen.expect("read"), b"headbody");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up_while_the_next_is_awaited() {
        let (near, _far) = duplex(4);
        let mut stream = BufWriter::new(near);
        let mut taken = 0;
        write_all(&mut stream, b"head", b"body", PATIENCE, &mut taken).await.expect("buffered");
        let next = std::future::pending::<Option<Result<(), ()>>>();
        let given_up = flush_until(&mut stream, PATIENCE, next).await;
        assert_eq!(given_up.expect_err("full").kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn where_the_next_is_at_hand_nothing_is_flushed_for_its_sake() {
        let (near, _far) = duplex(4);
        let mut stream = BufWriter::new(near);
        let mut taken = 0;
        write_all(&mut stream, b"head", b"body", PATIENCE, &mut taken).await.expect("buffered");
        let next = std::future::ready(Some(Ok::<_, ()>(1)));
        let next = flush_until(&mut stream, PATIENCE, next).await;
        assert_eq!((next.expect("at hand"), stream.buffer()), (Some(Ok(1)), &b"headbody"[..]));
    }

    #[tokio::test]
    async fn where_no_more_comes_what_was_written_arrives() {
        for next in [None, Some(Err("not coming"))] {
            let (near, mut far) = duplex(64);
            let mut stream = BufWriter::new(near);
            let mut taken = 0;
            write_all(&mut stream, b"head", b"body", PATIENCE, &mut taken).await.expect("buffered");
            let came = std::future::ready(next);
            let came = flush_until::<(), _>(&mut stream, PATIENCE, came).await;
            assert_eq!(came.expect("flushed"), next);
            drop(stream);
            let mut seen = Vec::new();
            far.read_to_end(&mut seen).await.expect("read");
            assert_eq!(seen, b"headbody");
        }
    }
}
