//! Writes down, now and then, what was written to disks and for how long they have served. What
//! may be written is decided in the cache.

use cache::Cache;
use contract::time::TimeUs;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A process that is killed forgets for how long it has served since.
const EVERY: Duration = Duration::from_secs(600);

/// Until it is dropped.
pub(crate) async fn keep(cache: Arc<Cache>) {
    loop {
        let (cache, wall) = (Arc::clone(&cache), TimeUs::from(SystemTime::now()));
        // A process that is ending gives it up.
        let _ = tokio::task::spawn_blocking(move || cache.keep_budgets(wall)).await;
        tokio::time::sleep(EVERY).await;
    }
}
