//! `host[:port]` (RFC 3986 §3.2), as it stands in `Host`, `:authority` and absolute targets.

/// The longest DNS name.
const MAX_HOST_LEN: usize = 255;

/// The host of an authority, without port and without a final dot; `None` when it is not
/// an authority. User information is refused (RFC 9110 §4.2.4).
#[must_use]
pub fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = split(authority)?;
    let is_port = port.bytes().all(|octet| octet.is_ascii_digit()) && port.len() <= 5;
    let is_host = if host.starts_with('[') { is_ip_literal(host) } else { is_reg_name(host) };
    (is_port && is_host).then(|| host.strip_suffix('.').unwrap_or(host))
}

fn split(authority: &str) -> Option<(&str, &str)> {
    if authority.starts_with('[') {
        let end = authority.find(']')? + 1;
        let (host, port) = authority.split_at_checked(end)?;
        return match port {
            "" => Some((host, "")),
            port => Some((host, port.strip_prefix(':')?)),
        };
    }
    Some(authority.split_once(':').unwrap_or((authority, "")))
}

fn is_ip_literal(host: &str) -> bool {
    let inside = host.trim_start_matches('[').trim_end_matches(']');
    inside.parse::<std::net::Ipv6Addr>().is_ok()
}

/// RFC 3986 §3.2.2 `reg-name`, without percent-encoding: no name that is served needs it.
fn is_reg_name(host: &str) -> bool {
    (1..=MAX_HOST_LEN).contains(&host.len())
        && host
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_ports() {
        let cases = [
            ("a.example", Some("a.example")),
            ("a.example:", Some("a.example")),
            ("A.Example.:8443", Some("A.Example")),
            ("[::1]:443", Some("[::1]")),
            ("[::1]", Some("[::1]")),
            ("127.0.0.1:1", Some("127.0.0.1")),
            ("", None),
            (":443", None),
            ("user@a.example", None),
            ("a.example:http", None),
            ("a.example:123456", None),
            ("a b", None),
            ("a/b", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[zz]", None),
            ("a:1:2", None),
        ];
        for (authority, expected) in cases {
            assert_eq!(host_of(authority), expected, "{authority:?}");
        }
    }
}
