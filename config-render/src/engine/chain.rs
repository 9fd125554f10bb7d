//! What an expression names: `n.address`, `dns.servers[0]`, in the text of a template.
//!
//! A reader of words, not of the whole grammar: it is used for messages only, on text that the
//! engine has parsed before.

use std::fmt;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// By name.
    Key(String),
    /// By number.
    Index(usize),
    /// By something that is known only when it runs.
    Any,
}

impl Step {
    /// Could the one be the other?
    pub(super) fn fits(&self, other: &Self) -> bool {
        *self == Self::Any || self == other
    }
}

/// A dotted path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Step>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if !is_name(name) => write!(f, "[{name:?}]")?,
                Step::Key(name) if at == 0 => f.write_str(name)?,
                Step::Key(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Any => f.write_str("[…]")?,
            }
        }
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Words that are not names of values.
const WORDS: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "is",
    "if",
    "else",
    "elif",
    "for",
    "set",
    "with",
    "recursive",
    "include",
    "import",
    "from",
    "as",
    "extends",
    "block",
    "call",
    "macro",
    "ignore",
    "missing",
    "true",
    "false",
    "none",
    "True",
    "False",
    "None",
];

/// All chains that an expression reads, in order.
pub(super) fn chains(expression: &str) -> Vec<Path> {
    let mut reader = Reader { rest: expression };
    let mut found: Vec<Path> = Vec::new();
    while !reader.rest.is_empty() {
        reader.skip_space();
        match reader.rest.chars().next() {
            None => break,
            Some('\'' | '"') => reader.string().map_or((), drop),
            Some('|') => {
                reader.rest = &reader.rest[1..];
                reader.skip_space();
                reader.name();
            }
            Some(char) if char.is_alphabetic() || char == '_' => reader.chain(&mut found),
            Some(char) => reader.rest = &reader.rest[char.len_utf8()..],
        }
    }
    found
}

/// The end of a statement's text, from where the operand begins that it ends in: of
/// `{{ a ~ f(b, c.d | e` that is `c.d | e`.
pub(super) fn operand(text: &str) -> &str {
    let tag = text.rfind("{{").max(text.rfind("{%")).map_or(0, |at| at + 2);
    let mut reader = Reader { rest: &text[tag..] };
    let at = |reader: &Reader<'_>| text.len() - reader.rest.len();
    // The last is where we are; the others are outside of brackets.
    let mut begins = vec![tag];
    while let Some(char) = reader.rest.chars().next() {
        let is_word = char.is_alphanumeric() || char == '_';
        match char {
            '\'' | '"' => reader.string().map_or((), drop),
            _ if is_word && WORDS.contains(&reader.name()) => set_last(&mut begins, at(&reader)),
            _ if is_word => (),
            _ => {
                reader.rest = &reader.rest[char.len_utf8()..];
                match char {
                    '(' | '[' | '{' => begins.push(at(&reader)),
                    ')' | ']' | '}' => drop(begins.pop()),
                    '~' | '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | ',' | ':' => {
                        set_last(&mut begins, at(&reader));
                    }
                    _ => (),
                }
            }
        }
    }
    &text[begins.last().copied().unwrap_or(tag)..]
}

fn set_last(begins: &mut [usize], at: usize) {
    if let Some(last) = begins.last_mut() {
        *last = at;
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn name(&mut self) -> &'a str {
        let end = self.rest.find(|char: char| !char.is_alphanumeric() && char != '_');
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        name
    }

    /// A literal between quotes, without them; `None` if it does not end.
    fn string(&mut self) -> Option<&'a str> {
        let quote = self.rest.chars().next()?;
        let mut is_escaped = false;
        for (at, char) in self.rest.char_indices().skip(1) {
            if char == quote && !is_escaped {
                let text = &self.rest[1..at];
                self.rest = &self.rest[at + 1..];
                return Some(text);
            }
            is_escaped = char == '\\' && !is_escaped;
        }
        self.rest = "";
        None
    }

    /// A name and the steps behind it, unless it is a word, a function or an argument's name.
    fn chain(&mut self, found: &mut Vec<Path>) {
        let name = self.name();
        if name == "is" {
            // The name of a test follows.
            self.skip_space();
            if self.name() == "not" {
                self.skip_space();
                self.name();
            }
            return;
        }
        let next = self.rest.trim_start();
        let is_argument = next.starts_with('=') && !next.starts_with("==");
        if WORDS.contains(&name) || next.starts_with('(') || is_argument {
            return;
        }
        let mut path = Path(vec![Step::Key(name.to_owned())]);
        let mut inner = Vec::new();
        while let Some(step) = self.step(&mut inner) {
            path.0.push(step);
        }
        found.push(path);
        found.append(&mut inner);
    }

    fn step(&mut self, inner: &mut Vec<Path>) -> Option<Step> {
        if let Some(rest) = self.rest.strip_prefix('.') {
            let mut after = Reader { rest };
            let name = after.name();
            // A method is no step.
            if name.is_empty() || after.rest.starts_with('(') {
                return None;
            }
            self.rest = after.rest;
            return Some(Step::Key(name.to_owned()));
        }
        let within = self.rest.strip_prefix('[')?;
        let end = closing(within)?;
        let key = within[..end].trim();
        self.rest = &within[end + 1..];
        if let Ok(index) = key.parse() {
            return Some(Step::Index(index));
        }
        let mut literal = Reader { rest: key };
        if key.starts_with(['\'', '"']) {
            return literal.string().map(|name| Step::Key(name.to_owned()));
        }
        inner.extend(chains(key));
        Some(Step::Any)
    }
}

/// Where the bracket ends that has been opened.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, char) in text.char_indices() {
        match char {
            '[' => open += 1,
            ']' if open == 0 => return Some(at),
            ']' => open -= 1,
            _ => (),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_read_is_found() {
        for (expression, found) in [
            ("n.address | address", "n.address"),
            ("bgp.neighbours[0].asn + bgp['own asn']", "bgp.neighbours[0].asn bgp[\"own asn\"]"),
            ("a if b is defined else c.d", "a b c.d"),
            ("a is not in_network(b.c)", "a b.c"),
            ("x | join(', ', attribute='name')", "x"),
            ("range(n.count)", "n.count"),
            ("a[i.key].z ~ 'x.y'", "a[…].z i.key"),
            ("a.items()", "a"),
            ("'it\\'s' ~ b", "b"),
            ("a == b", "a b"),
        ] {
            let all: Vec<String> = chains(expression).iter().map(ToString::to_string).collect();
            assert_eq!(all.join(" "), found, "{expression}");
        }
    }

    #[test]
    fn an_operand_is_what_a_filter_is_put_to() {
        for (text, found) in [
            ("x {{ n.address | ", "n.address |"),
            ("{{ a ~ f(b, c.d | e", "c.d | e"),
            ("{{ a ~ f(b, c) | ", "f(b, c) |"),
            ("{% if a is defined and b['c}'].d", "b['c}'].d"),
            ("{{ {'a': b} | ", "{'a': b} |"),
            ("{% for x in y.z | sort | ", "y.z | sort |"),
            ("no tag", "no tag"),
        ] {
            assert_eq!(operand(text).trim(), found, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_reads_it_ends(text in "[a-c.|'\"\\[\\](){% ä\\\\=is]{0,40}") {
            let _ = (chains(&text), operand(&text));
        }
    }
}
