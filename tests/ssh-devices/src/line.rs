//! The way to a device: how long it is, how wide, and where it ends.

use crate::{Device, Fault};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

/// What the device's end holds, and what is read of it at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Pieces under way: of a line of 50 ms with one a millisecond.
const PIECES: usize = 64;

/// Something under way, and when it arrives.
type Piece = (Instant, Vec<u8>);

/// Takes the connection, and says nothing to it until it ends.
pub(crate) async fn hold(mut tcp: TcpStream) {
    let mut chunk = [0; 1024];
    while tcp.read(&mut chunk).await.is_ok_and(|bytes| bytes > 0) {}
}

/// The device's end of it, and what is over when everything has arrived that it has said.
pub(crate) fn lay(
    tcp: TcpStream,
    device: &Device,
) -> (DuplexStream, impl Future<Output = ()> + use<>) {
    let (theirs, ours) = duplex(BUFFER_BYTES);
    let (from_tcp, to_tcp) = tcp.into_split();
    let (from_device, to_device) = tokio::io::split(ours);
    let latency = device.latency;
    let ends = device.fault;
    tokio::spawn(async move {
        // SYN and its answer.
        sleep(2 * latency).await;
        let (sender, receiver) = channel(PIECES);
        let receiving = tokio::spawn(take(from_tcp, sender, latency));
        deliver(to_device, receiver).await;
        receiving.abort();
    });
    let (sender, receiver) = channel(PIECES);
    tokio::spawn(take(from_device, sender, latency));
    let carried: JoinHandle<()> = tokio::spawn(send(to_tcp, receiver, ends));
    (theirs, async move {
        let _ = carried.await;
    })
}

async fn take(mut from: impl AsyncRead + Unpin, to: Sender<Piece>, latency: Duration) {
    let mut chunk = vec![0; BUFFER_BYTES];
    while let Ok(bytes @ 1..) = from.read(&mut chunk).await {
        if to.send((Instant::now() + latency, chunk[..bytes].to_vec())).await.is_err() {
            return;
        }
    }
}

async fn deliver(mut to: tokio::io::WriteHalf<DuplexStream>, mut from: Receiver<Piece>) {
    while let Some((arrives, bytes)) = from.recv().await {
        sleep_until(arrives).await;
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// What a device says, as it says it. The connection ends with it.
async fn send(mut to: OwnedWriteHalf, mut from: Receiver<Piece>, fault: Fault) {
    let mut left = if let Fault::CutAfter(bytes) = fault { bytes } else { usize::MAX };
    while let Some((arrives, bytes)) = from.recv().await {
        sleep_until(arrives).await;
        let piece = &bytes[..bytes.len().min(left)];
        let pause = if let Fault::Drips(pause) = fault { Some(pause) } else { None };
        if say(&mut to, piece, pause).await.is_err() {
            return;
        }
        left -= piece.len();
        if left == 0 {
            break;
        }
    }
    let _ = to.shutdown().await;
}

async fn say(
    to: &mut OwnedWriteHalf,
    bytes: &[u8],
    pause: Option<Duration>,
) -> std::io::Result<()> {
    let Some(pause) = pause else { return to.write_all(bytes).await };
    for byte in bytes {
        to.write_all(&[*byte]).await?;
        sleep(pause).await;
    }
    Ok(())
}
