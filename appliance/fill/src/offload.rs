//! Where calls run that block on a disk: beside the event loop.

use std::future::Future;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A call that blocks.
pub type Job = Box<dyn FnOnce() + Send>;

/// Runs calls that block. In tests also at once, on the same thread, so that a seed decides
/// all that happens.
pub trait Offload: Send + Sync {
    /// Has a call run, soon, on whatever thread.
    fn run(&self, job: Job);
}

/// The runtime's blocking threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Threads;

impl Offload for Threads {
    fn run(&self, job: Job) {
        // Whoever waits for it hears from the job itself.
        drop(tokio::task::spawn_blocking(job));
    }
}

/// Begins a call at once, whether or not the future is polled; `None` where the call ended in
/// a panic or was never run, because the process is ending.
pub(crate) fn begin<T: Send + 'static>(
    offload: &Arc<dyn Offload>,
    call: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Option<T>> + Send + 'static {
    let (done, outcome) = oneshot::channel();
    // The other side may have gone; then nobody wants to know.
    offload.run(Box::new(move || drop(done.send(call()))));
    async move { outcome.await.ok() }
}
