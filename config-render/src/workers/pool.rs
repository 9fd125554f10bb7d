//! The pool: jobs in, answers out, whatever becomes of the workers.

use super::job::{Answer, Job, JobError, Reason};
use super::slot::{Factory, Seat, Slot};
use super::watch::{Closing, watch};
use super::wire::VALUES_BYTES;
use crate::engine::{Library, Limits};
use std::io;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Jobs on their way for each worker: one that is rendered, and enough to follow it while
/// somebody reads the answers.
const JOBS_PER_WORKER: usize = 4;

/// How a pool works.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// How many processes.
    pub workers: usize,
    /// How long a job may take from being given to a worker until it is answered.
    pub wall: Duration,
    /// What one template may take.
    pub limits: Limits,
}

impl Default for PoolOptions {
    /// A worker for each processor, and ten seconds: three times its processor time, since
    /// a machine has other things to do.
    fn default() -> Self {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        Self { workers, wall: Duration::from_secs(10), limits: Limits::default() }
    }
}

/// Worker processes, ready for jobs. Dropping it ends them.
#[derive(Debug)]
pub struct Pool {
    tasks: Option<SyncSender<Task>>,
    slots: Vec<Arc<Slot>>,
    closing: Arc<Closing>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Task {
    number: usize,
    job: Job,
    library: Arc<Library>,
    answers: SyncSender<Answer>,
    is_unwanted: Arc<AtomicBool>,
}

impl Pool {
    /// With workers that are started by the command that `command` makes, as they are needed.
    /// Its program has to call [`super::serve`] with its input and output and do nothing else.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(
        options: PoolOptions,
        command: impl Fn() -> Command + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let workers = options.workers.max(1);
        let (tasks, queue) = sync_channel(workers * JOBS_PER_WORKER);
        let queue = Arc::new(Mutex::new(queue));
        let factory: Factory = Arc::new(command);
        let slots: Vec<_> = (0..workers).map(|_| Arc::new(Slot::default())).collect();
        let mut pool = Self { tasks: Some(tasks), slots, closing: Arc::default(), threads: vec![] };
        for slot in &pool.slots {
            let (slot, factory) = (Arc::clone(slot), Arc::clone(&factory));
            let seat = Seat::new(slot, factory, options.limits, options.wall);
            let (queue, closing) = (Arc::clone(&queue), Arc::clone(&pool.closing));
            let thread = thread::Builder::new().name("render".to_owned());
            let work = move || work(seat, &queue, &closing);
            pool.threads.push(thread.spawn(work)?);
        }
        let (slots, closing) = (pool.slots.clone(), Arc::clone(&pool.closing));
        let thread = thread::Builder::new().name("render-clock".to_owned());
        pool.threads.push(thread.spawn(move || watch(&slots, options.wall, &closing))?);
        Ok(pool)
    }

    /// Renders, and answers as answers come: an answer says which job it is for. Jobs are
    /// taken as workers are free, and nothing is done that nobody waits for.
    pub fn render<I>(&self, library: &Arc<Library>, jobs: I) -> Answers<'_, I::IntoIter>
    where
        I: IntoIterator<Item = Job>,
    {
        let window = self.slots.len() * JOBS_PER_WORKER;
        let (sender, answers) = sync_channel(window);
        Answers {
            pool: self,
            library: Arc::clone(library),
            jobs: jobs.into_iter().enumerate(),
            sender,
            answers,
            window,
            under_way: 0,
            is_unwanted: Arc::default(),
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.closing.begin();
        self.tasks = None;
        for slot in &self.slots {
            slot.close();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The answers to some jobs.
#[derive(Debug)]
pub struct Answers<'a, I> {
    pool: &'a Pool,
    library: Arc<Library>,
    jobs: std::iter::Enumerate<I>,
    sender: SyncSender<Answer>,
    answers: Receiver<Answer>,
    window: usize,
    under_way: usize,
    is_unwanted: Arc<AtomicBool>,
}

impl<I: Iterator<Item = Job>> Iterator for Answers<'_, I> {
    type Item = Answer;

    fn next(&mut self) -> Option<Answer> {
        while self.under_way < self.window {
            let Some((number, job)) = self.jobs.next() else { break };
            let bytes = job.bytes();
            if bytes > VALUES_BYTES {
                let reason = Reason::TooLarge(bytes);
                return Some(failed(number, job.device, reason));
            }
            let task = Task {
                number,
                job,
                library: Arc::clone(&self.library),
                answers: self.sender.clone(),
                is_unwanted: Arc::clone(&self.is_unwanted),
            };
            self.pool.tasks.as_ref()?.send(task).ok()?;
            self.under_way += 1;
        }
        if self.under_way == 0 {
            return None;
        }
        self.under_way -= 1;
        self.answers.recv().ok()
    }
}

impl<I> Drop for Answers<'_, I> {
    fn drop(&mut self) {
        self.is_unwanted.store(true, Ordering::Relaxed);
    }
}

/// The life of one of the pool's threads. It starts its workers itself: they end when it does.
fn work(mut seat: Seat, queue: &Mutex<Receiver<Task>>, closing: &Closing) {
    loop {
        let task = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = task else { break };
        if closing.is_closing() {
            break;
        }
        if task.is_unwanted.load(Ordering::Relaxed) {
            continue;
        }
        let Task { number, job, library, answers, .. } = task;
        let sequence = u64::try_from(number).unwrap_or(u64::MAX);
        let answer = match seat.render(sequence, &job, &library) {
            Ok(rendered) => Answer { number, device: job.device, result: Ok(rendered) },
            Err(reason) => failed(number, job.device, reason),
        };
        // Nobody may be waiting any more.
        let _ = answers.send(answer);
    }
    seat.release();
}

fn failed(number: usize, device: String, reason: Reason) -> Answer {
    let error = JobError { device: device.clone(), reason };
    Answer { number, device, result: Err(error) }
}
