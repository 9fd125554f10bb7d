//! Request targets (RFC 9112 §3.2): whose, which path, which query.

use super::authority;
use super::fields::Single;
use super::method::Method;

/// Why a target cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Neither of the four forms, or one that the method does not allow.
    #[error("the request target is malformed")]
    Form,
    /// An absolute target of a scheme that is not http or https, or without a host.
    #[error("the request target is not an http URI")]
    Uri,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A resource.
    Resource {
        /// Whose: without port; empty when an HTTP/1.0 client named nobody.
        host: &'a str,
        /// Where, as it was sent: not normalised yet.
        path: &'a str,
        /// What stood behind `?`.
        query: Option<&'a str>,
    },
    /// `OPTIONS *`: the server itself.
    Server,
    /// Nothing that could be served: the method alone decides the answer.
    Irrelevant,
}

impl<'a> Target<'a> {
    /// Reads a target. `host` is the `Host` field, already found to be an authority; an
    /// absolute target's own authority goes before it (RFC 9112 §3.2.2).
    pub(super) fn parse(
        method: Method,
        target: &'a str,
        host: Single<'a>,
    ) -> Result<Self, BadTarget> {
        if method == Method::Other {
            return Ok(Self::Irrelevant);
        }
        if target.starts_with('/') {
            let host = host.text().and_then(authority::host_of).unwrap_or_default();
            return Ok(Self::resource(host, target));
        }
        if target == "*" {
            return if method == Method::Options { Ok(Self::Server) } else { Err(BadTarget::Form) };
        }
        absolute(target)
    }

    /// The target of a request whose framing has told authority, path and query apart.
    #[must_use]
    pub fn resource(host: &'a str, path_and_query: &'a str) -> Self {
        match path_and_query.split_once('?') {
            Some((path, query)) => Self::Resource { host, path, query: Some(query) },
            None => Self::Resource { host, path: path_and_query, query: None },
        }
    }
}

fn absolute(target: &str) -> Result<Target<'_>, BadTarget> {
    let (scheme, rest) = target.split_once("://").ok_or(BadTarget::Form)?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return Err(BadTarget::Uri);
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).ok_or(BadTarget::Uri)?;
    let host = authority::host_of(authority).ok_or(BadTarget::Uri)?;
    // RFC 9110 §4.2.3: an empty path is the same as "/".
    Ok(match path {
        "" => Target::Resource { host, path: "/", query: None },
        query if query.starts_with('?') => {
            Target::Resource { host, path: "/", query: query.get(1..) }
        }
        path => Target::resource(host, path),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(target: &str) -> Result<Target<'_>, BadTarget> {
        Target::parse(Method::Get, target, Single::Value(b"h.example:8443"))
    }

    #[test]
    fn the_forms_of_a_target() {
        let resource = |host, path, query| Ok(Target::Resource { host, path, query });
        assert_eq!(get("/a?b?c"), resource("h.example", "/a", Some("b?c")));
        assert_eq!(get("https://x.example:1/a?b"), resource("x.example", "/a", Some("b")));
        assert_eq!(get("HTTP://x.example"), resource("x.example", "/", None));
        assert_eq!(get("https://x.example?q"), resource("x.example", "/", Some("q")));
        for bad in ["*", "a", "x.example:443", "ftp://x/", "https:///a", "https://u@x/"] {
            assert!(get(bad).is_err(), "{bad}");
        }
        assert_eq!(Target::parse(Method::Options, "*", Single::Absent), Ok(Target::Server));
        let connect = Target::parse(Method::Other, "x.example:443", Single::Absent);
        assert_eq!(connect, Ok(Target::Irrelevant));
    }
}
