//! Lets User-Mode Linux 6.1 run on processors with more registers than it has room for.
//!
//! It keeps the registers of a process in 2,696 bytes, which is what they take with AVX-512 and
//! protection keys. Where a processor has tiles (AMX), they take 11,008, and the kernel takes
//! nothing but all of them (`PTRACE_SETREGSET` with `NT_X86_XSTATE`: EFAULT otherwise), so that
//! no process inside gets further than its first switch. Loaded before the C library
//! (`LD_PRELOAD`), this `ptrace` lays what UML has over what there is. Nobody inside uses tiles:
//! a process would have to ask for them.

#![expect(unsafe_code, reason = "it takes the place of a function of the C library")]

use nix::libc;
use std::cell::UnsafeCell;
use std::ffi::{c_long, c_uint, c_void};

/// All registers that XSAVE saves (`linux/elf.h`).
pub const NT_X86_XSTATE: usize = 0x202;

/// More than all registers of any processor that there is.
const MOST_BYTES: usize = 64 << 10;

/// UML's stacks have no room for it. It has one thread, which is never in here twice.
struct Whole(UnsafeCell<[u8; MOST_BYTES]>);

// SAFETY: there is one thread.
unsafe impl Sync for Whole {}

static WHOLE: Whole = Whole(UnsafeCell::new([0; MOST_BYTES]));

/// Requests that answer with a value, which the kernel writes and the C library returns.
const PEEKS: std::ops::RangeInclusive<c_uint> = libc::PTRACE_PEEKTEXT..=libc::PTRACE_PEEKUSER;

/// As that of the C library, but that the kernel is given all registers where it wants all.
///
/// # Safety
/// As for the one of the C library. No two threads may be in it at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ptrace(
    request: c_uint,
    pid: libc::pid_t,
    addr: *mut c_void,
    data: *mut c_void,
) -> c_long {
    // SAFETY: what is asked of the kernel is what the caller asks, who knows what it points to.
    unsafe {
        match request {
            libc::PTRACE_SETREGSET if addr as usize == NT_X86_XSTATE => {
                set_registers(pid, addr, data.cast())
            }
            peek if PEEKS.contains(&peek) => {
                let mut value: c_long = 0;
                match ask(request, pid, addr, (&raw mut value).cast()) {
                    failed @ ..0 => failed,
                    _ => {
                        *libc::__errno_location() = 0;
                        value
                    }
                }
            }
            _ => ask(request, pid, addr, data),
        }
    }
}

/// # Safety
/// As [`ptrace`]; `some` points to what the caller has.
unsafe fn set_registers(pid: libc::pid_t, kind: *mut c_void, some: *const libc::iovec) -> c_long {
    // SAFETY: the kernel writes no more than it is told, and says how much it was; of what the
    // caller has no more is read than it says that there is.
    unsafe {
        let whole = WHOLE.0.get().cast::<u8>();
        let mut all = libc::iovec { iov_base: whole.cast(), iov_len: MOST_BYTES };
        let read = ask(libc::PTRACE_GETREGSET, pid, kind, (&raw mut all).cast());
        if read < 0 {
            return read;
        }
        let libc::iovec { iov_base, iov_len } = *some;
        whole.copy_from(iov_base.cast(), iov_len.min(all.iov_len));
        ask(libc::PTRACE_SETREGSET, pid, kind, (&raw mut all).cast())
    }
}

/// # Safety
/// As the call to the kernel.
unsafe fn ask(request: c_uint, pid: libc::pid_t, addr: *mut c_void, data: *mut c_void) -> c_long {
    // SAFETY: that of the caller.
    unsafe { libc::syscall(libc::SYS_ptrace, c_long::from(request), pid, addr, data) }
}
