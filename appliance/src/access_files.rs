//! Request logs in files: one an hour, a bounded number of them, written aside.
//!
//! Lines are handed to a thread over a bounded queue; when the disk cannot keep up, lines
//! are dropped rather than viewers delayed.

use contract::config::Log;
use serve::AccessLog;
use std::io::Write;
use std::sync::Arc;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};

/// Raw lines are personal data: they stay for a day at most.
const USUAL_RETENTION_H: u8 = 24;

/// Lines that wait for the disk: at some 500 bytes each, 8 MB.
const QUEUED_LINES: usize = 16_384;

struct AccessFiles {
    lines: NonBlocking,
    /// Flushes when dropped.
    _guard: WorkerGuard,
}

impl AccessLog for AccessFiles {
    fn write_line(&self, line: &[u8]) {
        // Never fails: a full queue drops and counts.
        let _ = self.lines.clone().write(line);
    }
}

/// Opens the log, if the configuration has one.
pub(crate) fn open(log: &Log) -> Result<Option<Arc<dyn AccessLog>>, InitError> {
    let Some(folder) = &log.access_folder else { return Ok(None) };
    let files = RollingFileAppender::builder()
        .rotation(Rotation::HOURLY)
        .filename_prefix("access")
        .filename_suffix("jsonl")
        .max_log_files(usize::from(log.retention_h.unwrap_or(USUAL_RETENTION_H)))
        .build(folder)?;
    let (lines, guard) =
        NonBlockingBuilder::default().buffered_lines_limit(QUEUED_LINES).lossy(true).finish(files);
    Ok(Some(Arc::new(AccessFiles { lines, _guard: guard })))
}
