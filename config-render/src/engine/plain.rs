//! What a value may hold when it stands in a configuration as it is.
//!
//! A line end would begin a second line, a `;` or a brace a second statement. What is printed
//! without a filter may hold neither: a value stays one value, whatever people call their
//! sites. Literals in an expression are values like all others; what has to stand in the text
//! belongs into the text of the template, or through a filter that knows the language.

/// Does it end or open a statement, a string or a comment in one of the languages that we
/// write: BIRD, nftables, FRR, systemd, sshd, YAML, the shell?
fn is_structural(char: char) -> bool {
    matches!(
        char,
        ';' | '{' | '}' | '"' | '\'' | '`' | '\\' | '#' | '$' | '!' | '<' | '>' | '|' | '&'
    )
}

/// Is it a line end, or nothing that people see when they read a difference? The last ones
/// reverse the order in which text is shown.
pub(super) fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200f}')
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

/// Refuses what must not be printed as it is.
pub(super) fn check(text: &str) -> Result<(), String> {
    visible(text)?;
    match text.chars().find(|char| is_structural(*char)) {
        None => Ok(()),
        Some(char) => Err(format!(
            "{} holds {}: have a filter quote it, such as bird_string, nft_string, yaml_quoted, \
             shell_quoted, ssh_quoted or rest_of_line",
            shown(text),
            called(char)
        )),
    }
}

/// Refuses what is more than one line, or is not seen.
pub(super) fn visible(text: &str) -> Result<(), String> {
    match text.chars().find(|char| is_invisible(*char)) {
        None => Ok(()),
        Some(char) => Err(format!("{} holds {}", shown(text), called(char))),
    }
}

/// What a character is called in a message.
pub(super) fn called(char: char) -> String {
    match char {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => "a line end".to_owned(),
        '\t' => "a tab".to_owned(),
        '\0' => "NUL".to_owned(),
        _ if is_invisible(char) => format!("the invisible U+{:04X}", u32::from(char)),
        _ => format!("{char}"),
    }
}

/// A value in a message: one line, and not the whole of a long one.
pub(super) fn shown(text: &str) -> String {
    const CHARS: usize = 60;
    match text.char_indices().nth(CHARS) {
        None => format!("{text:?}"),
        Some((at, _)) => format!("{:?}…", &text[..at]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_values_are_plain() {
        for text in [
            "",
            "192.0.2.1/24",
            "2001:db8::1",
            "[2001:db8::1]:443",
            "ge-0/0/0.100",
            "vlan7@eth0",
            "64500:100",
            "/var/lib/headend",
            "kino.example",
            "a b, c",
            "http/1.1, h2",
            "50%",
            "Zürich (Nord)",
            "AAAAC3NzaC1lZDI1NTE5/+=",
            "*",
            "a_b~c?d^e",
        ] {
            check(text).expect(text);
        }
    }

    #[test]
    fn what_would_be_more_than_a_value_is_refused() {
        for (text, called) in [
            ("a\nb", "a line end"),
            ("a\u{2028}b", "a line end"),
            ("a\tb", "a tab"),
            ("a\0", "NUL"),
            ("a\u{202e}b", "the invisible U+202E"),
            ("192.0.2.1; disabled yes", "holds ;"),
            ("a} protocol b {", "holds }"),
        ] {
            let why = check(text).expect_err(text);
            assert!(why.contains(called), "{why}");
            assert!(!why.contains('\n'), "{why}");
        }
        assert!(shown(&"ä".repeat(61)).ends_with("ä\"…"));
    }
}
