//! What is said beside content: alerts, new keys, the goodbye. And when the kernel takes the
//! sealing over: once everything that we have sealed was sent.

use super::connection::{Connection, Open, Stage, Stand};
use super::core::Core;
use super::ring::ktls;
use records::message::Reply;
use records::seal::SealFailed;
use std::io;
use std::os::fd::RawFd;

/// Whether everything was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    All,
    /// The socket takes no more for now.
    NoRoom,
}

impl Connection {
    /// Seals what is to be said, or has the kernel say it; only while no batch is under way.
    pub(super) fn say_replies(&mut self, core: &Core) -> Result<Said, SealFailed> {
        let socket = self.socket();
        let Stage::Open(open) = &mut self.stage else { return Ok(Said::All) };
        if open.session.is_kernels() {
            return open.have_said(core, socket);
        }
        for reply in open.replies.drain(..) {
            open.session.reply(reply, &mut self.unsent)?;
        }
        open.session.refresh(&mut self.unsent)?;
        if self.unsent.is_empty() && open.session.awaits_kernel() && open.is_answering() {
            open.hand_over(core, socket);
        }
        Ok(Said::All)
    }
}

impl Open {
    fn is_answering(&self) -> bool {
        matches!(self.stand, Stand::Answering(_))
    }

    /// What the kernel does not take, for whatever reason, stays ours.
    fn hand_over(&mut self, core: &Core, socket: RawFd) {
        let counters = &core.shared.counters.kernel_tls;
        match self.session.hand_over(|key| ktls::begin(socket, key)) {
            Ok(()) => counters.begun.one(),
            Err(err) => {
                tracing::debug!(%err, "the kernel does not take a key");
                counters.refused.one();
            }
        }
    }

    /// Has the kernel say it.
    fn have_said(&mut self, core: &Core, socket: RawFd) -> Result<Said, SealFailed> {
        while let Some(&reply) = self.replies.first() {
            if reply == Reply::KeyUpdate
                && !core.how.kernel_tls.is_some_and(|kernel| kernel.can_change_keys)
            {
                self.end_for_want_of_a_key(core);
                continue;
            }
            let (kind, message) = reply.message();
            match ktls::send_message(socket, kind, &message) {
                Ok(()) => drop(self.replies.remove(0)),
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return Ok(Said::NoRoom),
                Err(_) => return Err(SealFailed),
            }
            if reply == Reply::KeyUpdate {
                let key = self.session.next_kernel_key()?;
                ktls::change_key(socket, &key).map_err(|_| SealFailed)?;
            }
        }
        Ok(Said::All)
    }

    /// The client wants us to change our key before we say more (RFC 8446 §4.6.3), and this
    /// kernel cannot: a goodbye, and the player comes again.
    fn end_for_want_of_a_key(&mut self, core: &Core) {
        core.shared.counters.kernel_tls.closed.one();
        self.end_well(core);
    }

    /// Ends the conversation, with whatever was being sent: a goodbye is all that follows.
    pub(super) fn end_well(&mut self, core: &Core) {
        self.close_books(core);
        self.replies.clear();
        self.replies.push(Reply::CloseNotify);
        self.stand = Stand::Done;
    }
}
