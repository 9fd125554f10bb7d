//! Has disks note, now and then, what stands on them and how far purges have come: a start finds
//! it there.

use cache::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// A box that has just started has other things to do.
const FIRST: Duration = Duration::from_secs(20);

/// What has come since is read from its files, should there be a start.
const EVERY: Duration = Duration::from_secs(600);

/// So few files are read in no time.
const LEAST_CHANGES: usize = 16;

/// Between two folders: disks serve viewers.
const PAUSE: Duration = Duration::from_millis(20);

/// Ends what is under way, where it is dropped.
struct Going(Arc<AtomicBool>);

impl Drop for Going {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Until it is dropped.
pub(crate) async fn keep(cache: Arc<Cache>) {
    let going = Going(Arc::new(AtomicBool::new(true)));
    tokio::time::sleep(FIRST).await;
    loop {
        let (cache, goes_on) = (Arc::clone(&cache), Arc::clone(&going.0));
        let keep = move || {
            cache.settle_purges();
            cache.keep_registers(LEAST_CHANGES, || {
                std::thread::sleep(PAUSE);
                goes_on.load(Ordering::Relaxed)
            });
        };
        // A process that is ending gives it up.
        let _ = spawn_blocking(keep).await;
        tokio::time::sleep(EVERY).await;
    }
}
