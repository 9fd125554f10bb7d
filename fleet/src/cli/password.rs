//! Passwords, as people give them: typed without being shown, or piped in.

use super::Usage;
use anyhow::Context;
use std::io::{BufRead, IsTerminal, Read};

/// Longer than any that is taken.
const MAX_BYTES: u64 = 4096;

/// One password, from standard input or from who sits at the terminal.
pub(super) fn read(prompt: &str, from_stdin: bool) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if from_stdin {
        let mut line = String::new();
        stdin.lock().take(MAX_BYTES).read_line(&mut line).context("cannot read the password")?;
        return Ok(line.trim_end_matches(['\n', '\r']).to_owned());
    }
    if !stdin.is_terminal() {
        return Err(Usage("there is no terminal to ask at: use --password-stdin".into()).into());
    }
    rpassword::prompt_password(prompt).context("cannot ask for the password")
}

/// A new one, asked for twice where somebody types.
pub(super) fn read_new(prompt: &str, from_stdin: bool) -> anyhow::Result<String> {
    let new = read(prompt, from_stdin)?;
    if !from_stdin && read("Once more: ", false)? != new {
        return Err(Usage("these are two passwords: nothing was changed".into()).into());
    }
    Ok(new)
}
