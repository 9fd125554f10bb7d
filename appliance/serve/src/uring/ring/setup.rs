//! Sets a ring up, as this engine needs it, or says why it cannot be.

use super::Ring;
use io_uring::{IoUring, Probe, opcode};
use nix::sys::resource::{Resource, getrlimit};
use std::io;

/// Questions that may stand between two entries of the kernel.
const QUESTIONS: u32 = 1024;

/// Answers that may stand: each connection may have two at once.
const ANSWERS: u32 = 16 * 1024;

/// Block reads of one thread that may be under way.
pub(in super::super) const READS: u32 = 256;

/// Sockets that stand in a ring's table; with more connections, the others are looked up by
/// their descriptors each time.
const MOST_SOCKETS: u32 = 1 << 16;

/// Why there is no ring.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum RingError {
    /// The kernel, or whoever confines this process, does not allow it.
    #[error("io_uring cannot be set up: {0}")]
    Setup(io::Error),
    /// The kernel is too old.
    #[error("this kernel's io_uring lacks {0}")]
    Lacks(&'static str),
    /// Buffers or files cannot be registered.
    #[error("io_uring cannot register {what}: {source}")]
    Register {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// A ring of the calling thread, and of no other.
pub(in super::super) fn new() -> Result<Ring, RingError> {
    let uring = IoUring::builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_submit_all()
        .setup_clamp()
        .setup_cqsize(ANSWERS)
        .build(QUESTIONS)
        .map_err(RingError::Setup)?;
    check(&uring)?;
    let register = |what| move |source| RingError::Register { what, source };
    let sockets = most_sockets();
    uring.submitter().register_files_sparse(READS + sockets).map_err(register("files"))?;
    let sockets = vec![-1; sockets as usize].into_boxed_slice();
    Ok(Ring { uring, pending: 0, knows_regions: false, sockets })
}

/// A table may have as many files as the process may have descriptors.
fn most_sockets() -> u32 {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
    u32::try_from(limit).unwrap_or(u32::MAX).saturating_sub(READS).min(MOST_SOCKETS)
}

impl Ring {
    /// Registers the memory of the RAM tier. Without, reads work as well, a little slower.
    ///
    /// # Errors
    /// In words, for the log: a limit on locked memory, as a rule.
    #[allow(unsafe_code)]
    pub(in super::super) fn register_regions(&mut self, cache: &cache::Cache) -> io::Result<()> {
        let region = |region: &cache::Region| nix::libc::iovec {
            iov_base: region.start.as_ptr().cast(),
            iov_len: region.len,
        };
        let regions: Vec<_> = cache.regions().iter().map(region).collect();
        if regions.is_empty() {
            return Ok(());
        }
        // SAFETY: the regions stay mapped as long as the cache is alive, which a worker shares
        // and lets go of after its ring.
        unsafe { self.uring.submitter().register_buffers(&regions) }?;
        self.knows_regions = true;
        Ok(())
    }
}

/// DEFER_TASKRUN is of 6.1, and all else that is used here is older; but a kernel may have
/// been built, or a filter be set, without some of it.
fn check(uring: &IoUring) -> Result<(), RingError> {
    let mut probe = Probe::new();
    uring.submitter().register_probe(&mut probe).map_err(RingError::Setup)?;
    let needed = [
        (opcode::AcceptMulti::CODE, "accept"),
        (opcode::RecvMulti::CODE, "recv"),
        (opcode::Send::CODE, "send"),
        (opcode::PollAdd::CODE, "poll"),
        (opcode::OpenAt::CODE, "openat"),
        (opcode::Read::CODE, "read"),
        (opcode::Timeout::CODE, "timeout"),
    ];
    match needed.into_iter().find(|(code, _)| !probe.is_supported(*code)) {
        Some((_, name)) => Err(RingError::Lacks(name)),
        None => Ok(()),
    }
}
