//! Ethernet addresses in the three ways in which they are written.

use super::args::{nonsense, text};
use crate::engine::plain::shown;
use minijinja::{Environment, Error, State, Value};

pub(super) fn register(environment: &mut Environment<'static>) {
    environment.add_filter("mac", |state: &State, value: &Value, style: Option<&str>| {
        written(text(state, value, "mac")?, style.unwrap_or("colon"))
            .map_err(|why| -> Error { nonsense("mac", &why) })
    });
}

fn written(text: &str, style: &str) -> Result<String, String> {
    let bytes = read(text).ok_or_else(|| {
        format!("{} is no Ethernet address: 02:00:5e:10:00:01 would be one", shown(text))
    })?;
    let pairs = bytes.map(|byte| format!("{byte:02x}"));
    match style {
        "colon" => Ok(pairs.join(":")),
        "dash" => Ok(pairs.join("-").to_uppercase()),
        "dot" => Ok(pairs.chunks(2).map(<[String]>::concat).collect::<Vec<_>>().join(".")),
        "bare" => Ok(pairs.concat()),
        _ => Err(format!("{} is no style: colon, dash, dot, bare", shown(style))),
    }
}

/// In any of the styles, but in one of them.
fn read(text: &str) -> Option<[u8; 6]> {
    let (group, separator) = match text.len() {
        12 => (12, ' '),
        14 => (4, '.'),
        17 if text.contains('-') => (2, '-'),
        17 => (2, ':'),
        _ => return None,
    };
    let groups: Vec<&str> = text.split(separator).collect();
    if groups.iter().any(|part| part.len() != group) {
        return None;
    }
    let digits = groups.concat();
    if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 6];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}
