//! A way to a server that ends when so many bytes have gone there.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

/// For one connection.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<()>,
}

impl Proxy {
    /// To `server`, until `bytes` have gone there.
    pub(crate) fn start(server: SocketAddr, bytes: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
        let address = listener.local_addr().expect("bound");
        let thread = spawn(move || {
            let (client, _) = listener.accept().expect("accepted");
            let server = TcpStream::connect(server).expect("connected");
            let back = {
                let (server, client) = (clone(&server), clone(&client));
                spawn(move || carry(server, client, usize::MAX))
            };
            carry(clone(&client), clone(&server), bytes);
            for end in [client, server] {
                // Whoever has gone already needs no telling.
                let _ = end.shutdown(Shutdown::Both);
            }
            back.join().expect("carried");
        });
        Self { address, thread }
    }

    /// Waits until both ends are gone.
    pub(crate) fn end(self) {
        self.thread.join().expect("carried");
    }
}

fn clone(end: &TcpStream) -> TcpStream {
    end.try_clone().expect("a descriptor")
}

fn carry(mut from: TcpStream, mut to: TcpStream, bytes: usize) {
    let (mut left, mut chunk) = (bytes, [0; 4096]);
    while left > 0 {
        match from.read(&mut chunk) {
            Ok(got @ 1..) => {
                let piece = &chunk[..got.min(left)];
                if to.write_all(piece).is_err() {
                    return;
                }
                left -= piece.len();
            }
            _ => return,
        }
    }
}
