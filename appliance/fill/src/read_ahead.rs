//! A connection that takes from the kernel what is there, and gives it in small.
//!
//! TLS asks for a record of 16 KiB at a time, and each call costs, and each makes the kernel
//! acknowledge so little at once.

use hyper::Uri;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tower_service::Service;

/// Stays in the processor's own memory until it is asked for.
const AHEAD_BYTES: usize = 128 << 10;

/// Makes connections that read ahead.
#[derive(Debug, Clone)]
pub(crate) struct AheadReader<C>(pub(crate) C);

/// A connection.
#[derive(Debug)]
pub(crate) struct ReadAhead<T> {
    inner: T,
    ahead: Box<[u8]>,
    /// Of it, what was not given yet.
    left: Range<usize>,
}

impl<C> Service<Uri> for AheadReader<C>
where
    C: Service<Uri>,
    C::Future: Send + 'static,
{
    type Response = ReadAhead<C::Response>;
    type Error = C::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, C::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), C::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async move { Ok(ReadAhead::new(connecting.await?)) })
    }
}

impl<T> ReadAhead<T> {
    fn new(inner: T) -> Self {
        Self { inner, ahead: vec![0; AHEAD_BYTES].into(), left: 0..0 }
    }
}

impl<T: Read + Unpin> Read for ReadAhead<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { inner, ahead, left } = &mut *self;
        if left.start == left.end {
            let mut buffer = ReadBuf::new(ahead);
            ready!(Pin::new(inner).poll_read(cx, buffer.unfilled()))?;
            *left = 0..buffer.filled().len();
        }
        let given = left.len().min(cursor.remaining());
        cursor.put_slice(&ahead[left.start..left.start + given]);
        left.start += given;
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> Write for ReadAhead<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
    }
}

impl<T: Connection> Connection for ReadAhead<T> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::task::Waker;

    /// Gives its bytes in these pieces, and has nothing at hand between two of them.
    struct Pieces {
        bytes: Vec<u8>,
        pieces: Vec<usize>,
        at: usize,
        is_slow: bool,
    }

    impl Read for Pieces {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            mut cursor: ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            self.is_slow = !self.is_slow;
            if self.is_slow {
                return Poll::Pending;
            }
            let piece = self.pieces.pop().unwrap_or(usize::MAX);
            let now = piece.min(cursor.remaining()).min(self.bytes.len() - self.at);
            cursor.put_slice(&self.bytes[self.at..self.at + now]);
            self.at += now;
            Poll::Ready(Ok(()))
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn all_of_it_comes_once_and_in_order(
            len in 0..500_000_usize,
            pieces in prop::collection::vec(1..200_000_usize, 0..20),
            room in 1..50_000_usize,
        ) {
            let bytes: Vec<u8> = (0..251).cycle().take(len).collect();
            let source = Pieces { bytes: bytes.clone(), pieces, at: 0, is_slow: false };
            let mut ahead = ReadAhead::new(source);
            let mut cx = Context::from_waker(Waker::noop());
            let (mut found, mut buffer) = (Vec::new(), vec![0; room]);
            loop {
                let mut read = ReadBuf::new(&mut buffer);
                match Pin::new(&mut ahead).poll_read(&mut cx, read.unfilled()) {
                    Poll::Pending => {}
                    Poll::Ready(done) => {
                        prop_assert!(done.is_ok());
                        if read.filled().is_empty() {
                            break;
                        }
                        found.extend_from_slice(read.filled());
                    }
                }
            }
            prop_assert!(found == bytes);
        }
    }

    #[test]
    fn what_went_wrong_is_told() {
        struct Broken;
        impl Read for Broken {
            fn poll_read(
                self: Pin<&mut Self>,
                _: &mut Context<'_>,
                _: ReadBufCursor<'_>,
            ) -> Poll<io::Result<()>> {
                Poll::Ready(Err(io::Error::other("reset")))
            }
        }
        let (mut buffer, mut cx) = ([0; 8], Context::from_waker(Waker::noop()));
        let mut read = ReadBuf::new(&mut buffer);
        let told = Pin::new(&mut ReadAhead::new(Broken)).poll_read(&mut cx, read.unfilled());
        assert!(matches!(told, Poll::Ready(Err(err)) if err.to_string() == "reset"));
    }
}
