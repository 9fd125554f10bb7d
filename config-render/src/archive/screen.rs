//! A line as a person at the terminal sees it: after carriage returns and backspaces, without
//! colours, and without what a pager asked.

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let control = r"\x1b\[[0-?]*[ -/]*[@-~]";
    let title = r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)";
    Regex::new(&format!(
        r"{control}|{title}|\x1b[()][0-9A-Za-z]|\x1b[@-Z\\^_=>78c]|\x9b[0-?]*[@-~]"
    ))
    .ok()
});

static PAGER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:\s*<?-+ ?\(?[Mm]ore(?: \d+%)?\)? ?-+>?)+(?P<rest>.*)$").ok());

/// Stands for the sequence that erases what is right of the cursor.
const ERASE: &str = "\u{1}";

/// What is seen of `line`, which has no line feed: nothing at all of a pager's.
pub(super) fn seen(line: &str) -> Option<Cow<'_, str>> {
    let line = line.trim_end_matches('\r');
    if !line.bytes().any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7f)
        && !line.contains("ore")
    {
        return Some(Cow::Borrowed(line));
    }
    let erased = line.replace("\x1b[K", ERASE).replace("\x1b[0K", ERASE);
    let plain =
        ESCAPES.as_ref().map_or(Cow::Borrowed(erased.as_str()), |it| it.replace_all(&erased, ""));
    let shown = shown(&plain);
    let kept = match PAGER.as_ref().and_then(|pager| pager.captures(&shown)) {
        Some(groups) => Some(groups["rest"].to_owned()).filter(|rest| !rest.trim().is_empty()),
        None => Some(shown),
    };
    kept.map(Cow::Owned)
}

/// The cursor moves, and what is written later stands over what was written before.
fn shown(line: &str) -> String {
    let mut signs: Vec<char> = Vec::with_capacity(line.len());
    let mut at = 0_usize;
    for sign in line.chars() {
        match sign {
            '\r' => at = 0,
            '\u{8}' => at = at.saturating_sub(1),
            '\u{1}' => signs.truncate(at),
            '\t' => {
                put(&mut signs, at, sign);
                at += 1;
            }
            sign if sign.is_ascii_control() => {}
            sign => {
                put(&mut signs, at, sign);
                at += 1;
            }
        }
    }
    signs.into_iter().collect()
}

fn put(signs: &mut Vec<char>, at: usize, sign: char) {
    match signs.get_mut(at) {
        Some(place) => *place = sign,
        None => signs.push(sign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_and_its_traces_are_gone() {
        let erased = " --More-- \u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}        \u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}interface Ethernet1";
        assert_eq!(seen(erased).as_deref(), Some("interface Ethernet1"));
        assert_eq!(seen("--More--\r        \rhostname r1\r\r").as_deref(), Some("hostname r1"));
        assert_eq!(seen("---(more 45%)---").as_deref(), None);
        assert_eq!(
            seen("\u{1b}[01;32mhostname\u{1b}[0m r1\u{1b}[K").as_deref(),
            Some("hostname r1")
        );
        assert_eq!(seen("---(more 12%)---\r\u{1b}[K}").as_deref(), Some("}"));
        assert_eq!(seen("passx\u{8}word").as_deref(), Some("password"));
        assert_eq!(seen("moreover, ore").as_deref(), Some("moreover, ore"));
    }
}
