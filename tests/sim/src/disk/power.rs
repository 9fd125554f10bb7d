//! Whether a process and its machine are running, and when they stop.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use tokio::sync::Notify;

/// The life of one process, as its disks see it.
#[derive(Debug)]
pub struct Power {
    is_off: AtomicBool,
    /// How many calls to disks are left until it stops in the middle of one.
    calls_left: AtomicI64,
    off: Notify,
}

impl Power {
    /// Stops after so many calls that change a disk; never by itself where there is none.
    #[must_use]
    pub fn on(calls: Option<u32>) -> Self {
        let calls_left = AtomicI64::new(calls.map_or(i64::MAX, i64::from));
        Self { is_off: AtomicBool::new(false), calls_left, off: Notify::new() }
    }

    /// Stops now.
    pub fn cut(&self) {
        self.is_off.store(true, Ordering::Relaxed);
        self.off.notify_one();
    }

    /// It does not stop by itself any more.
    pub fn stay_on(&self) {
        self.calls_left.store(i64::MAX, Ordering::Relaxed);
    }

    /// Whether it has stopped.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Relaxed)
    }

    /// Waits until it stops.
    pub async fn gone(&self) {
        if !self.is_off() {
            self.off.notified().await;
        }
    }

    /// A call that changes a disk has been made.
    pub(super) fn changed(&self) {
        if self.calls_left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.cut();
        }
    }
}
