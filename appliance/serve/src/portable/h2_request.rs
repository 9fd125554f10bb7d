//! From hyper's parts to the request that the meaning layer reads.

use crate::http::authority;
use crate::http::fields::Fields;
use crate::http::framing::BadFraming;
use crate::http::head::{BadHead, MAX_FIELDS};
use crate::http::method::Method;
use crate::http::request::Request;
use crate::http::target::Target;
use http::header::HOST;
use http::request::Parts;

/// Reads a request, held to the same limit as over HTTP/1.1: `fields_bytes` for all field
/// lines as they would stand there.
///
/// # Errors
/// When it is too large, or nobody can say whose resource it asks for. All else was
/// checked by hyper.
pub(super) fn read(parts: &Parts, fields_bytes: u64) -> Result<Request<'_>, BadHead> {
    let line = |name: &str, value: &[u8]| (name.len() + value.len() + ": \r\n".len()) as u64;
    let lines = parts.headers.iter().map(|(name, value)| line(name.as_str(), value.as_bytes()));
    if lines.sum::<u64>() > fields_bytes || parts.headers.len() > MAX_FIELDS {
        return Err(BadHead::FieldsTooLarge);
    }
    let method = Method::of(parts.method.as_str());
    let target = target(parts, method).ok_or(BadHead::Framing(BadFraming::Host))?;
    let mut fields = Fields::default();
    for (name, value) in &parts.headers {
        fields.add(name.as_str(), value.as_bytes());
    }
    Ok(Request { method, method_name: parts.method.as_str(), target, fields })
}

fn target(parts: &Parts, method: Method) -> Option<Target<'_>> {
    if method == Method::Other {
        return Some(Target::Irrelevant);
    }
    let host = authority::host_of(authority(parts)?)?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    match (path, method) {
        ("*", Method::Options) => Some(Target::Server),
        (path, _) => Some(Target::resource(host, path)),
    }
}

/// `:authority`, or `Host` in its place; both must say the same (RFC 9113 §8.3.1).
fn authority(parts: &Parts) -> Option<&str> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) => None,
        (Some(host), None) => Some(host.to_str().ok()?),
        (Some(_), Some(_)) => return None,
    };
    match (parts.uri.authority(), host) {
        (Some(authority), Some(host)) if !authority.as_str().eq_ignore_ascii_case(host) => None,
        (Some(authority), _) => Some(authority.as_str()),
        (None, host) => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target_of(uri: &str, hosts: &[&str]) -> Option<String> {
        let mut request = http::Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        match read(&parts, 1000).ok()?.target {
            Target::Resource { host, path, query } => Some(format!("{host} {path} {query:?}")),
            _ => None,
        }
    }

    #[test]
    fn whose_resource_must_be_beyond_doubt() {
        let expected = Some("a.test /x Some(\"y\")".to_owned());
        assert_eq!(target_of("https://a.test:8443/x?y", &[]), expected);
        assert_eq!(target_of("https://a.test/x?y", &["A.test"]), expected);
        assert_eq!(target_of("/x?y", &["a.test"]), expected);
        assert_eq!(target_of("https://a.test/x?y", &["b.test"]), None);
        assert_eq!(target_of("/x", &["a.test", "a.test"]), None);
        assert_eq!(target_of("/x", &[]), None);
        assert_eq!(target_of("https://u@a.test/x", &[]), None);
    }
}
