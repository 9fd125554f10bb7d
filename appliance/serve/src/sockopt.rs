//! Options of sockets that nobody else has a name for. System calls: a ring sets options from
//! kernel 6.7 on only.
#![allow(unsafe_code)]

use contract::quantity::BitRate;
use nix::errno::Errno;
use nix::libc::{self, c_int};
use std::io;
use std::os::fd::RawFd;

/// How much the kernel holds for a client beyond what is on its way to it: two batches of the
/// uring engine.
///
/// Without a limit that is what the send buffer has grown to, megabytes, for a client that
/// has stopped reading: a few hundred of those take all the memory that TCP may have, and
/// with it everybody else's. What is on its way to a distant client is not counted, so this
/// costs no throughput.
pub(crate) const MOST_UNSENT: usize = 1 << 19;

/// The kernel takes no more while so much is unsent, and says that it does once half of it
/// has gone. Connections inherit it from the socket that they were accepted on.
pub(crate) fn set_most_unsent(socket: RawFd, bytes: usize) -> io::Result<()> {
    let bytes = c_int::try_from(bytes).unwrap_or(c_int::MAX);
    set(socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, &bytes.to_ne_bytes())
}

/// No faster than this; `None`: as fast as the path takes it.
pub(crate) fn set_max_pacing_rate(socket: RawFd, rate: Option<BitRate>) -> io::Result<()> {
    // All bits set means without a limit (socket(7)). Since 4.20 a rate is taken in 64 bits;
    // 32 of them would end at 34 Gb/s.
    let bytes_per_s = rate.map_or(u64::MAX, BitRate::bytes_per_s);
    set(socket, libc::SOL_SOCKET, libc::SO_MAX_PACING_RATE, &bytes_per_s.to_ne_bytes())
}

/// The kernel is to know TLS on this socket.
pub(crate) fn set_tls(socket: RawFd) -> io::Result<()> {
    set(socket, libc::IPPROTO_TCP, libc::TCP_ULP, b"tls")
}

/// The key that it seals with from here on, as `linux/tls.h` has it.
pub(crate) fn set_tls_transmit_key(socket: RawFd, key: &[u8]) -> io::Result<()> {
    set(socket, libc::SOL_TLS, libc::TLS_TX, key)
}

fn set(socket: RawFd, level: c_int, option: c_int, value: &[u8]) -> io::Result<()> {
    let len = libc::socklen_t::try_from(value.len()).unwrap_or(0);
    // SAFETY: the kernel reads `len` octets of `value` before it returns.
    let answer = unsafe { libc::setsockopt(socket, level, option, value.as_ptr().cast(), len) };
    Errno::result(answer).map(drop).map_err(io::Error::from)
}
