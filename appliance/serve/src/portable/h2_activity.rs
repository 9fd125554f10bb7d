//! Whether an HTTP/2 connection is of use: hyper has no clock for clients that ask nothing,
//! or ask and take nothing.

use contract::config::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Streams under way, and when one of them last moved.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    streams: AtomicUsize,
    /// Milliseconds after `began`.
    moved_ms: AtomicU64,
    idle_timeout: Duration,
    write_timeout: Duration,
}

/// A stream under way.
#[derive(Debug)]
pub(super) struct OpenStream(Arc<Activity>);

impl Activity {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            began: Instant::now(),
            streams: AtomicUsize::new(0),
            moved_ms: AtomicU64::new(0),
            idle_timeout: limits.idle_timeout_s.duration(),
            write_timeout: limits.write_timeout_s.duration(),
        }
    }

    /// A stream has begun; it ends with the guard.
    pub(super) fn stream(self: &Arc<Self>) -> OpenStream {
        self.streams.fetch_add(1, Ordering::Relaxed);
        self.moved();
        OpenStream(Arc::clone(self))
    }

    fn moved(&self) {
        let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_ms.fetch_max(elapsed, Ordering::Relaxed);
    }

    /// Returns when nothing has moved for too long: `true` when nothing was asked, `false`
    /// when a client did not take what it had asked for.
    pub(super) async fn expired(&self) -> bool {
        loop {
            let is_idle = self.streams.load(Ordering::Relaxed) == 0;
            let patience = if is_idle { self.idle_timeout } else { self.write_timeout };
            let moved = Duration::from_millis(self.moved_ms.load(Ordering::Relaxed));
            let deadline = self.began + moved + patience;
            if Instant::now() >= deadline {
                return is_idle;
            }
            // A stream that begins meanwhile is looked at when this sleep ends, so a client
            // that takes nothing is found after both time-outs together at the latest.
            sleep_until(deadline).await;
        }
    }
}

impl OpenStream {
    pub(super) fn made_progress(&self) {
        self.0.moved();
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.moved();
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn idle_and_stuck_are_told_apart() {
        let limits = Limits::default();
        let activity = Arc::new(Activity::new(&limits));
        let began = Instant::now();
        assert!(activity.expired().await);
        assert_eq!(began.elapsed(), limits.idle_timeout_s.duration());
        let stream = activity.stream();
        let began = Instant::now();
        assert!(!activity.expired().await);
        assert_eq!(began.elapsed(), limits.write_timeout_s.duration());
        drop(stream);
        assert!(activity.expired().await);
    }
}
