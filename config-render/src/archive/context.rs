//! What the lines before say of a line.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A block in braces, brackets or tags, by the words before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Communities in it are SNMP's.
    pub(super) is_snmp: bool,
    /// Communities in it are BGP's.
    pub(super) is_policy: bool,
    /// It is the value of a secret's name: so are the values in it.
    pub(super) is_secret: bool,
    /// It lists SNMP communities: their names are the secrets.
    pub(super) is_community: bool,
}

impl Frame {
    pub(super) const fn or(self, head: Self) -> Self {
        Self {
            is_snmp: self.is_snmp || head.is_snmp,
            is_policy: self.is_policy || head.is_policy,
            is_secret: self.is_secret || head.is_secret,
            is_community: self.is_community || head.is_community,
        }
    }
}

/// Deeper blocks than this are counted and not remembered: no device nests so deep.
const MAX_DEPTH: usize = 512;

/// What is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames {
    open: Vec<Frame>,
    deeper: usize,
}

impl Frames {
    pub(super) fn top(&self) -> Frame {
        self.open.last().copied().unwrap_or_default()
    }

    pub(super) fn push(&mut self, head: Frame) {
        if self.open.len() < MAX_DEPTH {
            self.open.push(self.top().or(head));
        } else {
            self.deeper += 1;
        }
    }

    pub(super) fn pop(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.open.pop();
        }
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.deeper = 0;
    }
}

/// A secret whose name was read and whose value comes on the next lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pending {
    #[default]
    Nothing,
    /// The next line is it, as after `\`.
    Line,
    /// The next line begins with it, unless it begins with a brace.
    Value,
    /// The next line is it if it is one word, as where a terminal wrapped the line.
    Word,
    /// Lines that are indented deeper than this are it (YAML).
    Block { indent: usize },
    /// All to this quote is it. That the quote comes is known.
    Quote(char),
    /// All to the next tag is it.
    Tag,
}

/// Carried from line to line.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub(super) frames: Frames,
    pub(super) pending: Pending,
    /// Names of BIRD's constants that are used where a secret is.
    pub(super) constants: Arc<BTreeSet<String>>,
    /// In a key chain `key 5` is a number and no secret.
    pub(super) is_key_chain: bool,
}

/// Said of a secret, in a block that is one, and none itself.
pub(super) fn is_harmless_leaf(name: &str) -> bool {
    #[rustfmt::skip]
    const HARMLESS: &[&str] = &[
        "type", "algorithm", "id", "format", "start-time", "key-id", "index", "description",
        "authorization", "clients", "view", "tolerance", "change-type", "minimum-length",
        "maximum-length", "minimum-changes", "minimum-numerics", "minimum-upper-cases",
        "minimum-lower-cases", "minimum-punctuations", "minimum-reuse",
        "minimum-character-changes",
    ];
    HARMLESS.iter().any(|harmless| harmless.eq_ignore_ascii_case(name))
}
