//! What a terminal would show of what a device sends; pure.

/// Leaves out what moves a cursor or colours letters, carries out backspaces, and ends lines with `\n`.
/// What is not understood stands as it came.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                // Parameters, up to the letter that says what they are for (ECMA-48 §5.4).
                while letters.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
                letters.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
            }
            // Who erases «--More--» goes back over it, and over spaces; never over the line's beginning.
            '\u{8}' if !out.is_empty() && !out.ends_with('\n') => {
                out.pop();
            }
            '\u{8}' | '\r' | '\0' | '\u{7}' => {}
            letter => out.push(letter),
        }
    }
    out
}

/// The line that has no end yet.
pub(crate) fn last_line(bytes: &[u8]) -> String {
    let begin = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    shown(&bytes[begin..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_shown_is_what_a_person_sees() {
        for (sent, seen) in [
            ("a\r\nb", "a\nb"),
            ("\u{1b}[32msw1\u{1b}[0m#", "sw1#"),
            ("x\n--More--\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}y", "x\ny"),
            ("\n\u{8}\u{8}z", "\nz"),
            ("\u{1b}[?2004lq", "q"),
            ("\u{1b}[12", ""),
            ("a\u{7}\0b", "ab"),
        ] {
            assert_eq!(shown(sent.as_bytes()), seen, "{sent:?}");
        }
        assert_eq!(shown(b"\xff!"), "\u{fffd}!");
        assert_eq!(last_line(b"one\r\n\x1b[1mtwo"), "two");
        assert_eq!(last_line(b"one\n"), "");
    }

    proptest! {
        #[test]
        fn no_control_is_shown(bytes: Vec<u8>, near in "(\u{1b}|\\[|[0-9;?]|m|\u{8}|\r|\n|a){0,20}") {
            for bytes in [&*bytes, near.as_bytes()] {
                let seen = shown(bytes);
                prop_assert!(!seen.contains(['\r', '\0', '\u{7}', '\u{8}']), "{seen:?}");
                let last = seen.rsplit('\n').next().unwrap_or_default();
                prop_assert_eq!(last_line(bytes), last);
            }
        }
    }
}
