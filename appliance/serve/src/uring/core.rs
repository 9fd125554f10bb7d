//! What the steps of a thread share, beside the ring and the connections.

use super::How;
use super::inbox::Inbox;
use super::spare::Spare;
use crate::room::Room;
use crate::shared::Shared;
use cache::{Begun, BlockRead, Object, ReadOrder};
use contract::config::ListenerRole;
use rustls::ServerConfig;
use std::cell::RefCell;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A listening socket of one thread.
pub(crate) struct Entrance {
    pub(crate) socket: TcpListener,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) role: ListenerRole,
}

/// See above.
pub(super) struct Core {
    pub(super) shared: Shared,
    pub(super) inbox: Arc<Inbox>,
    pub(super) room: Arc<Room>,
    pub(super) entrances: Vec<Entrance>,
    /// Who seals, and how it is sent.
    pub(super) how: How,
    pub(super) is_draining: bool,
    /// How many entrances the kernel may still accept somebody from.
    pub(super) listens: usize,
    began: Instant,
    /// Milliseconds since the thread began, as of the last time the kernel was entered.
    pub(super) now_ms: u64,
    pub(super) spare: Spare,
    /// Reads that were begun and not yet asked of the ring.
    orders: RefCell<Vec<ReadOrder>>,
}

impl Core {
    pub(super) fn new(
        shared: Shared,
        inbox: Arc<Inbox>,
        room: Arc<Room>,
        entrances: Vec<Entrance>,
        how: How,
    ) -> Self {
        Self {
            shared,
            inbox,
            room,
            entrances,
            how,
            is_draining: false,
            listens: 0,
            began: Instant::now(),
            now_ms: 0,
            spare: Spare::default(),
            orders: RefCell::default(),
        }
    }

    /// A block: out of RAM or, soon, off its disk.
    pub(super) fn read(&self, object: &Arc<Object>, block: u32) -> BlockRead {
        let Begun { read, order } = self.shared.cache.begin_read(object, block);
        self.orders.borrow_mut().extend(order);
        read
    }

    /// The next read to be asked of the ring.
    pub(super) fn next_order(&self) -> Option<ReadOrder> {
        self.orders.borrow_mut().pop()
    }

    pub(super) fn look_at_the_clock(&mut self) {
        self.now_ms = millis(self.began.elapsed());
    }

    pub(super) fn after(&self, span: Duration) -> u64 {
        self.now_ms.saturating_add(millis(span))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
