//! Many devices at once.

use crate::{Cancel, Device, Limits, Session, SshFailure};
use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

/// libssh2 and OpenSSL take less than a tenth; the rest is the work's.
const STACK_BYTES: usize = 1 << 20;

/// What came of a device.
type Done<T> = (Device, Result<T, SshFailure>);

/// Visits under way, and what came of those that have ended, as they end. Who drops it calls off the rest.
#[derive(Debug)]
pub struct Crowd<T> {
    /// Taken away when nobody listens any more.
    results: Option<Receiver<Done<T>>>,
    threads: Vec<JoinHandle<()>>,
    cancel: Cancel,
}

/// Visits each device, as many at a time as there are threads, and does the work at each. Devices are
/// taken as threads come to them, and results wait until they are fetched: neither many of the one nor of
/// the other are in memory. With `cancel` it ends at once, and devices not begun come back as called off.
///
/// It blocks who iterates: from an async program, in `tokio::task::spawn_blocking`.
///
/// # Errors
/// When not one thread can be started.
pub fn each<T, W>(
    devices: impl IntoIterator<Item = Device, IntoIter: Send + 'static>,
    threads: usize,
    limits: Limits,
    cancel: Cancel,
    work: W,
) -> io::Result<Crowd<T>>
where
    T: Send + 'static,
    W: Fn(&mut Session) -> Result<T, SshFailure> + Send + Sync + 'static,
{
    let (sender, results) = sync_channel(threads);
    let shared = Arc::new(Shared {
        devices: Mutex::new(devices.into_iter()),
        limits,
        cancel: cancel.clone(),
        work,
    });
    let mut crowd = Crowd { results: Some(results), threads: Vec::new(), cancel };
    for at in 0..threads.max(1) {
        let (shared, sender) = (Arc::clone(&shared), sender.clone());
        let thread = Builder::new().name(format!("ssh-{at}")).stack_size(STACK_BYTES);
        match thread.spawn(move || shared.visit_all(&sender)) {
            Ok(thread) => crowd.threads.push(thread),
            Err(err) if crowd.threads.is_empty() => return Err(err),
            // With fewer it takes longer.
            Err(_) => break,
        }
    }
    Ok(crowd)
}

struct Shared<I, W> {
    devices: Mutex<I>,
    limits: Limits,
    cancel: Cancel,
    work: W,
}

impl<I: Iterator<Item = Device>, W> Shared<I, W> {
    fn visit_all<T>(&self, results: &SyncSender<Done<T>>)
    where
        W: Fn(&mut Session) -> Result<T, SshFailure>,
    {
        while let Some(device) = self.next() {
            let done = Session::open(&device, &self.limits, &self.cancel)
                .and_then(|mut session| (self.work)(&mut session));
            if results.send((device, done)).is_err() {
                return;
            }
        }
    }

    fn next(&self) -> Option<Device> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

impl<T> Iterator for Crowd<T> {
    type Item = Done<T>;

    /// # Panics
    /// When the work has: a device of which nothing comes back would look like one that was not there.
    fn next(&mut self) -> Option<Done<T>> {
        if let Ok(done) = self.results.as_ref()?.recv() {
            return Some(done);
        }
        self.results = None;
        for thread in self.threads.drain(..) {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        None
    }
}

impl<T> Drop for Crowd<T> {
    fn drop(&mut self) {
        if self.results.take().is_some() {
            self.cancel.cancel();
        }
        for thread in self.threads.drain(..) {
            // It is somebody else's panic that ends us here, or nobody's.
            let _ = thread.join();
        }
    }
}
