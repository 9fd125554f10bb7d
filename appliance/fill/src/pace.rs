//! Keeps what is drawn from a source under its cap.

use contract::sources::Source;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// For each source, when its next byte may be asked for.
#[derive(Debug, Default)]
pub(crate) struct Paces(Mutex<HashMap<SocketAddr, Instant>>);

impl Paces {
    /// Waits until `bytes` more fit under the cap of this source, over all transfers.
    pub(crate) async fn wait(&self, source: &Source, bytes: usize) {
        let Some(cap) = source.cap_bytes_per_s.filter(|cap| *cap > 0) else { return };
        #[expect(clippy::cast_precision_loss, reason = "a pause need not be exact to the byte")]
        let span = Duration::from_secs_f64(bytes as f64 / cap as f64);
        let until = {
            let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = next.entry(source.address).or_insert_with(Instant::now);
            *slot = (*slot).max(Instant::now()) + span;
            *slot
        };
        tokio::time::sleep_until(until).await;
    }
}
