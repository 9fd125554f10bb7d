//! Connections that end before the other side has sent all that it wants to.
//!
//! A socket that is closed with something unread is reset, and who still sends loses the answer that was on
//! its way to him. So our half is closed first, and his is read until he has seen that.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Whoever still sends after that, or so much, does not listen.
const TIMEOUT: Duration = Duration::from_secs(2);
const MOST_BYTES: usize = 64 << 20;

/// Said of a connection: its last answer has left something unread.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    pub(super) fn say(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A stream that goes on reading at its end, if something is unread.
pub(super) struct Lingering<S> {
    stream: S,
    unread: Unread,
    /// Since our half is closed.
    timeout: Option<Pin<Box<Sleep>>>,
    /// What may still be read.
    left_bytes: usize,
}

impl<S> Lingering<S> {
    pub(super) const fn new(stream: S, unread: Unread) -> Self {
        Self { stream, unread, timeout: None, left_bytes: MOST_BYTES }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.timeout.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
            if !this.unread.0.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
        }
        let timeout = this.timeout.get_or_insert_with(|| Box::pin(sleep(TIMEOUT)));
        while timeout.as_mut().poll(context).is_pending() {
            let mut scratch = [0; 16 << 10];
            let mut some = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut this.stream).poll_read(context, &mut some)) {
                Ok(()) if (1..=this.left_bytes).contains(&some.filled().len()) => {
                    this.left_bytes -= some.filled().len();
                }
                Ok(()) | Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
