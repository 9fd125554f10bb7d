//! How a command fails: one message, and a code that says whose turn it is.
//!
//! 2: what was asked cannot be meant (bad arguments, a port in use, a record that makes no
//! sense). 1: it was fine and did not work. Whoever reads no further, as `head` does, is told nothing.

use super::client::Refusal;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// What was asked cannot be meant.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// As a shell has it, of what ends because nobody reads it: 128, and the number of SIGPIPE.
const UNREAD: u8 = 128 + 13;

/// Tells the user; gives the exit code.
pub(super) fn report(err: &anyhow::Error) -> ExitCode {
    // Only of standard output: a connection that breaks is told in words of its own.
    let written = err.downcast_ref::<std::io::Error>();
    if written.is_some_and(|err| err.kind() == ErrorKind::BrokenPipe) {
        return ExitCode::from(UNREAD);
    }
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "fleet: {err:#}");
    ExitCode::from(code(err))
}

fn code(err: &anyhow::Error) -> u8 {
    let refused = err.downcast_ref::<Refusal>().map(|refusal| refusal.status);
    let usage = err.downcast_ref::<Usage>().is_some();
    match refused {
        Some(400 | 413 | 415 | 422) => 2,
        _ if usage => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let refusal = |status| {
            anyhow::Error::from(Refusal { status, detail: String::new(), errors: Vec::new() })
        };
        assert_eq!(code(&refusal(422)), 2);
        assert_eq!(code(&refusal(409)), 1);
        assert_eq!(code(&anyhow::Error::from(Usage(String::new())).context("x")), 2);
        assert_eq!(code(&anyhow::anyhow!("x")), 1);
    }
}
