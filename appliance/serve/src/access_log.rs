//! The port to wherever request lines are kept.

/// Takes lines of the request log. The binary supplies it: files by the hour, a pipe, a test.
pub trait AccessLog: Send + Sync {
    /// Takes one line, with its end. Must not block: what cannot be kept up with is dropped
    /// and counted there.
    fn write_line(&self, line: &[u8]);
}
