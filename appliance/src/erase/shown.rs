//! How far it has come: a line that changes on a terminal, a line for each tenth elsewhere.

use super::Pass;
use contract::quantity::ByteCount;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Of one pass.
pub(super) struct Shown {
    what: &'static str,
    bytes: u64,
    begun: Instant,
    on_terminal: bool,
    /// What was told last: tenths, where it is not on a terminal.
    tenths: u64,
}

impl Shown {
    pub(super) fn new(pass: Pass, bytes: u64) -> Self {
        let what = match pass {
            Pass::Write => "written over",
            Pass::Read => "read back",
        };
        let on_terminal = std::io::stderr().is_terminal();
        Self { what, bytes, begun: Instant::now(), on_terminal, tenths: 0 }
    }

    pub(super) fn tell(&mut self, done: u64) {
        let tenths = done.saturating_mul(10) / self.bytes;
        let line = self.line(done, self.begun.elapsed());
        // Whoever has gone meanwhile keeps nothing from being done.
        let mut out = std::io::stderr();
        let _ = match self.on_terminal {
            true if done == self.bytes => writeln!(out, "\r\x1b[K{line}"),
            true => write!(out, "\r\x1b[K{line}").and_then(|()| out.flush()),
            false if tenths > self.tenths => writeln!(out, "{line}"),
            false => Ok(()),
        };
        self.tenths = tenths;
    }

    fn line(&self, done: u64, spent: Duration) -> String {
        let percent = done.saturating_mul(100) / self.bytes;
        let all = ByteCount(self.bytes);
        let left = self.left(done, spent).map(|it| format!(", {it} left")).unwrap_or_default();
        format!("{}: {percent} % of {all}{left}", self.what)
    }

    /// At the pace so far.
    fn left(&self, done: u64, spent: Duration) -> Option<String> {
        let rest = self.bytes - done.min(self.bytes);
        if rest == 0 || done == 0 {
            return None;
        }
        let left_s = u128::from(rest) * spent.as_millis() / u128::from(done) / 1000;
        Some(match left_s {
            0..120 => format!("{left_s} s"),
            120..7200 => format!("{} min", left_s / 60),
            _ => format!("{} h", left_s / 3600),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_sees_how_long_it_takes() {
        let shown = Shown { on_terminal: false, ..Shown::new(Pass::Write, 4 << 40) };
        let line = |done: u64, s: u64| shown.line(done, Duration::from_secs(s));
        assert_eq!(line(1 << 40, 7200), "written over: 25 % of 4.0 TiB, 6 h left");
        assert_eq!(line(2 << 40, 600), "written over: 50 % of 4.0 TiB, 10 min left");
        assert_eq!(line(2 << 40, 60), "written over: 50 % of 4.0 TiB, 60 s left");
        assert_eq!(line(4 << 40, 60), "written over: 100 % of 4.0 TiB");
        assert_eq!(line(0, 0), "written over: 0 % of 4.0 TiB");
    }
}
