//! The threads, from outside.

use super::core::Entrance;
use super::inbox::{Inbox, Letter};
use super::worker::Worker;
use crate::room::Room;
use crate::shared::Shared;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// All serving threads.
pub(crate) struct Crew {
    members: Vec<(Arc<Inbox>, JoinHandle<io::Result<()>>)>,
}

impl Crew {
    /// Starts a thread for each set of entrances.
    ///
    /// # Errors
    /// When a thread or its inbox cannot be had.
    pub(crate) fn start(sets: Vec<(Shared, Vec<Entrance>)>, room: &Arc<Room>) -> io::Result<Self> {
        let mut members = Vec::new();
        for (at, (shared, entrances)) in sets.into_iter().enumerate() {
            let inbox = Inbox::new()?;
            let room = Arc::clone(room);
            let theirs = Arc::clone(&inbox);
            let thread =
                std::thread::Builder::new().name(format!("serve-{at}")).spawn(move || {
                    let worker = Worker::new(shared, theirs, room, entrances);
                    let ended = worker.map_err(io::Error::other).and_then(Worker::run);
                    if let Err(err) = &ended {
                        tracing::error!(%err, "a serving thread has ended");
                    }
                    ended
                })?;
            members.push((inbox, thread));
        }
        Ok(Self { members })
    }

    fn tell(&self, letter: Letter) {
        self.members.iter().for_each(|(inbox, _)| inbox.leave(letter));
    }

    /// Nothing new is accepted; what is in flight is finished.
    pub(crate) fn drain(&self) {
        self.tell(Letter::Drain);
    }

    /// Waits until all threads have drained; after `patience` they end whatever they do.
    ///
    /// # Errors
    /// The first that a thread ended with.
    pub(crate) async fn end(self, patience: Duration) -> io::Result<()> {
        let inboxes: Vec<_> = self.members.iter().map(|(inbox, _)| Arc::clone(inbox)).collect();
        let threads = self.members.into_iter().map(|(_, thread)| thread);
        let threads: Vec<_> = threads.collect();
        let mut joined = tokio::task::spawn_blocking(|| {
            threads.into_iter().map(join).fold(Ok(()), io::Result::and)
        });
        match tokio::time::timeout(patience, &mut joined).await {
            Ok(ended) => ended?,
            Err(_) => {
                tracing::info!("connections outlasted the drain");
                inboxes.iter().for_each(|inbox| inbox.leave(Letter::End));
                joined.await?
            }
        }
    }
}

fn join(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a serving thread panicked")))
}
