//! The pace of a socket, as the kernel is told. System calls: a ring sets options from
//! kernel 6.7 on only.

use contract::quantity::BitRate;
use nix::errno::Errno;
use nix::libc;
use std::io;
use std::os::fd::RawFd;

/// No faster than this; `None`: as fast as the path takes it.
pub(in super::super) fn set_max_pacing_rate(
    socket: RawFd,
    rate: Option<BitRate>,
) -> io::Result<()> {
    // All bits set means without a limit (socket(7)). Since 4.20 a rate is taken in 64 bits;
    // 32 of them would end at 34 Gb/s.
    let bytes_per_s = rate.map_or(u64::MAX, BitRate::bytes_per_s);
    set(socket, libc::SOL_SOCKET, libc::SO_MAX_PACING_RATE, bytes_per_s)
}

/// No more is taken while so much is unsent, and more is asked for once half of it has gone.
/// `None`: as much as the send buffer holds.
pub(in super::super) fn set_unsent_room(socket: RawFd, bytes: Option<usize>) -> io::Result<()> {
    // 0 means what `net.ipv4.tcp_notsent_lowat` says (tcp(7)).
    let bytes = bytes.map_or(0, |bytes| libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX));
    set(socket, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, bytes)
}

/// `T` is the integer that the option is of.
fn set<T: Copy>(socket: RawFd, level: i32, option: i32, value: T) -> io::Result<()> {
    let len = libc::socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: the kernel reads `len` bytes of `value`, an integer, before it returns.
    let answer = unsafe { libc::setsockopt(socket, level, option, (&raw const value).cast(), len) };
    Errno::result(answer).map(drop).map_err(io::Error::from)
}
