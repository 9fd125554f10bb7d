//! Where something listens: `192.0.2.1:443`, `[2001:db8::1]:443`, `kino.example:443`.

use super::args::text_filter;
use crate::engine::plain::shown;
use minijinja::Environment;
use std::net::{IpAddr, SocketAddr};

pub(super) fn register(environment: &mut Environment<'static>) {
    text_filter(environment, "host_of", |text| Ok(divided(text)?.0));
    text_filter(environment, "port", |text| Ok(divided(text)?.1));
}

/// The address without brackets, or the name; and the port.
fn divided(text: &str) -> Result<(String, u16), String> {
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Ok((socket.ip().to_string(), socket.port()));
    }
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!("{} has no port", shown(text)));
    }
    let (name, port) =
        text.rsplit_once(':').ok_or_else(|| format!("{} has no port", shown(text)))?;
    match port.parse::<u16>() {
        Ok(port) if is_name(name) => Ok((name.to_owned(), port)),
        _ => Err(format!("{} is neither ADDRESS:PORT nor NAME:PORT", shown(text))),
    }
}

/// Labels of letters, digits and hyphens (RFC 1123 §2.1), and the last not a number.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253 && name.split('.').all(is_label) && last.parse::<u64>().is_err()
}
