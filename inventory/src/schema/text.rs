//! Text that can be kept: PostgreSQL takes no NUL, terminals take every escape.

/// The most characters of one line for people.
pub const MAX_LINE_CHARS: usize = 200;

/// The most of several.
pub const MAX_NOTES_CHARS: usize = 10_000;

pub(super) fn check_line(text: &str, at_most: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        Err("must not be empty".to_owned())
    } else if text.trim() != text {
        Err("must not begin or end with a space".to_owned())
    } else if text.chars().count() > at_most {
        Err(format!("must not have more than {at_most} characters"))
    } else if text.chars().any(is_unsafe) {
        Err("must not hold control characters".to_owned())
    } else {
        Ok(())
    }
}

pub(super) fn check_notes(text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_NOTES_CHARS {
        Err(format!("must not have more than {MAX_NOTES_CHARS} characters"))
    } else if !is_kept(text) {
        Err("must not hold control characters".to_owned())
    } else {
        Ok(())
    }
}

/// Whether several lines of text hold nothing but text.
pub(crate) fn is_kept(text: &str) -> bool {
    !text.chars().any(|it| is_unsafe(it) && it != '\n' && it != '\t')
}

/// What changes what a terminal shows of the text around it: control characters, and those that turn the
/// direction of writing.
pub(crate) fn is_unsafe(it: char) -> bool {
    it.is_control() || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
