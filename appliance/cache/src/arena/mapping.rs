//! Memory from the kernel: a memfd, mapped once, in huge pages where there are some.
#![expect(unsafe_code, reason = "mapping memory, and telling the kernel what it is for")]

use super::buddy::PAGE_BYTES;
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap, munmap};
use nix::unistd::ftruncate;
use std::io;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

/// The huge page that every x86-64 and most arm64 kernels have.
pub(super) const HUGE_PAGE_BYTES: usize = 2 << 20;

/// Why memory is not what the arena would like best. It works all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shortfall {
    /// The kernel has no huge pages to give.
    #[error("no huge pages ({0}); reserve them with vm.nr_hugepages")]
    SmallPages(String),
    /// The kernel would not tie the memory to its node.
    #[error("not tied to its NUMA node ({0})")]
    AnyNode(String),
}

/// Memory that stays where it is until it is dropped.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<u8>,
    len: NonZeroUsize,
}

// SAFETY: it is a piece of the address space, not tied to a thread; who may look at which
// part of it is the arena's business.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps at most `bytes`, in whole pages; `None` when that is not even one.
    pub(super) fn new(bytes: usize) -> io::Result<Option<(Self, Option<Shortfall>)>> {
        let small = bytes - bytes % PAGE_BYTES;
        let Some(small) = NonZeroUsize::new(small) else { return Ok(None) };
        match Self::huge(bytes) {
            Ok(mapping) => Ok(Some((mapping, None))),
            Err(err) => {
                let mapping = Self::map(small, MFdFlags::MFD_CLOEXEC)?;
                // Shared memory takes the hint only if the administrator allows it; without,
                // there are more TLB misses and nothing else.
                let _ = mapping.advise(MmapAdvise::MADV_HUGEPAGE);
                Ok(Some((mapping, Some(Shortfall::SmallPages(err.to_string())))))
            }
        }
    }

    fn huge(bytes: usize) -> io::Result<Self> {
        let len = NonZeroUsize::new(bytes - bytes % HUGE_PAGE_BYTES)
            .ok_or_else(|| io::Error::other("less than one huge page was asked for"))?;
        // ENOSYS without hugetlbfs; ENOMEM, from mmap, when fewer are free than asked for:
        // they are reserved there, so that none is missing later.
        let flags = MFdFlags::MFD_HUGETLB | MFdFlags::MFD_HUGE_2MB;
        Self::map(len, MFdFlags::MFD_CLOEXEC | flags)
    }

    fn map(len: NonZeroUsize, flags: MFdFlags) -> io::Result<Self> {
        let memory = memfd_create("headend-ram", flags)?;
        ftruncate(&memory, i64::try_from(len.get()).map_err(io::Error::other)?)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the kernel chooses the address: nothing that is mapped is replaced. The
        // file is as long as the mapping and belongs to nobody else: it cannot shrink.
        let start = unsafe { mmap(None, len, protection, MapFlags::MAP_SHARED, &memory, 0)? };
        let mapping = Self { start: start.cast(), len };
        // Content has no place in a core dump, which would be as large as the memory.
        let _ = mapping.advise(MmapAdvise::MADV_DONTDUMP);
        Ok(mapping)
    }

    fn advise(&self, advice: MmapAdvise) -> nix::Result<()> {
        // SAFETY: exactly our mapping, and neither advice that is used changes its bytes.
        unsafe { madvise(self.start.cast(), self.len.get(), advice) }
    }

    /// Has pages that are touched from now on come from this node first. Preferred, not
    /// bound: where a node's huge pages run out, a bound mapping would be killed by SIGBUS.
    pub(super) fn prefer_node(&self, node: u32) -> Result<(), Shortfall> {
        let mask: libc::c_ulong = 1u64.checked_shl(node).unwrap_or(0);
        let bits = libc::c_ulong::from(u64::BITS + 1);
        let policy = libc::c_long::from(libc::MPOL_PREFERRED);
        let flags: libc::c_ulong = 0;
        // SAFETY: exactly our mapping, and a mask of 64 bits, of which the kernel reads
        // one less than it is told.
        let outcome = unsafe {
            libc::syscall(
                libc::SYS_mbind,
                self.start.as_ptr(),
                self.len.get(),
                policy,
                &raw const mask,
                bits,
                flags,
            )
        };
        // EPERM and ENOSYS in containers, EINVAL for a node that is not there.
        let failed = || Shortfall::AnyNode(io::Error::last_os_error().to_string());
        if outcome == 0 { Ok(()) } else { Err(failed()) }
    }

    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(super) fn len(&self) -> usize {
        self.len.get()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by us, and every reference into it keeps the arena alive.
        let unmapped = unsafe { munmap(self.start.cast(), self.len.get()) };
        debug_assert_eq!(unmapped, Ok(()));
    }
}
