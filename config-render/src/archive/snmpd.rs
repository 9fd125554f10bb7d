//! Rules for the directives of Net-SNMP.

use super::line::Line;

impl Line<'_> {
    /// Where to read on, if the word is a directive that takes secrets.
    pub(super) fn snmpd(&mut self, at: usize) -> Option<usize> {
        let name = self.name(at).to_ascii_lowercase();
        let program = name.rsplit('/').next().unwrap_or_default();
        let end = self.tokens.len();
        if at + 1 >= end {
            return None;
        }
        match name.as_str() {
            "rocommunity" | "rwcommunity" | "rocommunity6" | "rwcommunity6" | "trapcommunity"
            | "defcommunity" => self.words(at + 1..at + 2),
            "com2sec" | "com2sec6" | "com2secunix" => {
                let context = if self.word(at + 1) == "-Cn" { 2 } else { 0 };
                self.words((at + context + 3).min(end - 1)..end);
            }
            "authcommunity" | "smuxpeer" => self.words(at + 2..at + 3),
            "trapsink" | "trap2sink" | "informsink" => self.words(at + 2..at + 3),
            "trapsess" | "informsess" | "proxy" => self.arguments(at + 1),
            _ if program.starts_with("snmp") && self.has_flags(at) => self.arguments(at + 1),
            "createuser" => self.user(at + 1),
            "usmuser" => self.stored_user(at),
            _ => return None,
        }
        Some(end)
    }

    fn words(&mut self, words: std::ops::Range<usize>) {
        let end = words.end.min(self.tokens.len());
        for at in words.start..end {
            self.redact(at..at + 1);
        }
    }

    /// A command of Net-SNMP and not the name of a file or a service.
    fn has_flags(&self, at: usize) -> bool {
        let last = self.tokens.len().min(at + 4);
        (at + 1..last).any(|at| self.raw(at).starts_with("-v") || self.raw(at).starts_with("-c"))
    }

    /// Of a command: `-c C -A A -X X`, and `-cC`.
    fn arguments(&mut self, from: usize) {
        let mut at = from;
        while at < self.tokens.len() {
            let word = self.raw(at);
            let is_split = ["-c", "-A", "-X", "-3m", "-3M", "-3k", "-3K"].contains(&word);
            if is_split {
                self.words(at + 1..at + 2);
                at += 1;
            } else if ["-c", "-A", "-X"].iter().any(|flag| word.starts_with(flag)) {
                let token = self.tokens[at].at.clone();
                let quotes = ['"', '\''];
                let value = word[2..].trim_matches(quotes);
                let start = token.start + 2 + usize::from(word[2..].starts_with(quotes));
                self.found.push(start..start + value.len());
            } else {
                self.assigned(at);
            }
            at += 1;
        }
    }

    /// `[-e ENGINE] USER SHA "secret" AES "secret"`, and keys with `-m` or `-l`.
    fn user(&mut self, from: usize) {
        let engine = if self.word(from) == "-e" { 2 } else { 0 };
        let mut at = from + engine + 1;
        while at < self.tokens.len() {
            // The algorithm.
            at += 1;
            if matches!(self.word(at), "-m" | "-l") {
                at += 1;
            }
            self.words(at..at + 1);
            at += 1;
        }
    }

    /// `usmUser STATUS STORAGE ENGINE NAME NAME CLONED AUTH KEY PRIVACY KEY PUBLIC`
    fn stored_user(&mut self, at: usize) {
        for nth in [8, 10, 11] {
            self.words(at + nth..at + nth + 1);
        }
    }
}
