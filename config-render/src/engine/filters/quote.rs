//! Values in the languages that we write. Each either says exactly the value in its language,
//! or refuses: a value that cannot be said is an error, not something similar.

use super::args::{quoting_filter, text_filter};
use crate::engine::plain::{called, is_invisible, shown, visible};
use minijinja::Environment;

pub(super) fn register(environment: &mut Environment<'static>) {
    quoting_filter(environment, "yaml_quoted", |text| Ok(yaml_quoted(text)));
    quoting_filter(environment, "bird_string", |text| bare_quotes(text, "a BIRD string", "\""));
    quoting_filter(environment, "nft_string", |text| bare_quotes(text, "an nftables string", "\""));
    quoting_filter(environment, "ssh_quoted", |text| {
        bare_quotes(text, "an argument in sshd_config", "\"\\")
    });
    quoting_filter(environment, "shell_quoted", shell_quoted);
    quoting_filter(environment, "rest_of_line", rest_of_line);
    text_filter(environment, "frr_name", frr_name);
    text_filter(environment, "slug", slug);
    text_filter(environment, "symbol", symbol);
}

/// A YAML double-quoted scalar. JSON strings are a subset of them (YAML 1.2 §1.3), so a value
/// can hold anything and stays a value; what YAML 1.1 takes for a line end is escaped too.
pub(crate) fn yaml_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // All of them are below U+10000.
            _ if is_invisible(char) => quoted.push_str(&format!("\\u{:04x}", u32::from(char))),
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// Between double quotes, in a language in which nothing between them can be escaped: BIRD
/// and nftables end a string at the next quote or line, and sshd before 8.7 does.
fn bare_quotes(text: &str, what: &str, refused: &str) -> Result<String, String> {
    visible(text)?;
    match text.chars().find(|char| refused.contains(*char)) {
        None => Ok(format!("\"{text}\"")),
        Some(char) => {
            Err(format!("{} holds {}, which {what} cannot say", shown(text), called(char)))
        }
    }
}

/// One word for a POSIX shell, on one line.
fn shell_quoted(text: &str) -> Result<String, String> {
    visible(text)?;
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

/// Free text for a language that takes all up to the line's end for it, such as FRR's
/// descriptions and the comments of most: one line, whatever it holds. White space around it
/// would be lost on the device, and differ from what was meant for ever.
fn rest_of_line(text: &str) -> Result<String, String> {
    visible(text)?;
    if text.trim() != text || text.is_empty() {
        return Err(format!("{} is empty, or has space around it", shown(text)));
    }
    Ok(text.to_owned())
}

/// A name in FRR's configuration: one word, and no comment.
fn frr_name(text: &str) -> Result<String, String> {
    const CHARS: usize = 63;
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    let begins = text.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_');
    if begins && text.len() <= CHARS && text.bytes().all(is_known) {
        return Ok(text.to_owned());
    }
    Err(format!("{} is no name in FRR: letters, digits and _ - . :, at most {CHARS}", shown(text)))
}

/// Small letters and digits with single hyphens between: for file and host names.
fn slug(text: &str) -> Result<String, String> {
    let words = words(text);
    if words.is_empty() {
        return Err(format!("{} has neither letter nor digit", shown(text)));
    }
    Ok(words.join("-").to_ascii_lowercase())
}

/// A symbol of BIRD: for names of protocols, tables, filters. Two names can make one symbol;
/// BIRD refuses the second. Its own words are symbols too: put something before it.
fn symbol(text: &str) -> Result<String, String> {
    // BIRD keeps 64 bytes with the NUL.
    const CHARS: usize = 63;
    let mut symbol = words(text).join("_");
    if symbol.starts_with(|char: char| char.is_ascii_digit()) {
        symbol.insert(0, '_');
    }
    if symbol.is_empty() || symbol.len() > CHARS {
        return Err(format!("{} makes no symbol of 1 to {CHARS} letters", shown(text)));
    }
    Ok(symbol)
}

fn words(text: &str) -> Vec<&str> {
    text.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect()
}
