//! The end, announced to every connection: finish what is in flight, begin nothing.

use tokio::sync::watch;

/// Announces the end. Dropping it does the same.
#[derive(Debug)]
pub(super) struct Drainer(watch::Sender<bool>);

/// Hears of the end.
#[derive(Debug, Clone)]
pub(super) struct Drain(watch::Receiver<bool>);

/// The two ends.
pub(super) fn channel() -> (Drainer, Drain) {
    let (sender, receiver) = watch::channel(false);
    (Drainer(sender), Drain(receiver))
}

impl Drainer {
    pub(super) fn begin(&self) {
        self.0.send_replace(true);
    }
}

impl Drain {
    /// Returns once the end is announced.
    pub(super) async fn begun(&mut self) {
        // An error means that the sender is gone, which is the same.
        let _ = self.0.wait_for(|has_begun| *has_begun).await;
    }

    pub(super) fn has_begun(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
