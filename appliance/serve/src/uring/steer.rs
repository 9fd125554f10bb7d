//! Threads and processors: each thread stays on its core, and a connection goes to the
//! thread of the core whose queue received it.
#![allow(unsafe_code)]

use nix::libc;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsRawFd;

/// The calling thread.
const SELF: Pid = Pid::from_raw(0);

/// Which processor each of `threads` serving threads has to itself: those that this process
/// may use, in order. Empty when there are not as many.
pub(crate) fn processors(threads: usize) -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(SELF) else { return Vec::new() };
    let is_set = |at: &usize| allowed.is_set(*at).unwrap_or(false);
    let found: Vec<usize> = (0..CpuSet::count()).filter(is_set).collect();
    if found.len() == threads { found } else { Vec::new() }
}

/// Keeps the calling thread on a processor.
pub(super) fn stay_on(processor: usize) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    sched_setaffinity(SELF, &set)
}

/// Has the kernel choose among the sockets of an address by the processor that received the
/// connection: the remainder of its number by theirs, which is the thread that stays there
/// when the processors are numbered from 0. Any of a group's sockets speaks for all.
pub(crate) fn by_processor(sockets: &[TcpListener]) -> io::Result<()> {
    let (Some(first), Ok(count)) = (sockets.first(), u32::try_from(sockets.len())) else {
        return Ok(());
    };
    const OFFSET_OF_CPU: u32 = (libc::SKF_AD_OFF + libc::SKF_AD_CPU).cast_unsigned();
    let step = |code: u32, k| {
        let code = u16::try_from(code).unwrap_or(0);
        libc::sock_filter { code, jt: 0, jf: 0, k }
    };
    let mut program = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, OFFSET_OF_CPU),
        step(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K, count),
        step(libc::BPF_RET | libc::BPF_A, 0),
    ];
    let program = libc::sock_fprog { len: 3, filter: program.as_mut_ptr() };
    // SAFETY: the kernel copies the program, whose length is right, before it returns.
    let outcome = unsafe {
        libc::setsockopt(
            first.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            (&raw const program).cast(),
            libc::socklen_t::try_from(size_of::<libc::sock_fprog>()).unwrap_or(0),
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
