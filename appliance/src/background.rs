//! Threads for what no viewer waits for: filling, scrubbing, moving objects between disks.
//!
//! They have the processor when nothing else wants it, and give it up the moment something does
//! (`SCHED_IDLE`): without that, a thread that serves waits until the one that hashes a slice has
//! had its turn. Only the processor is left to others. Disks have paces of their own, and an idle
//! thread would be idle there as well, and behind a queue of reads never come to write.

#![expect(unsafe_code, reason = "two calls to the kernel that no library has")]

use nix::errno::Errno;
use nix::libc;
use tokio::runtime::{Builder, Runtime};

/// Transfers arrive on these; what blocks has threads beside them.
const WORKERS: usize = 2;

/// `linux/ioprio.h`: this process, best effort, the level of everybody who has asked for none.
const OF_A_PROCESS: libc::c_int = 1;
const AS_OTHERS: libc::c_int = (2 << 13) | 4;

/// A runtime of such threads. They must not be waited for by those who serve.
pub(crate) fn start() -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("background")
        .on_thread_start(|| {
            if let Err(err) = yield_to_others() {
                tracing::warn!(%err, "filling takes time from those who serve");
            }
        })
        .enable_all()
        .build()
}

/// This thread runs when no other wants to.
fn yield_to_others() -> Result<(), Errno> {
    let no_priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: the kernel reads the parameters before it returns; 0 is the thread that calls.
    let answer = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const no_priority) };
    Errno::result(answer)?;
    // SAFETY: three numbers; 0 is the thread that calls.
    let answer = unsafe { libc::syscall(libc::SYS_ioprio_set, OF_A_PROCESS, 0, AS_OTHERS) };
    Errno::result(answer).map(drop)
}

#[cfg(test)]
mod tests {
    use nix::libc;
    use std::sync::mpsc;

    /// What the kernel says of the thread that calls: policy, and priority at disks.
    fn standing() -> (i32, i64) {
        // SAFETY: numbers in, a number out.
        unsafe {
            let at_disks = libc::syscall(libc::SYS_ioprio_get, super::OF_A_PROCESS, 0);
            (libc::sched_getscheduler(0), at_disks)
        }
    }

    #[test]
    fn threads_of_the_background_yield_the_processor_and_not_the_disks() {
        let idle = (libc::SCHED_IDLE, i64::from(super::AS_OTHERS));
        let background = super::start().expect("threads");
        let (told, hears) = mpsc::channel();
        let blocking = told.clone();
        background.spawn(async move {
            told.send(standing()).expect("heard");
            tokio::task::spawn_blocking(move || blocking.send(standing()).expect("heard"));
        });
        assert_eq!(hears.recv().expect("a worker"), idle);
        assert_eq!(hears.recv().expect("a thread that blocks"), idle);
        assert_ne!(standing().0, libc::SCHED_IDLE, "those who start it go on as before");
    }
}
