//! Threads and processors: each thread stays on its core, and a connection goes to the
//! thread that the plan names for the core whose queue received it.
#![allow(unsafe_code)]

use super::program::{Step, build};
use crate::topology::Plan;
use nix::libc;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsRawFd;

/// The calling thread.
const SELF: Pid = Pid::from_raw(0);

/// Keeps the calling thread on a processor.
pub(super) fn stay_on(processor: u32) -> nix::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor as usize)?;
    sched_setaffinity(SELF, &set)
}

/// Has the kernel choose among the sockets of an address by the processor that received the
/// connection. Any of a group's sockets speaks for all; where the plan has nothing to say,
/// the kernel's hash chooses.
///
/// The program answers with a place in the group. A socket is given its place when it begins
/// to listen, in that order, which is that of `sockets` and so of the threads. When one is
/// closed, the last of the group takes its place (`reuseport_detach_sock`): from then on the
/// program is wrong about these two until another is attached. Ours close together, when
/// they drain, and a connection that goes to another thread is served all the same.
pub(crate) fn by_plan(sockets: &[TcpListener], plan: &Plan) -> io::Result<()> {
    let (Some(first), Ok(count)) = (sockets.first(), u32::try_from(sockets.len())) else {
        return Ok(());
    };
    match build(&plan.takers, count) {
        Some(program) if count > 1 => attach(first, &program),
        _ => Ok(()),
    }
}

fn attach(socket: &TcpListener, program: &[Step]) -> io::Result<()> {
    let step = |step: &Step| {
        let code = u16::try_from(step.code).map_err(io::Error::other)?;
        Ok(libc::sock_filter { code, jt: step.jump.0, jf: step.jump.1, k: step.k })
    };
    let mut steps = program.iter().map(step).collect::<io::Result<Vec<_>>>()?;
    let len = u16::try_from(steps.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len, filter: steps.as_mut_ptr() };
    // SAFETY: the kernel copies the program, whose length is right, before it returns.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            (&raw const program).cast(),
            libc::socklen_t::try_from(size_of::<libc::sock_fprog>()).unwrap_or(0),
        )
    };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests;
