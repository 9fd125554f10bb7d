//! The kernel's ring, and nothing else: what may be asked of it, and what it says.
//!
//! `unsafe` of this engine stands here. Whoever asks hands memory over; the rules that
//! keep it alive are said at each question.
#![allow(unsafe_code)]

pub(super) mod ktls;
mod provided;
mod setup;

pub(super) use provided::{Buffer, Provided};
pub(super) use setup::{READS, RingError, new};

use super::token::{Asked, Place, encode};
use cache::ReadOrder;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{DestinationSlot, Fd, Fixed, Timespec};
use io_uring::{IoUring, cqueue, opcode};
use nix::libc;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// What the kernel says of a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Completion {
    pub(super) word: u64,
    /// What a system call would have returned.
    pub(super) result: i32,
    /// More answers to the same question will come.
    pub(super) goes_on: bool,
    /// Memory is the sender's again; and whether it had been copied.
    pub(super) landed: Option<Landed>,
    /// The provided buffer that was filled.
    pub(super) buffer: Option<Buffer>,
}

/// How the network took what was sent from where it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Landed {
    pub(super) was_copied: bool,
}

impl Landed {
    fn of(result: i32) -> Self {
        // IORING_NOTIF_USAGE_ZC_COPIED.
        Self { was_copied: result.cast_unsigned() & (1 << 31) != 0 }
    }
}

impl Completion {
    fn of(entry: &cqueue::Entry) -> Self {
        let flags = entry.flags();
        Self {
            word: entry.user_data(),
            result: entry.result(),
            goes_on: cqueue::more(flags),
            landed: cqueue::notif(flags).then(|| Landed::of(entry.result())),
            buffer: cqueue::buffer_select(flags).map(Buffer),
        }
    }

    /// A send from where it stands that was refused for being one: a socket of another kind, a
    /// filter, no room to pin memory.
    pub(super) fn refuses_zero_copy(&self) -> bool {
        let refusals = [libc::EINVAL, libc::EOPNOTSUPP, libc::ENOMEM, libc::ENOBUFS, libc::EPERM];
        self.landed.is_none() && refusals.contains(&-self.result)
    }

    /// The result as a count, or the error.
    pub(super) fn count(&self) -> io::Result<usize> {
        usize::try_from(self.result).map_err(|_| io::Error::from_raw_os_error(-self.result))
    }
}

/// A ring of one thread.
pub(super) struct Ring {
    uring: IoUring,
    /// Questions that were not answered for the last time.
    pending: u64,
    /// The RAM tier's memory is registered: no page of it has to be looked up for a read.
    knows_regions: bool,
    /// The sockets that stand in the ring's table behind the files of reads, by the index of
    /// their connection: the kernel is shown a descriptor here.
    sockets: Box<[RawFd]>,
}

/// Asks about a socket by its place in the ring's table, or, where it has none, by its
/// descriptor.
macro_rules! of_socket {
    ($ring:ident, $connection:expr, $socket:expr, |$file:ident| $question:expr) => {
        match $ring.slot($connection) {
            Some($file) => $question,
            None => {
                let $file = Fd($socket);
                $question
            }
        }
    };
}

impl Ring {
    /// Hands over what was asked and waits for `want` answers.
    pub(super) fn enter(&mut self, want: usize) -> io::Result<()> {
        match self.uring.submit_and_wait(want) {
            Err(err) if !is_passing(&err) => Err(err),
            _ => Ok(()),
        }
    }

    /// Takes the answers that are there.
    pub(super) fn completions(&mut self, into: &mut Vec<Completion>) {
        into.clear();
        into.extend(self.uring.completion().map(|entry| Completion::of(&entry)));
        let ended = into.iter().filter(|completion| !completion.goes_on).count();
        self.pending = self.pending.saturating_sub(ended as u64);
    }

    /// Questions that were not answered for the last time.
    pub(super) fn pending(&self) -> u64 {
        self.pending
    }

    fn push(&mut self, asked: Asked, place: Place, entry: Entry) {
        let entry = entry.user_data(encode(asked, place));
        loop {
            // SAFETY: every question below says who keeps its memory alive, and until when.
            if unsafe { self.uring.submission().push(&entry) }.is_ok() {
                self.pending += 1;
                return;
            }
            // Full: what stands in it is taken by the kernel at once.
            if self.enter(0).is_err() {
                return;
            }
        }
    }

    /// Connections, until cancelled.
    pub(super) fn accept(&mut self, place: Place, listener: RawFd) {
        let flags = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        let entry = opcode::AcceptMulti::new(Fd(listener)).flags(flags).build();
        self.push(Asked::Accept, place, entry);
    }

    /// Puts the socket of a connection into the table. It is looked up there from now on, and
    /// kept open by it, until it is taken out.
    pub(super) fn put_socket(&mut self, place: Place, socket: RawFd) {
        let (Some(slot), Some(shown)) =
            (self.slot(place), self.sockets.get_mut(place.index as usize))
        else {
            return;
        };
        // It stands there until somebody else takes this place, which is after this question
        // was answered: those of one ring are asked in turn.
        *shown = socket;
        let offset = i32::try_from(slot.0).unwrap_or(i32::MAX);
        let entry = opcode::FilesUpdate::new(&raw const *shown, 1).offset(offset).build();
        self.push(Asked::Table, place, entry);
    }

    /// Takes it out again.
    pub(super) fn take_socket(&mut self, place: Place) {
        if let Some(slot) = self.slot(place) {
            self.push(Asked::Table, place, opcode::Close::new(slot).build());
        }
    }

    fn slot(&self, place: Place) -> Option<Fixed> {
        let is_there = (place.index as usize) < self.sockets.len();
        is_there.then_some(Fixed(READS + place.index))
    }

    /// What a client sends, until cancelled, into provided buffers.
    pub(super) fn receive(&mut self, place: Place, socket: RawFd) {
        let entry = of_socket!(self, place, socket, |file| {
            opcode::RecvMulti::new(file, provided::GROUP).build()
        });
        self.push(Asked::Receive, place, entry);
    }

    /// Sends what the socket takes now. The answer comes with the next [`Ring::enter`], for
    /// the kernel is told not to wait; until then `bytes` must stay as they are, which their
    /// batch sees to: they are part of the scratch area, or of a block that it holds on to.
    pub(super) fn send(&mut self, place: Place, socket: RawFd, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        let entry = of_socket!(self, place, socket, |file| {
            opcode::Send::new(file, bytes.as_ptr(), len).flags(flags).build()
        });
        self.push(Asked::Send, place, entry);
    }

    /// The same, from where it stands. There is a second answer, which says that nobody looks
    /// at `bytes` any more: until then their area is not written to again.
    pub(super) fn send_zero_copy(
        &mut self,
        flight: Place,
        place: Place,
        socket: RawFd,
        bytes: &[u8],
    ) {
        const REPORT_USAGE: u16 = 1 << 3;
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        let entry = of_socket!(self, place, socket, |file| {
            let send = opcode::SendZc::new(file, bytes.as_ptr(), len);
            send.flags(flags).zc_flags(REPORT_USAGE).build()
        });
        self.push(Asked::SendZeroCopy, flight, entry);
    }

    /// Once the socket can take more.
    pub(super) fn writable(&mut self, place: Place, socket: RawFd) {
        let events = u32::from(libc::POLLOUT.cast_unsigned());
        let entry =
            of_socket!(self, place, socket, |file| opcode::PollAdd::new(file, events).build());
        self.push(Asked::Writable, place, entry);
    }

    /// Once a descriptor can be read: said again each time.
    pub(super) fn readable(&mut self, asked: Asked, descriptor: RawFd) {
        let events = u32::from(libc::POLLIN.cast_unsigned());
        let entry = opcode::PollAdd::new(Fd(descriptor), events).multi(true).build();
        self.push(asked, Place::only(0), entry);
    }

    /// Forgets a question; it is answered with ECANCELED.
    pub(super) fn cancel(&mut self, asked: Asked, place: Place) {
        let entry = opcode::AsyncCancel::new(encode(asked, place)).build();
        self.push(Asked::Cancel, place, entry);
    }

    /// Forgets every question; each is answered.
    pub(super) fn cancel_all(&mut self) {
        let entry = opcode::AsyncCancel2::new(io_uring::types::CancelBuilder::any()).build();
        self.push(Asked::Cancel, Place::only(0), entry);
    }

    /// A tick, once this span has passed. (A kernel before 6.4 knows none that repeats.) The
    /// kernel copies `span` before `enter` returns; it must stand still until then.
    pub(super) fn tick(&mut self, span: &'static Timespec) {
        let entry = opcode::Timeout::new(span).build();
        self.push(Asked::Tick, Place::only(0), entry);
    }

    /// Opens the file of an order into slot `at` of the ring's own table, reads its block and
    /// closes it, one after the other. Each is answered: those behind one that fails with
    /// ECANCELED, but a file that was opened is closed. The order must stay where it is until
    /// all three answers have come.
    pub(super) fn read_file(&mut self, at: Place, order: &mut ReadOrder, is_direct: bool) {
        let Ok(slot) = DestinationSlot::try_from_slot_target(at.index) else { return };
        let direct = if is_direct { libc::O_DIRECT } else { 0 };
        let open = opcode::OpenAt::new(Fd(libc::AT_FDCWD), order.file_c().as_ptr())
            .flags(libc::O_RDONLY | direct)
            .file_index(Some(slot))
            .build()
            .flags(Flags::IO_LINK);
        self.push(Asked::Open, at, open);
        self.push(Asked::Read, at, self.read_block(at, order).flags(Flags::IO_HARDLINK));
        self.push(Asked::CloseFile, at, opcode::Close::new(Fixed(at.index)).build());
    }

    fn read_block(&self, at: Place, order: &mut ReadOrder) -> Entry {
        let (offset, region) = (order.offset(), order.region());
        let into = order.buffer_mut();
        let len = u32::try_from(into.len()).unwrap_or(u32::MAX);
        let file = Fixed(at.index);
        match region.filter(|_| self.knows_regions) {
            Some(region) => {
                opcode::ReadFixed::new(file, into.as_mut_ptr(), len, region).offset(offset).build()
            }
            None => opcode::Read::new(file, into.as_mut_ptr(), len).offset(offset).build(),
        }
    }
}

/// The socket that an accept has brought; nobody else has it.
pub(super) fn owned(descriptor: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made it for this answer, and each answer is looked at once.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// Signals and a completion queue that is full for a moment: the caller comes again.
fn is_passing(err: &io::Error) -> bool {
    matches!(err.raw_os_error(), Some(libc::EINTR | libc::EBUSY | libc::EAGAIN | libc::ETIME))
}
