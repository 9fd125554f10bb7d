//! Where a secret begins and ends after its name.

use super::kind::DeviceKind;
use super::line::Line;
use super::token::Mode;
use super::word::{self, Sense};
use std::ops::Range;

/// Words between the name of a secret and the secret: how it is written.
#[rustfmt::skip]
const WRITTEN: &[&str] = &[
    "encrypted", "clear", "cleartext", "clear-text", "plain", "plaintext", "plain-text", "text",
    "ascii", "hex", "hexadecimal", "ascii-text", "type", "value", "local", "remote", "hash",
    "unencrypted", "encryption", "key", "password-encrypt", "is", "enc", "level",
    "algorithm", "hash-algo",
];

/// After an algorithm, these may still come.
const LAST: &[&str] = &["value", "key", "ascii-text", "key-string", "hex"];

/// After `password`: settings of passwords, and none itself.
#[rustfmt::skip]
const SETTINGS: &[&str] = &[
    "policy", "minimum", "encryption", "format", "hash", "minimum-length", "maximum-length",
    "minimum-changes", "change-type", "strength-check", "required", "requisite", "sufficient",
    "optional", "include", "substack", "lifetime", "history", "length", "expire", "recovery",
    "complexity", "minimum-numerics", "minimum-upper-cases", "minimum-lower-cases",
    "minimum-punctuations", "minimum-reuse", "minimum-character-changes", "aging", "profile",
    "encryption-key", "min-length", "max-length", "set-key", "rollover", "keychain",
    "key-chain", "list",
];

/// What may stand after a secret on a command line, and how many words it takes.
const TAILS: &[(&str, &[Argument])] = &[
    ("privilege", &[Argument::Number]),
    ("role", &[Argument::Role]),
    ("timeout", &[Argument::Number]),
    ("retransmit", &[Argument::Number]),
    ("retries", &[Argument::Number]),
    ("priority", &[Argument::Number]),
    ("auth-port", &[Argument::Number]),
    ("acct-port", &[Argument::Number]),
    ("port", &[Argument::Number]),
    ("single-connection", &[]),
    ("localizedkey", &[]),
    ("encrypted", &[]),
    ("pbkdf2", &[]),
    ("nt-encrypted", &[]),
    ("level-1", &[]),
    ("level-2", &[]),
    ("level-1-2", &[]),
    ("no-xauth", &[]),
    ("transmit-key", &[]),
    ("address", &[Argument::Address, Argument::Address]),
    ("address", &[Argument::Address]),
    ("hostname", &[Argument::Host]),
    ("authenticate", &[Argument::Word("snp"), Argument::Word("send-only")]),
    ("authenticate", &[Argument::Word("snp"), Argument::Word("validate")]),
    ("udp-port", &[Argument::Number]),
];

/// The most words a tail has.
const LONGEST_TAIL: usize = 12;

#[derive(Clone, Copy)]
enum Argument {
    Number,
    Role,
    Address,
    Host,
    Word(&'static str),
}

/// Of a longer name its end says what it is.
const MOST_OF_A_NAME: usize = 64;

impl Line<'_> {
    /// The words of a secret, from `from` on. The answer is where to read on.
    pub(super) fn secret(
        &mut self,
        name: usize,
        value: Range<usize>,
        is_assigned: bool,
        sense: Sense,
    ) -> Option<usize> {
        if self.is_setting(name, &value, is_assigned, sense) {
            let is_read = sense == Sense::Secret
                && self.is_one_of(value.start, SETTINGS)
                && !self.is(value.start, "set-key");
            return is_read.then_some(value.start + 1);
        }
        if sense == Sense::KeySecret && self.is_number_of_block(&value) {
            return None;
        }
        if value.len() > 1 && self.is(value.end - 2, "type") && self.is_algorithm(value.end - 1) {
            return None;
        }
        let is_option = self.raw(name).starts_with('-');
        // XR: `key-string password 0822…`
        let is_doubled =
            value.len() == 2 && self.is(name, "key-string") && self.is(value.start, "password");
        let value = value.start + usize::from(is_doubled)..value.end;
        let from = if is_option { value.start } else { self.qualified(value.clone(), sense) };
        let is_alone =
            from + 1 == value.end || self.mode == Mode::Plain && !self.kind.is_like_ios();
        if sense == Sense::KeySecret && self.is_place(from) && is_alone {
            return Some(from + 1);
        }
        let to = self.value_end(name, from, value.end, is_assigned);
        self.redact(from..to);
        self.continued(from, value.end);
        Some(to)
    }

    /// `authentication-key 1 {`: what is in the block is the secret.
    fn is_number_of_block(&mut self, value: &Range<usize>) -> bool {
        let opens = self.tokens.get(value.end).and_then(|next| next.sign(self.text)) == Some(b'{');
        let is_number =
            value.len() == 1 && self.is_number(value.start) && !self.tokens[value.start].is_quoted;
        let is_block = self.mode == Mode::Curly && opens && is_number;
        self.head.is_secret |= is_block;
        is_block
    }

    /// What is said of passwords, and no password.
    fn is_setting(
        &self,
        name: usize,
        value: &Range<usize>,
        is_assigned: bool,
        sense: Sense,
    ) -> bool {
        let first = self.word(value.start);
        let has_more = value.len() > 1;
        let is_method = self.seen.order;
        let is_literal =
            self.is_member(name) && matches!(self.raw(value.start), "null" | "true" | "false");
        let is_setting = !is_assigned
            && has_more
            && sense == Sense::Secret
            && self.is_one_of(value.start, SETTINGS)
            || self.is(value.start, "strength-check") && !has_more;
        let is_script = self.is(name, "pass")
            && (is_object_id(first) || matches!(first, "in" | "out" | "quick") && has_more);
        let is_profile = self.is(name, "credentials") && name > 0 && self.is(name - 1, "dot1x");
        let sources = ["files", "systemd", "compat", "ldap", "sss", "nis", "db"];
        let is_name_service = self.is(name, "passwd")
            && self.raw(name).ends_with(':')
            && value.clone().all(|at| sources.contains(&self.word(at)));
        is_method || is_literal || is_setting || is_script || is_profile || is_name_service
    }

    /// Past types, algorithms and numbers, but never past the last word.
    fn qualified(&self, value: Range<usize>, sense: Sense) -> usize {
        let mut at = value.start;
        let (mut has_algorithm, mut has_number) = (false, sense == Sense::Secret);
        while at + 1 < value.end && !self.tokens[at].is_quoted {
            let is_level = at > value.start && self.is(at - 1, "level") && self.is_number(at);
            let is_about = self.is_algorithm(at + 1) || self.is_one_of(at + 1, &["type", "value"]);
            let is_number =
                self.is_number(at) && !has_number && (self.word(at).len() < 4 || is_about);
            if self.is_type(at) && !(is_number && is_about) {
                return at + 1;
            } else if is_number || is_level {
                has_number |= is_number;
            } else if self.is_tail(at + 1..value.end) || has_algorithm && !self.is_one_of(at, LAST)
            {
                break;
            } else if self.is_algorithm(at) {
                has_algorithm = true;
            } else if !self.is_one_of(at, WRITTEN) {
                break;
            }
            at += 1;
        }
        at
    }

    /// How it is encrypted: after that comes the secret.
    fn is_type(&self, at: usize) -> bool {
        matches!(self.word(at), "0" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "14" | "8a")
    }

    fn is_algorithm(&self, at: usize) -> bool {
        const STARTS: &[&str] =
            &["hmac", "cmac", "keyed-", "md5", "sha", "aes-", "yescrypt", "scrypt"];
        let name = self.name(at).to_ascii_lowercase();
        name.len() < 16
            && STARTS.iter().any(|start| name.starts_with(start))
            && !name.starts_with("shared")
    }

    fn value_end(&self, name: usize, from: usize, end: usize, is_assigned: bool) -> usize {
        if self.mode == Mode::Curly {
            return end;
        }
        let is_option = self.raw(name).starts_with("--") || is_assigned && !self.is_first(name);
        if is_option && !(self.kind.is_like_ios() && self.kind != DeviceKind::Generic) {
            let is_next = |at: &usize| {
                let word = self.raw(*at);
                word.starts_with('-')
                    || word.split_once('=').is_some_and(|(name, _)| is_identifier(name))
            };
            return (from + 1..end).find(is_next).unwrap_or(end);
        }
        if !self.kind.is_like_ios() {
            return end;
        }
        if from + 1 < end
            && (self.is_one_of(from, WRITTEN)
                || self.fits(from, Argument::Address)
                || self.is_algorithm(from))
            && self.is_tail(from + 1..end)
        {
            // Who knows which of them is the secret.
            return end;
        }
        // After more words than one nobody knows where a secret ends.
        if self.is_tail(from + 1..end) { from + 1 } else { end }
    }

    /// All of these are words that follow secrets.
    fn is_tail(&self, words: Range<usize>) -> bool {
        if !self.kind.is_like_ios() || words.is_empty() || words.len() > LONGEST_TAIL {
            return false;
        }
        let mut at = words.start;
        while at < words.end {
            let fits = |(word, arguments): &&(&str, &[Argument])| {
                self.is(at, word)
                    && at + arguments.len() < words.end
                    && arguments.iter().enumerate().all(|(nth, it)| self.fits(at + 1 + nth, *it))
            };
            let Some((_, arguments)) = TAILS.iter().find(fits) else { return false };
            at += 1 + arguments.len();
        }
        true
    }

    fn fits(&self, at: usize, argument: Argument) -> bool {
        match argument {
            Argument::Number => self.is_number(at) && self.word(at).len() < 6,
            Argument::Role => self
                .is_one_of(at, &["network-admin", "network-operator", "vdc-admin", "vdc-operator"]),
            Argument::Word(word) => self.is(at, word),
            Argument::Host => {
                let word = self.word(at);
                word.contains('.') && is_identifier(word)
            }
            Argument::Address => {
                let word = self.word(at);
                word.contains(['.', ':'])
                    && word.bytes().all(|it| it.is_ascii_hexdigit() || b".:/".contains(&it))
            }
        }
    }

    /// Nothing stands before it but what tells lines apart.
    pub(super) fn is_first(&self, at: usize) -> bool {
        (0..at).all(|before| {
            let word = self.word(before);
            self.name(before).is_empty()
                || matches!(word, "export" | "set" | "no" | "do" | "Environment=")
                || word.trim_end_matches([':', '.', ')']).bytes().all(|it| it.is_ascii_digit())
                || word.ends_with(['#', '>', '$'])
        })
    }

    /// A path or the name of a file: it says where a key is.
    pub(super) fn is_place(&self, at: usize) -> bool {
        #[rustfmt::skip]
        const ROOTS: &[&str] = &[
            "/etc/", "/var/", "/run/", "/root/", "/home/", "/usr/", "/opt/", "/tmp/",
            "/config/", "/mnt/", "/srv/", "/persist/", "/cf/", "/boot/", "/dev/", "/proc/",
            "/lib/", "~/", "./", "%d/", "flash:", "bootflash:", "nvram:", "disk0:",
            "certificate:", "sslkey:", "file:",
        ];
        const ENDS: &[&str] = &[".key", ".pem", ".crt", ".conf", ".keys", ".p12", ".der"];
        is_place(self.word(at), ROOTS, ENDS)
    }

    /// What of a value is on the next lines.
    fn continued(&mut self, from: usize, end: usize) {
        use super::context::Pending;
        let Some(last) = self.tokens.last() else { return };
        let last = &self.text[last.at.clone()];
        let first = self.raw(from);
        let quote = first.chars().next().filter(|sign| matches!(sign, '"' | '\''));
        let is_open = !self.tokens[from].is_quoted;
        if matches!(first, "|" | ">" | "|-" | ">-" | "|+" | ">+") && end == self.tokens.len() {
            let indent = self.text.len() - self.text.trim_start().len();
            self.context.pending = Pending::Block { indent };
        } else if last.ends_with('\\') {
            self.context.pending = Pending::Line;
        } else if let Some(quote) = quote.filter(|quote| is_open && !first[1..].contains(*quote)) {
            if self.next_lines.iter().any(|line| line.contains(quote)) {
                self.context.pending = Pending::Quote(quote);
            }
        } else if first.len() == 1 && self.is_number(from) && from + 1 == end {
            self.context.pending = Pending::Word;
        }
    }

    /// `NAME=VALUE`, `NAME:VALUE` in one word.
    pub(super) fn assigned(&mut self, at: usize) -> Option<usize> {
        let token = self.tokens[at].clone();
        let word = &self.text[token.inner()];
        let signs = word.bytes().enumerate().filter(|(_, sign)| b"=:".contains(sign));
        for (sign, _) in signs {
            let Some(value) = self.assigned_value(word, sign) else { continue };
            let start = token.inner().start;
            self.found.push(start + value.start..start + value.end);
            let is_whole = !token.is_quoted && !word[value.clone()].starts_with(['"', '\'']);
            let end = self.statement_end(at + 1);
            let to = self.value_end(at, at, end, true);
            if is_whole && self.mode == Mode::Plain && to > at + 1 && !self.is_listed(word) {
                self.found.push(start + value.start..self.tokens[to - 1].at.end);
                return Some(to);
            }
            return Some(at + 1);
        }
        None
    }

    /// A query of a URL ends with its word.
    fn is_listed(&self, word: &str) -> bool {
        word.contains("://") || word.contains('&')
    }

    fn assigned_value(&self, word: &str, sign: usize) -> Option<Range<usize>> {
        let before = word[..sign].trim_end_matches(['"', '\'', '\\']);
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        let length = before.bytes().rev().take(MOST_OF_A_NAME).take_while(is_part).count();
        let name = &before[before.len() - length..];
        // The end of a hash, which may end like any word.
        if before[..before.len() - length].ends_with('$') && before.matches('$').count() > 2 {
            return None;
        }
        let variable = word::sense_of_variable(name);
        let sense = variable.or_else(|| word::sense(name))?;
        let mut value = sign + 1..word.len();
        let opening = before[..before.len() - length].chars().next_back();
        let is_sign = |byte: u8| b"=:>".contains(&byte);
        while value.start < value.end && is_sign(word.as_bytes()[value.start]) {
            value.start += 1;
        }
        // A quote that was opened before the name is not the value's.
        if let Some(quote) = opening.filter(|it| matches!(it, '"' | '\''))
            && word.ends_with(quote)
            && sign == before.len()
        {
            value.end -= 1;
        }
        let text = &word[value.clone()];
        for quote in ['"', '\''] {
            if text.len() > 1 && text.starts_with(quote) && text.ends_with(quote) {
                value = value.start + 1..value.end - 1;
            }
        }
        value.start += self.kept_of(name, &word[value.clone()])?;
        (!value.is_empty() && is_secret_value(sense, &word[value.clone()], self)).then_some(value)
    }

    /// Of `-cvauth=token,SECRET` the first word; nothing if what follows is a place.
    fn kept_of(&self, name: &str, value: &str) -> Option<usize> {
        let is_agent = name.ends_with("cvauth") || name.ends_with("ingestauth");
        match value.split_once(',') {
            Some(("token-secure", place)) if is_agent => {
                (!is_place(place, &["/"], &[])).then_some("token-secure,".len())
            }
            Some((kind @ ("token" | "key"), _)) if is_agent => Some(kind.len() + 1),
            _ => Some(0),
        }
    }
}

fn is_place(word: &str, roots: &[&str], ends: &[&str]) -> bool {
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~%@:+".contains(&byte);
    let word = word.trim_end_matches([';', ',']);
    word.bytes().all(is_path)
        && (roots.iter().any(|root| word.starts_with(root))
            || ends.iter().any(|end| word.ends_with(end)))
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// `65000:1`, and whatever else only BGP calls a community.
pub(super) fn is_bgp_value(word: &str) -> bool {
    let word = word.trim_matches(|sign| "()[]{};,\"'".contains(sign));
    let is_numbers = word.contains([':', ','])
        && word.bytes().all(|byte| byte.is_ascii_digit() || b":,*.".contains(&byte));
    let names = [
        "no-export",
        "no-advertise",
        "local-as",
        "internet",
        "no-peer",
        "blackhole",
        "graceful-shutdown",
    ];
    is_numbers
        || names.contains(&word)
        || word.starts_with("target:")
        || word.starts_with("origin:")
}

fn is_object_id(word: &str) -> bool {
    word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn is_secret_value(sense: Sense, value: &str, line: &Line<'_>) -> bool {
    let roots = [
        "/etc/",
        "/var/",
        "/run/",
        "/root/",
        "/home/",
        "/usr/",
        "/opt/",
        "/config/",
        "/persist/",
        "~/",
    ];
    let is_place = || is_place(value, &roots, &[".key", ".pem", ".crt"]);
    match sense {
        Sense::Secret => true,
        Sense::KeySecret => !is_place(),
        Sense::Key => {
            let is_number = value.len() < 4 && value.bytes().all(|byte| byte.is_ascii_digit());
            !is_number && !is_place() && !line.context.is_key_chain
        }
        Sense::Community => !is_bgp_value(value) && line.kind != DeviceKind::Bird,
    }
}
