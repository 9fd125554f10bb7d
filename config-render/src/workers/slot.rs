//! One place in the pool: a worker, its deadline, and how it ended.

use super::job::{Job, Reason, Rendered};
use super::wire::{ANSWER_BYTES, Message, Reply, bad, receive};
use crate::engine::{Library, Limits};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Jobs that a process does. Then another is started, in some milliseconds: an allocator that
/// has been in use for long has holes, and would count against somebody's memory.
const JOBS: u32 = 5_000;

/// What is kept of a worker's last words.
const STDERR_BYTES: u64 = 4 << 10;

/// What the pool's clock and its end need of a worker.
#[derive(Debug, Default)]
pub(super) struct Slot(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    child: Option<Child>,
    has_ended: bool,
    due: Option<Instant>,
    is_overdue: bool,
    is_closed: bool,
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends its worker if its time is up; says when the time will be.
    pub(super) fn end_if_overdue(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        let due = state.due?;
        if due > now {
            return Some(due);
        }
        state.is_overdue = true;
        state.due = None;
        state.kill();
        None
    }

    /// Ends its worker, and takes no other.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.kill();
    }

    fn put(&self, child: Child) -> io::Result<()> {
        let mut state = self.state();
        state.child = Some(child);
        state.has_ended = false;
        state.is_overdue = false;
        if state.is_closed {
            state.kill();
            return Err(io::Error::other("the pool is at its end"));
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        let mut state = self.state();
        let running = state.child.as_mut().map(|child| matches!(child.try_wait(), Ok(None)));
        state.has_ended = running == Some(false);
        running == Some(true)
    }

    fn begin(&self, due: Instant) {
        self.state().due = Some(due);
    }

    /// Says whether its time was up.
    fn finish(&self) -> bool {
        let mut state = self.state();
        state.due = None;
        state.is_overdue
    }

    /// Ends the process and waits for it: nothing remains.
    fn end(&self) -> io::Result<Option<ExitStatus>> {
        let mut state = self.state();
        state.kill();
        state.child.take().map(|mut child| child.wait()).transpose()
    }
}

impl State {
    /// The group is the worker's own: whatever it may have started ends with it. Until it has
    /// been waited for, its number is nobody else's.
    fn kill(&mut self) {
        let Some(child) = self.child.as_ref().filter(|_| !self.has_ended) else { return };
        if let Ok(pid) = i32::try_from(child.id()) {
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// Makes the command that starts a worker.
pub(super) type Factory = Arc<dyn Fn() -> Command + Send + Sync>;

/// A place's worker, as the thread sees it that talks to it.
pub(super) struct Seat {
    pub(super) slot: Arc<Slot>,
    pub(super) factory: Factory,
    pub(super) limits: Limits,
    pub(super) wall: Duration,
    worker: Option<Worker>,
    message: Message,
    bytes: Vec<u8>,
}

struct Worker {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    errors: ChildStderr,
    library: Option<Arc<Library>>,
    jobs: u32,
}

impl Seat {
    pub(super) fn new(slot: Arc<Slot>, factory: Factory, limits: Limits, wall: Duration) -> Self {
        let (message, bytes) = (Message::default(), Vec::new());
        Self { slot, factory, limits, wall, worker: None, message, bytes }
    }

    /// Has one job done, and knows why not.
    pub(super) fn render(
        &mut self,
        number: u64,
        job: &Job,
        library: &Arc<Library>,
    ) -> Result<Vec<Rendered>, Reason> {
        self.take_worker().map_err(|err| Reason::NoWorker(err.to_string()))?;
        self.slot.begin(Instant::now() + self.wall);
        let reply = self.exchange(number, job, library);
        let is_overdue = self.slot.finish();
        if is_overdue && reply.is_ok() {
            // Just in time: the answer counts, but its worker is no more.
            self.release();
        }
        match reply {
            Ok(Reply::Answer { rendered, .. }) if rendered.len() == job.texts.len() => Ok(rendered),
            Ok(Reply::Answer { .. }) => Err(self.end(&bad("an answer to something else"), false)),
            Ok(Reply::Refusal { why, .. }) => Err(Reason::Values(why)),
            Err(err) => Err(self.end(&err, is_overdue)),
        }
    }

    /// One that runs and has not grown old.
    fn take_worker(&mut self) -> io::Result<()> {
        let is_good = self.worker.as_ref().is_some_and(|worker| worker.jobs < JOBS);
        if is_good && self.slot.is_running() {
            return Ok(());
        }
        self.release();
        let mut command = (self.factory)();
        command.env_clear().process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        self.slot.put(child)?;
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(io::Error::other("a worker without pipes"));
        };
        let output = BufReader::new(output);
        self.worker = Some(Worker { input, output, errors, library: None, jobs: 0 });
        Ok(())
    }

    fn exchange(&mut self, number: u64, job: &Job, library: &Arc<Library>) -> io::Result<Reply> {
        let worker = self.worker.as_mut().ok_or_else(|| io::Error::other("no worker"))?;
        if !worker.library.as_ref().is_some_and(|known| Arc::ptr_eq(known, library)) {
            self.message.library(library, self.limits)?.send(&mut worker.input)?;
            worker.library = Some(Arc::clone(library));
        }
        worker.jobs += 1;
        let texts = job.texts.iter();
        let texts = texts.map(|it| (it.template.as_str(), it.item.as_deref().unwrap_or_default()));
        self.message.job(number, &job.values, texts)?.send(&mut worker.input)?;
        if !receive(&mut worker.output, ANSWER_BYTES, &mut self.bytes)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match Reply::read(&self.bytes)? {
            Reply::Answer { number: of, .. } | Reply::Refusal { number: of, .. }
                if of != number =>
            {
                Err(bad("an answer to another job"))
            }
            reply => Ok(reply),
        }
    }

    /// Ends the worker, and says why it was no good.
    fn end(&mut self, err: &io::Error, is_overdue: bool) -> Reason {
        let due = self.slot.end();
        let said = self.worker.take().map(|worker| last_words(worker.errors)).unwrap_or_default();
        if is_overdue {
            return Reason::WallTime(self.wall);
        }
        if matches!(err.kind(), io::ErrorKind::InvalidData) {
            return Reason::Garbage(err.to_string());
        }
        match due {
            Ok(Some(status)) => reason(status, &said),
            Ok(None) => Reason::Died(err.to_string()),
            Err(err) => Reason::Died(err.to_string()),
        }
    }

    /// Ends the worker, if there is one.
    pub(super) fn release(&mut self) {
        self.worker = None;
        let _ = self.slot.end();
    }
}

fn last_words(errors: ChildStderr) -> String {
    let mut said = Vec::new();
    let _ = errors.take(STDERR_BYTES).read_to_end(&mut said);
    let said = String::from_utf8_lossy(&said);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a process ended. The runtime has its own words before it aborts, and no other sign.
fn reason(status: ExitStatus, said: &str) -> Reason {
    let signal = status.signal().and_then(|signal| Signal::try_from(signal).ok());
    match signal {
        Some(Signal::SIGXCPU) => Reason::ProcessorTime,
        Some(Signal::SIGABRT) if said.contains("memory allocation of") => Reason::Memory,
        Some(Signal::SIGABRT) if said.contains("overflowed its stack") => Reason::Stack,
        _ if said.is_empty() => Reason::Died(status.to_string()),
        _ => Reason::Died(format!("{status}: {said}")),
    }
}
