//! The threads, from outside.

use super::How;
use super::core::Entrance;
use super::inbox::{Inbox, Letter};
use super::steer;
use super::worker::Worker;
use crate::room::Room;
use crate::shared::Shared;
use crate::topology::Plan;
use std::io;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread, and where it is told things.
struct Member {
    inbox: Arc<Inbox>,
    /// Until the thread is let go.
    start: Option<mpsc::Sender<()>>,
    thread: JoinHandle<io::Result<()>>,
}

/// All serving threads.
pub(crate) struct Crew(Vec<Member>);

impl Crew {
    /// Starts a thread for each set of entrances, on the processor that the plan gives it. Each
    /// sets its ring up and waits.
    ///
    /// # Errors
    /// When a thread cannot be had, or cannot set its ring up.
    pub(crate) fn prepare(
        sets: Vec<(Shared, Vec<Entrance>)>,
        room: &Arc<Room>,
        how: How,
        plan: &Plan,
    ) -> io::Result<Self> {
        let mut crew = Self(Vec::new());
        for (at, (shared, entrances)) in sets.into_iter().enumerate() {
            let (room, processor) = (Arc::clone(room), plan.processor_of(at));
            crew.0.push(Member::prepare(at, processor, how, shared, room, entrances)?);
        }
        Ok(crew)
    }

    /// Begins to accept.
    pub(crate) fn begin(&mut self) {
        for start in self.0.iter_mut().filter_map(|member| member.start.take()) {
            // A thread that has ended is found when it is joined.
            let _ = start.send(());
        }
    }

    fn tell(&self, letter: Letter) {
        self.0.iter().for_each(|member| member.inbox.leave(letter));
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
        let inboxes: Vec<_> = self.0.iter().map(|member| Arc::clone(&member.inbox)).collect();
        let mut joined = tokio::task::spawn_blocking(|| {
            self.0.into_iter().map(Member::join).fold(Ok(()), io::Result::and)
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

impl Member {
    fn prepare(
        at: usize,
        processor: Option<u32>,
        how: How,
        shared: Shared,
        room: Arc<Room>,
        entrances: Vec<Entrance>,
    ) -> io::Result<Self> {
        let inbox = Inbox::new()?;
        let theirs = Arc::clone(&inbox);
        let (tell, told) = mpsc::channel();
        let (start, started) = mpsc::channel();
        let work = move || {
            processor.into_iter().for_each(stay_on);
            let worker = Worker::new(shared, theirs, room, entrances, how);
            let worker = worker.map_err(io::Error::other);
            let worker = worker.inspect_err(|err| drop(tell.send(err.to_string())))?;
            drop(tell);
            if started.recv().is_err() {
                // The server was given up before it began.
                return Ok(());
            }
            worker.run().inspect_err(|err| tracing::error!(%err, "a serving thread has ended"))
        };
        let thread = std::thread::Builder::new().name(format!("serve-{at}")).spawn(work)?;
        // It says something only when it cannot begin.
        match told.recv() {
            Ok(err) => Err(io::Error::other(err)),
            Err(mpsc::RecvError) => Ok(Self { inbox, start: Some(start), thread }),
        }
    }

    fn join(self) -> io::Result<()> {
        let ended = self.thread.join();
        ended.unwrap_or_else(|_| Err(io::Error::other("a serving thread panicked")))
    }
}

fn stay_on(processor: u32) {
    if let Err(err) = steer::stay_on(processor) {
        tracing::warn!(%err, processor, "a serving thread may run anywhere");
    }
}
