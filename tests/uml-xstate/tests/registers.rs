//! Registers that were read into too little room are given back, on whatever processor.

#![expect(unsafe_code, reason = "it asks as UML asks")]
// What tests are allowed, their helpers are too.
#![allow(clippy::expect_used)]

use nix::libc;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::ffi::{c_long, c_uint, c_void};
use std::process::{Child, Command, Stdio};
use std::ptr::null_mut;
use uml_xstate::{NT_X86_XSTATE, ptrace};

/// What UML has room for.
const ROOM: usize = 2696;

/// A process that sleeps. Killed when dropped.
struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(request: c_uint, pid: i32, kind: usize, data: *mut c_void) -> c_long {
    // SAFETY: the process is a child that is stopped, and `data` as large as it says.
    unsafe { ptrace(request, pid, kind as *mut c_void, data) }
}

fn registers(request: c_uint, pid: i32, bytes: &mut [u8]) -> usize {
    let mut iov = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let done = ask(request, pid, NT_X86_XSTATE, (&raw mut iov).cast());
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    iov.iov_len
}

#[test]
fn what_there_was_room_for_is_given_back_and_the_rest_stays() {
    let child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().expect("it runs");
    let sleeper = Sleeper(child);
    let pid = i32::try_from(sleeper.0.id()).expect("a process");
    assert_eq!(ask(libc::PTRACE_ATTACH, pid, 0, null_mut()), 0, "it is ours");
    waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WUNTRACED)).expect("it stops");
    let (mut before, mut after) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let all = registers(libc::PTRACE_GETREGSET, pid, &mut before);
    let mut some = vec![0; ROOM];
    let has = registers(libc::PTRACE_GETREGSET, pid, &mut some);
    assert_eq!(has, all.min(ROOM));
    // The lowest octet of the first SSE register (Intel SDM 1, §13.4.1), and that it is in use.
    some[160] ^= 0x5a;
    some[512] |= 2;
    registers(libc::PTRACE_SETREGSET, pid, &mut some);
    assert_eq!(registers(libc::PTRACE_GETREGSET, pid, &mut after), all);
    assert_eq!(after[160], some[160]);
    let rest = |bytes: &[u8]| [&bytes[576..all], &bytes[..160]].concat();
    assert_eq!(rest(&after), rest(&before));
    // A value that is peeked at is returned, as the C library does.
    let number = std::mem::offset_of!(libc::user_regs_struct, orig_rax);
    assert_ne!(ask(libc::PTRACE_PEEKUSER, pid, number, null_mut()), 0, "it sleeps in a call");
}
