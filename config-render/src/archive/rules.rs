//! Rules of the languages, for secrets that no word before them gives away.

use super::kind::DeviceKind;
use super::line::Line;
use super::token::Mode;
use super::value::is_bgp_value;
use super::word::{self, Sense};
use std::ops::Range;

/// What `authentication` is followed by and what is no secret.
#[rustfmt::skip]
const METHODS: &[&str] = &[
    "open", "shared", "pre-share", "rsa-sig", "rsa-encr", "ecdsa-sig", "eap", "message-digest",
    "null", "periodic", "pap", "chap", "ms-chap", "ms-chap-v2", "required", "optional", "none",
    "local", "radius", "tacacs+", "enable", "certificate", "crack", "md5", "ietf-md5", "text",
    "default", "pubkey",
];

/// After these comes a name that somebody chose.
#[rustfmt::skip]
const NAMING: &[&str] = &[
    "access-group", "access-list", "extended", "standard", "prefix-list", "route-map",
    "class-map", "policy-map", "class", "object-group", "vrf", "community-list", "match-any",
    "match-all", "peer-group", "policy-statement", "term", "filter", "hostname", "host-name",
    "vlan",
];

impl Line<'_> {
    /// A name that only looks like the name of a secret.
    pub(super) fn is_named(&self, at: usize) -> bool {
        at > 0 && self.is_one_of(at - 1, NAMING)
    }

    /// `crypto key import rsa NAME terminal PASSPHRASE`
    fn moved_key(&mut self, value: Range<usize>) -> Option<usize> {
        let last = value.end.min(value.start + 8);
        let place = (value.start..last).find(|at| self.is_one_of(*at, &["terminal", "url"]))?;
        let from = place + 1 + usize::from(self.is(place, "url"));
        let from = from + usize::from(self.is_one_of(from, &["des", "3des", "aes"]));
        self.redact(from.min(value.end)..value.end);
        Some(value.end)
    }

    /// Where to read on, if a rule is about this word.
    pub(super) fn rule(&mut self, at: usize) -> Option<usize> {
        if self.kind.has_snmpd()
            && let Some(next) = self.snmpd(at)
        {
            return Some(next);
        }
        if self.kind == DeviceKind::Bird && self.is(at, "define") && self.is_secret_constant(at + 1)
        {
            return self.one(at + 3);
        }
        // The constant's own value goes instead.
        if self.kind == DeviceKind::Bird
            && self.is_one_of(at, &["password", "secret"])
            && self.tokens.get(at + 1).is_some_and(|value| !value.is_quoted)
            && self.is_constant(at + 1)
        {
            return Some(at + 2);
        }
        if self.is_one_of(at, &["trap-group", "tcp-md5-auth"]) {
            return self.one(at + 1);
        }
        if self.word(at).to_ascii_lowercase().ends_with("-authentication")
            && let Some(next) = self.named_authentication(at)
        {
            return Some(next);
        }
        if !self.kind.is_like_ios() {
            return None;
        }
        if self.seen.snmp && self.is(at, "host") {
            return self.snmp_host(at);
        }
        if self.seen.snmp && self.is_short(at, "user", 4) {
            return self.snmp_user(at);
        }
        if self.seen.rmon && self.is(at, "trap") {
            return self.one(at + 1);
        }
        if self.is_short(at, "authentication", 4) {
            return self.authentication(at);
        }
        if at > 0 && self.is(at, "spi") && self.is(at - 1, "ipsec") {
            return self.security_association(at);
        }
        if at > 0 && self.seen.digest && self.is(at, "md5") && self.is_number(at - 1) {
            return self.digest(at);
        }
        if self.is(at, "aaa-server") {
            return self.aaa_server(at);
        }
        None
    }

    /// `define TRANSIT_MD5 = "SECRET";`
    fn is_secret_constant(&self, at: usize) -> bool {
        let name = self.name(at).to_ascii_lowercase();
        let is_secret =
            name.split('_').any(|part| ["md5", "auth", "key", "tcpao", "ao", "pw"].contains(&part));
        (is_secret || self.is_constant(at))
            && self.raw(at + 1) == "="
            && self.tokens.get(at + 2).is_some_and(|value| value.is_quoted)
    }

    fn is_constant(&self, at: usize) -> bool {
        self.context.constants.contains(&self.name(at).to_ascii_lowercase())
    }

    /// One word, if there is one.
    fn one(&mut self, at: usize) -> Option<usize> {
        let is_sign = self.tokens.get(at)?.sign(self.text).is_some();
        if is_sign {
            return None;
        }
        self.redact(at..at + 1);
        Some(at + 1)
    }

    /// One word past how it is written.
    fn one_typed(&mut self, at: usize) -> Option<usize> {
        let is_type = self.is_number(at) && self.word(at).len() == 1
            || self
                .is_one_of(at, &["encrypted", "clear", "cleartext", "clear-text", "unencrypted"]);
        if !is_type
            || !self.kind.is_like_ios()
            || self.tokens.get(at).is_some_and(|it| it.is_quoted)
            || at + 1 >= self.tokens.len()
        {
            return self.one(at);
        }
        let is_tail = self.is_one_of(at + 1, &["ro", "rw", "view", "group", "ipv6", "engineid"]);
        match (is_tail, at + 2 >= self.tokens.len()) {
            (false, _) => self.one(at + 1),
            (true, false) => self.one(at),
            // Who knows which of them is the secret.
            (true, true) => {
                self.redact(at..at + 2);
                Some(at + 2)
            }
        }
    }

    fn typed(&self, at: usize) -> usize {
        let is_type = self.is_number(at) && self.word(at).len() == 1 || self.is(at, "encrypted");
        at + usize::from(is_type && at + 1 < self.tokens.len())
    }

    /// `host A [vrf V] [traps] [version 2c] COMMUNITY`; of version 3 it is a user.
    fn snmp_host(&mut self, at: usize) -> Option<usize> {
        let is_address = |word: &str| {
            let is_part = |byte: u8| byte.is_ascii_hexdigit() || b".:".contains(&byte);
            word.matches(['.', ':']).count() > 1 && word.bytes().all(is_part)
        };
        // ASA names the interface first.
        let is_named = !is_address(self.word(at + 1))
            && is_address(self.word(at + 2))
            && at + 3 < self.tokens.len();
        let mut at = at + 2 + usize::from(is_named);
        while at + 1 < self.tokens.len() {
            if self.is_one_of(at, &["use-vrf", "filter-vrf", "source-interface", "community"]) {
                return None;
            } else if self.is(at, "vrf") {
                at += 2;
            } else if self.is_one_of(at, &["traps", "trap", "informs", "inform", "poll"]) {
                at += 1;
            } else if self.is_short(at, "version", 3) {
                let is_user = self.word(at + 1) == "3";
                at += 2;
                if !is_user {
                    break;
                }
                let has_level = self.is_one_of(at, &["auth", "noauth", "priv"]);
                return Some(at + 1 + usize::from(has_level));
            } else {
                break;
            }
        }
        self.one_typed(at)
    }

    /// `user U G v3 auth sha SECRET priv aes 128 SECRET`
    fn snmp_user(&mut self, at: usize) -> Option<usize> {
        let end = self.tokens.len();
        let stops = ["access", "localizedkey", "localizedv2key", "engineid", "remote"];
        let mut at = at + 2;
        while at < end {
            if !self.is_one_of(at, &["auth", "priv"]) {
                at += 1;
                continue;
            }
            let is_next = |at: &usize| self.is(*at, "priv") || self.is_one_of(*at, &stops);
            let mut least = at + 1;
            least += usize::from(is_algorithm(self.word(least)));
            least += usize::from(matches!(self.word(least), "128" | "192" | "256"));
            least += 1 + usize::from(self.is_one_of(least, &["clear", "encrypted"]));
            let to = (least..end).find(is_next).unwrap_or(end);
            self.algorithm_and_secret(at + 1..to);
            at = to;
        }
        Some(end)
    }

    fn algorithm_and_secret(&mut self, words: Range<usize>) {
        let mut at = words.start;
        if words.end - at > 1 && is_algorithm(self.word(at)) {
            at += 1;
        }
        if words.end - at > 1 && matches!(self.word(at), "128" | "192" | "256") {
            at += 1;
        }
        if words.end - at > 1 {
            at = self.typed(at);
        }
        self.redact(at..words.end);
    }

    fn authentication(&mut self, at: usize) -> Option<usize> {
        let is_text = self.is_one_of(at + 1, &["text", "string"]) && at + 2 < self.tokens.len();
        let is_other =
            self.is_one_of(at + 1, &["md5", "ietf-md5", "mode", "key-chain", "key-string"]);
        let is_end = at + 1 >= self.tokens.len();
        if self.is(at + 1, "mode")
            && self.is_short(at + 2, "hmac-sha-256", 5)
            && at + 3 < self.tokens.len()
        {
            let from = self.typed(at + 3);
            self.redact(from..self.tokens.len());
            return Some(self.tokens.len());
        }
        // `authentication SECRET`, of a block for a gateway.
        let is_bare =
            at + 2 == self.tokens.len() && self.is_first(at) && !self.is_one_of(at + 1, METHODS);
        if is_bare {
            return self.one(at + 1);
        }
        if is_end || !is_text && (is_other && at + 2 < self.tokens.len() || !self.seen.gateway) {
            return None;
        }
        let from = self.typed(at + 1 + usize::from(is_text));
        self.redact(from..self.tokens.len());
        Some(self.tokens.len())
    }

    /// `hello-authentication ah-md5 3 SECRET`, `text-authentication SECRET`
    fn named_authentication(&mut self, at: usize) -> Option<usize> {
        const ALGORITHMS: &[&str] =
            &["ah-md5", "md5", "sha1", "hmac-md5", "hmac-sha1", "hmac-sha256", "text", "key"];
        if self.is_short(at, "text-authentication", 15) {
            return self.one_typed(at + 1);
        }
        let has_secret = self.is_one_of(at + 1, ALGORITHMS) && at + 2 < self.tokens.len();
        if has_secret { self.one_typed(at + 2) } else { None }
    }

    /// `ipsec spi 256 esp aes-cbc 128 7 SECRET sha1 SECRET`
    fn security_association(&mut self, at: usize) -> Option<usize> {
        #[rustfmt::skip]
        const WORDS: &[&str] = &[
            "esp", "ah", "md5", "sha1", "sha256", "aes-cbc", "aes", "3des", "des", "null", "0",
            "7", "6", "128", "192", "256", "cipher", "authenticator", "encryption",
            "authentication", "passphrase",
        ];
        for at in at + 2..self.tokens.len() {
            if !self.is_one_of(at, WORDS) {
                self.redact(at..at + 1);
            }
        }
        Some(self.tokens.len())
    }

    /// `message-digest-key 1 md5 7 SECRET`, however it is shortened.
    fn digest(&mut self, at: usize) -> Option<usize> {
        let end = self.tokens.len();
        if at + 1 >= end || self.is_one_of(at + 1, &["key-chain", "key-string"]) {
            return None;
        }
        self.secret(at, at + 1..end, false, Sense::KeySecret)
    }

    /// `aaa-server G (inside) host A SECRET`
    fn aaa_server(&mut self, at: usize) -> Option<usize> {
        let host = (at + 1..self.tokens.len().min(at + 5)).find(|at| self.is(*at, "host"))?;
        let secret = host + 2;
        if self.is_one_of(secret, &["key", "timeout"]) {
            return None;
        }
        self.one(secret)
    }

    /// `key`: a secret, or the number, the name or the place of one.
    pub(super) fn key(
        &mut self,
        at: usize,
        value: Range<usize>,
        is_assigned: bool,
    ) -> Option<usize> {
        #[rustfmt::skip]
        const NOT_SECRET: &[&str] = &[
            "chain", "generate", "zeroize", "import", "export", "pubkey-chain", "storage",
            "rsa", "ec", "mypubkey", "lock", "unlock", "move", "label", "management",
            "exchange", "length", "size-bits",
        ];
        #[rustfmt::skip]
        const PUBLIC: &[&str] = &[
            "public", "host", "match", "hash", "per", "sort", "foreign", "primary", "tunnel",
            "ssh", "ikey", "okey", "link",
        ];
        let from = value.start;
        if self.is_one_of(from, &["import", "export"])
            && let Some(next) = self.moved_key(value.clone())
        {
            return Some(next);
        }
        let is_public = at > 0 && self.is_one_of(at - 1, PUBLIC);
        let is_typed = self.word(from).len() == 1 && self.is_number(from);
        let is_name = self.mode == Mode::Curly
            && !is_assigned
            && value.len() == 1
            && self.tokens.get(value.end).and_then(|next| next.sign(self.text)) == Some(b'{');
        if is_public
            || is_name
            || self.is_place(from) && value.len() == 1
            || !is_assigned && value.len() > 1 && self.is_one_of(from, NOT_SECRET)
            || !is_assigned && self.is_one_of(from, &["chain", "generate", "zeroize"])
            || self.seen.prose && !is_typed
        {
            return None;
        }
        if is_assigned && value.len() == 1 && self.is_number(from) && self.word(from).len() < 4 {
            return None;
        }
        if self.is(from, "config-key") {
            let secret = (from + 1 + usize::from(value.len() > 2)).min(value.end);
            self.redact(secret..value.end);
            return Some(value.end);
        }
        if self.is(from + 1, "size") && value.len() > 3 {
            return self.secret(at, from + 3..value.end, false, Sense::KeySecret);
        }
        if self.is_number(from) && !is_assigned && self.is_key_number(from, value.end) {
            return Some(from + 1);
        }
        self.secret(at, value, is_assigned, Sense::Secret)
    }

    /// `key 5` of a key chain or of a server's time, `key 1 secret X`.
    fn is_key_number(&self, at: usize, end: usize) -> bool {
        let is_last = at + 1 == end;
        let is_server = self.seen.time && !self.seen.aaa;
        const ABOUT: &[&str] = &[
            "start-time",
            "accept-lifetime",
            "send-lifetime",
            "lifetime",
            "algorithm",
            "options",
            "cryptographic-algorithm",
            "type",
        ];
        let is_about = self.kind.is_curly() && !is_last || self.is_one_of(at + 1, ABOUT);
        let is_id =
            self.kind.is_curly() || !matches!(self.word(at), "0" | "5" | "6" | "7" | "8" | "9");
        let before_secret = is_id && word::sense(self.name(at + 1)).is_some() && at + 2 < end;
        is_server
            || is_about
            || before_secret && !is_last
            || is_last && self.context.is_key_chain
            || is_last && self.word(at).len() < 4 && !self.seen.aaa
    }

    /// One of SNMP, unless it is one of BGP.
    pub(super) fn community(
        &mut self,
        at: usize,
        value: Range<usize>,
        is_assigned: bool,
    ) -> Option<usize> {
        // Of version 3 it is the index of one, and so is what a block is called by.
        let is_index = (at.saturating_sub(8)..at).any(|at| self.is(at, "v3"))
            || self.tokens.get(value.end).and_then(|next| next.sign(self.text)) == Some(b'{');
        if self.kind == DeviceKind::Junos
            && self.is(at, "snmp-community")
            && !is_assigned
            && is_index
        {
            return None;
        }
        let frame = self.context.frames.top();
        let is_whole_name = !self.is(at, "community");
        let first = self.word(value.start);
        let is_snmp = self.seen.snmp || frame.is_snmp;
        let is_command =
            self.is_one_of(value.start, &["add", "set", "delete", "+", "-", "="]) || first == "[";
        let is_bgp = frame.is_policy
            || self.seen.bgp
            || self.kind == DeviceKind::Bird
            || self.mode == Mode::Curly && !is_assigned && is_command
            || self.is(value.start + 1, "members")
            || is_bgp_value(first)
            || self.has_members();
        let by_name = match self.kind {
            DeviceKind::Junos | DeviceKind::Generic | DeviceKind::Linux | DeviceKind::NetSnmp => {
                true
            }
            _ => is_assigned && !is_whole_name || is_whole_name && !first.is_empty(),
        };
        if !is_snmp && (is_bgp || !by_name) {
            return None;
        }
        if self.is(value.start, "is") && value.len() > 1 {
            self.redact(value.start + 1..value.end);
            return Some(value.end);
        }
        self.one_typed(value.start)
    }

    /// `community C {` and then `members …`
    fn has_members(&self) -> bool {
        let next = self.next_lines.first().map_or("", |line| line.trim_start());
        self.mode == Mode::Curly && next.starts_with("members")
    }
}

fn is_algorithm(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.len() < 9 && ["md5", "sha", "des", "3des", "aes"].iter().any(|it| word.starts_with(it))
}
