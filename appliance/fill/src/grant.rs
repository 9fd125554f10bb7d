//! What may be drawn from a source, from the permission until it has arrived.

use crate::admission::Urgency;
use crate::caps::Caps;
use crate::lanes::Lane;
use contract::progress::WaitingOn;
use contract::sources::SourceKind;
use std::net::SocketAddr;
use std::sync::Arc;

/// Bytes that may be drawn now. They count as on their way until they have arrived; dropped, as
/// arrived, since nobody knows how many of them a network still carries.
#[derive(Debug)]
#[must_use]
pub struct Grant<'a> {
    pub(crate) caps: &'a Caps,
    pub(crate) address: SocketAddr,
    pub(crate) kind: SourceKind,
    pub(crate) lane: Option<Arc<Lane>>,
    pub(crate) left: u64,
    /// No cap holds: nothing is counted before it arrives.
    pub(crate) is_free: bool,
    pub(crate) urgency: Urgency,
}

impl Grant<'_> {
    /// How many are still to arrive.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left
    }

    /// So many came.
    pub fn arrived(&mut self, bytes: u64) {
        let expected = bytes.min(self.left);
        self.left -= expected;
        let expected = if self.is_free { 0 } else { expected };
        self.caps.arrived(self.lane.as_deref(), bytes, expected);
    }

    /// More of the same, for an answer that cannot be asked for in parts.
    pub(crate) fn add(&mut self, mut more: Grant<'_>) {
        if self.is_free != more.is_free || self.lane.is_some() != more.lane.is_some() {
            // A cap began or ended in between: what was granted before is of another kind.
            self.keep_only(0);
            (self.is_free, self.lane) = (more.is_free, more.lane.clone());
        }
        self.left = self.left.saturating_add(std::mem::take(&mut more.left));
    }

    /// None of what is left will arrive: the source has not got it.
    pub fn give_back(mut self) {
        self.keep_only(0);
    }

    /// No more than so many will arrive.
    pub(crate) fn keep_only(&mut self, bytes: u64) {
        let more = self.left.saturating_sub(bytes);
        self.left -= more;
        if more > 0 && !self.is_free {
            self.caps.given_back(self.lane.as_deref(), more);
        }
    }

    /// Waits until this permission ends before its time.
    pub async fn revoked(&self) -> Revoked {
        self.caps.revoked(self).await
    }
}

impl Drop for Grant<'_> {
    fn drop(&mut self) {
        if self.left > 0 && !self.is_free {
            self.caps.arrived(self.lane.as_deref(), self.left, self.left);
        }
    }
}

/// Why a permission ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// The box may fill no longer.
    Closed(WaitingOn),
    /// A cap began, or fell to less than what is on its way: ask again.
    Capped,
}
