//! What a pool is asked for, and what it answers.

use super::confine::{MEMORY_BYTES, PROCESSOR_S};
use super::wire::VALUES_BYTES;
use crate::engine::EngineError;
use std::time::Duration;

/// One device's texts, to be rendered by one worker.
#[derive(Debug, Clone)]
pub struct Job {
    /// What it is called in messages.
    pub device: String,
    /// The texts that are wanted.
    pub texts: Vec<Asked>,
    /// What their templates read, as JSON: a map.
    pub values: Vec<u8>,
}

impl Job {
    /// How much its templates read.
    pub(super) fn bytes(&self) -> usize {
        let items = self.texts.iter().filter_map(|text| text.item.as_ref());
        self.values.len() + items.map(Vec::len).sum::<usize>()
    }
}

/// A text that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Of which template.
    pub template: String,
    /// What the template reads as `item` beside the device's values, as JSON, where there is a text for each of
    /// several.
    pub item: Option<Vec<u8>>,
}

impl From<&str> for Asked {
    fn from(template: &str) -> Self {
        Self { template: template.to_owned(), item: None }
    }
}

/// What became of a job.
#[derive(Debug)]
pub struct Answer {
    /// Which it was, counted from 0 in the order in which they were given.
    pub number: usize,
    /// Its device.
    pub device: String,
    /// What became of each template, in the order of the job; or why there is none of them.
    pub result: Result<Vec<Rendered>, JobError>,
}

/// What became of one template.
pub type Rendered = Result<String, EngineError>;

/// Why a device has no texts at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{device}: {reason}")]
pub struct JobError {
    /// The device.
    pub device: String,
    /// The reason.
    pub reason: Reason,
}

/// Why a job was not done. All but the last two have ended a worker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It wanted more memory than a worker may have.
    #[error(
        "its templates take more than {} MiB of memory: is there a text that doubles itself?",
        MEMORY_BYTES >> 20
    )]
    Memory,
    /// It took longer than a processor may be kept busy.
    #[error("its templates take more than {PROCESSOR_S} s of processor time")]
    ProcessorTime,
    /// It took longer than anybody waits.
    #[error("its templates are not rendered after {0:?}")]
    WallTime(Duration),
    /// Something is nested deeper than the stack of a process.
    #[error("its templates nest values too deeply")]
    Stack,
    /// The worker ended for a reason of its own.
    #[error("the worker that rendered it has ended: {0}")]
    Died(String),
    /// The worker said something that is no answer.
    #[error("the worker that rendered it talks nonsense: {0}")]
    Garbage(String),
    /// No worker could be started.
    #[error("no worker can be started: {0}")]
    NoWorker(String),
    /// Its values are no JSON map.
    #[error("{0}")]
    Values(String),
    /// Its values are larger than those of any device.
    #[error("its values have {0} bytes, more than {VALUES_BYTES}")]
    TooLarge(usize),
}
