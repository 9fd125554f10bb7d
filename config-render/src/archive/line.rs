//! Secrets in one line, by the words before them.

use super::context::{Context, Frame, Pending, is_harmless_leaf};
use super::kind::DeviceKind;
use super::token::{Mode, Token, tokens};
use super::word::{self, Sense};
use std::ops::Range;

/// Quoted text in quoted text in quoted text: nobody writes more.
const MAX_DEPTH: usize = 3;

/// What was read on the line before a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) snmp: bool,
    pub(super) rmon: bool,
    /// A server that asks for a key which is a secret.
    pub(super) aaa: bool,
    /// A server whose key is a number.
    pub(super) time: bool,
    /// A protocol for a gateway that several routers share.
    pub(super) gateway: bool,
    pub(super) bgp: bool,
    /// `radius password` are then names of methods.
    pub(super) order: bool,
    /// Digests are of keys.
    pub(super) digest: bool,
    /// What follows is for people.
    pub(super) prose: bool,
}

/// A line while it is read.
pub(super) struct Line<'a> {
    pub(super) kind: DeviceKind,
    pub(super) text: &'a str,
    pub(super) mode: Mode,
    pub(super) tokens: Vec<Token>,
    pub(super) seen: Seen,
    pub(super) context: &'a mut Context,
    pub(super) found: &'a mut Vec<Range<usize>>,
    depth: usize,
    /// Of the statement that is being read.
    pub(super) head: Frame,
    is_start: bool,
    /// Where that statement ends, if it was asked for.
    end: usize,
    /// A second statement on the line may continue in the next lines; the first word is where.
    pub(super) next_lines: &'a [&'a str],
}

impl<'a> Line<'a> {
    pub(super) fn new(
        kind: DeviceKind,
        (text, mode): (&'a str, Mode),
        next_lines: &'a [&'a str],
        context: &'a mut Context,
        found: &'a mut Vec<Range<usize>>,
    ) -> Self {
        let tokens = tokens(text, mode);
        let seen = Seen::default();
        let head = Frame::default();
        Self {
            kind,
            text,
            mode,
            tokens,
            seen,
            context,
            found,
            depth: 0,
            head,
            is_start: true,
            end: 0,
            next_lines,
        }
    }

    /// Finds all of the line's.
    pub(super) fn walk(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            at = self.step(at).max(at + 1);
        }
        if self.text.contains("SECRET-DATA") {
            self.marked();
        }
    }

    fn step(&mut self, at: usize) -> usize {
        if self.mode == Mode::Curly
            && let Some(sign) = self.tokens[at].sign(self.text)
        {
            self.sign(sign);
            return at + 1;
        }
        let is_start = std::mem::replace(&mut self.is_start, false);
        let next = self
            .leaf(at, is_start)
            .or_else(|| self.rule(at))
            .or_else(|| self.promised(at))
            .or_else(|| self.assigned(at));
        if next.is_none() && self.tokens[at].is_quoted {
            self.within(at);
        }
        self.note(at);
        next.unwrap_or(at + 1)
    }

    fn sign(&mut self, sign: u8) {
        match sign {
            b'{' | b'[' => self.context.frames.push(std::mem::take(&mut self.head)),
            b'}' | b']' => self.context.frames.pop(),
            b';' | b',' => self.head = Frame::default(),
            _ => return,
        }
        if sign == b';' {
            self.seen = Seen::default();
        }
        self.is_start = true;
    }

    /// A value where everything is a secret, or is one by its name in a list of communities.
    fn leaf(&mut self, at: usize, is_start: bool) -> Option<usize> {
        let frame = self.context.frames.top();
        let is_comment = ["#", "/*", "//"].iter().any(|it| self.word(at).starts_with(it));
        if !is_start
            || self.mode == Mode::Plain
            || is_comment
            || !(frame.is_secret || frame.is_community)
        {
            return None;
        }
        let end = self.statement_end(at);
        let is_member = self.is_member(at);
        let value = at + 1 + usize::from(is_member);
        let is_harmless = is_harmless_leaf(self.name(at));
        if is_member && self.tokens.get(value).is_some_and(|it| it.sign(self.text).is_some()) {
            return None;
        }
        let is_only = value >= end && !is_member;
        let is_name = self.is(at, "name") || self.is(at, "community-name");
        let is_secret = match frame.is_secret {
            true => !is_harmless && !self.is_setting_number(value, end),
            false => is_name,
        };
        if is_only {
            self.redact(at..end);
        } else if is_secret {
            self.redact(value..end.max(value));
        } else {
            return None;
        }
        Some(end)
    }

    /// `iterations 100`
    fn is_setting_number(&self, value: usize, end: usize) -> bool {
        value + 1 == end && self.is_number(value) && self.word(value).len() < 4
    }

    /// `NAME … VALUE`.
    fn promised(&mut self, at: usize) -> Option<usize> {
        let sense = match word::sense(self.name(at)).filter(|_| !self.is_named(at)) {
            None if self.is_short_secret(at) => Sense::Secret,
            None if self.is(at, "ascii-text") || self.is(at, "hexadecimal") => Sense::Secret,
            sense => sense?,
        };
        let is_member = self.is_member(at);
        let mut from = at + 1;
        while self.is_assignment(from) {
            from += 1;
        }
        let is_assigned = from > at + 1 || self.raw(at).ends_with([':', '=']);
        let end = if is_member { from + 1 } else { self.statement_end(from) };
        let sign = self.tokens.get(from).and_then(|token| token.sign(self.text));
        if from >= end || from >= self.tokens.len() || is_member && sign.is_some() {
            self.open(sense, sign);
            if sense != Sense::Community && self.depth == 0 && from >= self.tokens.len() {
                self.unfinished(is_assigned);
            }
            return None;
        }
        match sense {
            Sense::Secret | Sense::KeySecret => self.secret(at, from..end, is_assigned, sense),
            Sense::Key => self.key(at, from..end, is_assigned || is_member),
            Sense::Community => self.community(at, from..end, is_assigned || is_member),
        }
    }

    /// The name of a secret, and then a block.
    fn open(&mut self, sense: Sense, sign: Option<u8>) {
        if !matches!(sign, Some(b'{' | b'[')) {
            return;
        }
        match sense {
            Sense::Secret | Sense::KeySecret => self.head.is_secret = true,
            Sense::Community => {
                let frame = self.context.frames.top().or(self.head);
                self.head.is_community = frame.is_snmp
                    || self.seen.snmp
                    || !frame.is_policy && self.kind != DeviceKind::Bird;
            }
            Sense::Key => {}
        }
    }

    /// A name at the end of a line.
    fn unfinished(&mut self, is_assigned: bool) {
        let is_comment = self.text.contains(['#', '*']);
        if self.kind.is_curly() && self.mode == Mode::Curly && !is_comment && !self.seen.prose {
            self.context.pending = Pending::Value;
        } else if is_assigned && matches!(self.kind, DeviceKind::Linux | DeviceKind::Generic) {
            let indent = self.text.len() - self.text.trim_start().len();
            self.context.pending = Pending::Block { indent };
        }
    }

    /// `sec 5 X`, as far as IOS lets `secret` be shortened.
    fn is_short_secret(&self, at: usize) -> bool {
        let is_typed = self.tokens.len() > at + 2 && self.word(at + 1).len() == 1;
        self.kind.is_like_ios() && self.is(at, "sec") && is_typed && self.is_number(at + 1)
    }

    /// A line in a line: a command as a JSON name, or as an argument.
    fn within(&mut self, at: usize) {
        let inner = self.tokens[at].inner();
        let text = &self.text[inner.clone()];
        if self.depth >= MAX_DEPTH || !text.contains([' ', '=', ':', '\t']) {
            return;
        }
        let mut found = Vec::new();
        let mut context = Context::default();
        let mode = if self.kind.is_curly() && text.ends_with([';', '}']) {
            Mode::Curly
        } else {
            Mode::Plain
        };
        let mut line = Line::new(self.kind, (text, mode), &[], &mut context, &mut found);
        line.depth = self.depth + 1;
        line.seen.prose = self.seen.prose;
        line.walk();
        self.found.extend(found.into_iter().map(|it| it.start + inner.start..it.end + inner.start));
    }

    /// `## SECRET-DATA` after a value, as Junos marks them.
    fn marked(&mut self) {
        let is_mark = |token: &Token| token.text(self.text).contains("SECRET-DATA");
        let Some(mark) = self.tokens.iter().position(is_mark) else { return };
        let before = &self.tokens[..mark];
        let is_value = |token: &&Token| {
            let text = token.text(self.text);
            text.contains(char::is_alphanumeric) && !text.starts_with(['#', '/'])
        };
        if let Some(value) = before.iter().rfind(is_value) {
            self.found.push(value.inner());
        }
    }

    fn note(&mut self, at: usize) {
        let name = self.name(at).to_ascii_lowercase();
        let seen = &mut self.seen;
        seen.digest |=
            ["mess", "auth", "ntp", "ospf", "area", "key"].iter().any(|it| name.starts_with(it));
        match name.as_str() {
            "rmon" => seen.rmon = true,
            "ntp" | "sntp" | "server" | "peer" | "pool" | "refclock" => seen.time = true,
            "standby" | "vrrp" | "glbp" | "hsrp" | "nhrp" => seen.gateway = true,
            "authentication-order" => seen.order = true,
            "location" | "contact" | "syslocation" | "syscontact" | "full-name" | "description"
            | "comment" | "remark" | "banner" | "motd" | "alias" | "hostname" | "host-name" => {
                seen.prose = true;
            }
            "policy-options" | "policy-statement" | "from" | "then" | "term" | "match" | "set"
            | "community-list" | "route-map" | "additive" | "members" | "route" | "bgp"
            | "routing-options" => {
                // `set` begins every command of Junos.
                seen.bgp |= name != "set" || at > 0;
                self.head.is_policy |= seen.bgp;
            }
            name if name.starts_with("snm") => {
                seen.snmp = true;
                self.head.is_snmp = true;
            }
            name => {
                #[rustfmt::skip]
                const AAA: &[&str] = &[
                    "tacacs", "radius", "tacplus", "aaa", "isakmp", "server-private",
                    "failover", "ldap", "ike",
                ];
                seen.aaa |= AAA.iter().any(|it| name.starts_with(it));
            }
        }
    }

    // How rules ask.

    /// As it stands, without quotes.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    /// As it stands, with quotes.
    pub(super) fn raw(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.text[token.at.clone()])
    }

    /// Without what may stand before it: a prompt, the mark of a comment or of a difference.
    pub(super) fn name(&self, at: usize) -> &'a str {
        let word = self.word(at);
        let is_mark =
            |sign: char| matches!(sign, '#' | '!' | '+' | '-' | '>' | '<' | '/' | '*' | ':' | '=');
        let bare = word.trim_end_matches(is_mark);
        let name = bare.rsplit(['#', '>']).next().unwrap_or(bare);
        name.trim_matches(is_mark)
    }

    pub(super) fn is(&self, at: usize, name: &str) -> bool {
        self.name(at).eq_ignore_ascii_case(name)
    }

    pub(super) fn is_one_of(&self, at: usize, names: &[&str]) -> bool {
        names.iter().any(|name| self.is(at, name))
    }

    /// As IOS lets words be shortened, to no fewer than `least` letters.
    pub(super) fn is_short(&self, at: usize, name: &str, least: usize) -> bool {
        let word = self.name(at);
        word.len() >= least
            && name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    }

    pub(super) fn is_number(&self, at: usize) -> bool {
        let word = self.word(at);
        !word.is_empty() && word.len() <= 10 && word.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn is_assignment(&self, at: usize) -> bool {
        matches!(self.raw(at), "=" | ":" | "=>" | ":=" | "->")
    }

    /// A member of a JSON object.
    pub(super) fn is_member(&self, at: usize) -> bool {
        self.mode == Mode::Curly
            && self.tokens[at].is_quoted
            && self.tokens.get(at + 1).and_then(|next| next.sign(self.text)) == Some(b':')
    }

    /// Where the statement that holds the token ends.
    pub(super) fn statement_end(&mut self, at: usize) -> usize {
        if self.mode == Mode::Plain {
            return self.tokens.len();
        }
        if self.end < at || self.end <= at && !self.ends(at) {
            let rest = (at..self.tokens.len()).find(|at| self.ends(*at));
            self.end = rest.unwrap_or(self.tokens.len());
        }
        self.end
    }

    fn ends(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return true };
        match token.sign(self.text) {
            Some(b';' | b'{' | b'}') => true,
            Some(b',' | b']') => !self.kind.is_curly() || self.tokens[at - 1].is_quoted,
            _ => self.raw(at).starts_with('#') || self.raw(at).starts_with("/*"),
        }
    }

    pub(super) fn redact(&mut self, tokens: Range<usize>) {
        let Some(all) = self.tokens.get(tokens) else { return };
        let values = || all.iter().filter(|token| token.sign(self.text).is_none());
        let is_each = self.mode == Mode::Curly || values().all(|token| token.is_quoted);
        if is_each {
            self.found.extend(values().map(Token::inner));
        } else if let [first, .., last] = all {
            self.found.push(first.at.start..last.at.end);
        } else {
            self.found.extend(all.iter().map(Token::inner));
        }
    }
}
