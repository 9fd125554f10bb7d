//! Where a group's origin is: boxes are told addresses, not names to resolve.

pub(super) use config_render::Origin;
use contract::bucket::Bucket;
use contract::names::GroupName;
use contract::sources::OriginPath;
use inventory::ContentGroup;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use url::{Host, Url};

const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);

/// Resolves every group's origin. One that does not resolve now keeps what it had.
pub(super) async fn resolve_all(
    groups: &[ContentGroup],
    before: &BTreeMap<GroupName, Origin>,
) -> BTreeMap<GroupName, Origin> {
    let mut origins = BTreeMap::new();
    for group in groups {
        let found = match resolve(group).await {
            Ok(origin) => Some(origin),
            Err(err) => {
                let origin = &group.origin_url;
                tracing::warn!(group = %group.name, origin, "origin not resolved: {err:#}");
                before.get(&group.name).cloned()
            }
        };
        origins.extend(found.map(|origin| (group.name.clone(), origin)));
    }
    origins
}

/// Where a group's origin is now.
///
/// # Errors
/// When its name does not resolve, or not in time.
pub(crate) async fn resolve(group: &ContentGroup) -> anyhow::Result<Origin> {
    if let Some(store) = &group.origin_s3 {
        let named = store.bucket(&group.origin_url);
        let (bucket, prefix) = named.ok_or_else(|| anyhow::anyhow!("no bucket"))?;
        let (url, host) = store.address(&bucket).map_err(anyhow::Error::msg)?;
        return origin(&url, &host, prefix, Some(bucket)).await;
    }
    let url = Url::parse(&group.origin_url)?;
    let host = url.host().ok_or_else(|| anyhow::anyhow!("no host"))?.to_string();
    let prefix = url.path().trim_end_matches('/').to_owned();
    origin(&url, &host, prefix, None).await
}

/// `host` is who is asked for at the server that `url` names.
async fn origin(
    url: &Url,
    host: &str,
    prefix: String,
    bucket: Option<Bucket>,
) -> anyhow::Result<Origin> {
    let port = url.port_or_known_default().unwrap_or(80);
    let address = match url.host().ok_or_else(|| anyhow::anyhow!("no host"))? {
        Host::Ipv4(ip) => SocketAddr::from((ip, port)),
        Host::Ipv6(ip) => SocketAddr::from((ip, port)),
        Host::Domain(name) => lookup(name, port).await?,
    };
    // A certificate holds an address without the brackets that it has in a URL.
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tls_name = (url.scheme() == "https").then_some(name);
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    Ok(Origin { address, tls_name, path: OriginPath { host, prefix, bucket } })
}

async fn lookup(name: &str, port: u16) -> anyhow::Result<SocketAddr> {
    let found = tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((name, port))).await;
    let mut addresses: Vec<SocketAddr> = found??.collect();
    // The order of answers changes from one to the next; plans must not.
    addresses.sort();
    addresses.first().copied().ok_or_else(|| anyhow::anyhow!("no address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::bucket::BucketStyle;
    use contract::config::OnMiss;
    use inventory::S3Origin;

    fn group(origin_url: &str, origin_s3: Option<S3Origin>) -> ContentGroup {
        ContentGroup {
            name: GroupName::new("studio-a").expect("name"),
            owner: "Studio A".into(),
            host_pattern: "{device}.example".into(),
            origin_url: origin_url.into(),
            origin_s3,
            cors_origins: vec![],
            log_requests: false,
            on_miss: OnMiss::Refuse,
            demand_share_percent: 10,
        }
    }

    #[tokio::test]
    async fn literal_addresses_need_no_resolver() {
        let cases = [
            ("http://127.0.0.1:8000", "127.0.0.1:8000", None, "127.0.0.1:8000", ""),
            ("http://[::1]/media/", "[::1]:80", None, "[::1]", "/media"),
            ("https://[::1]/media/", "[::1]:443", Some("::1"), "[::1]", "/media"),
        ];
        for (url, address, tls_name, host, prefix) in cases {
            let origin = resolve(&group(url, None)).await.expect(url);
            assert_eq!(origin.address, address.parse().expect("address"));
            assert_eq!(origin.tls_name.as_deref(), tls_name);
            let path = OriginPath { host: host.into(), prefix: prefix.into(), bucket: None };
            assert_eq!(origin.path, path);
        }
    }

    #[tokio::test]
    async fn a_bucket_is_asked_for_in_the_path_or_by_its_own_name() {
        let mut store = S3Origin::new("http://localhost:9000".into());
        let path = resolve(&group("s3://media/a", Some(store.clone()))).await.expect("path");
        assert_eq!((&*path.path.host, path.address.port()), ("localhost:9000", 9000));
        assert_eq!((&*path.path.prefix, path.tls_name), ("/a", None));
        store.style = BucketStyle::VirtualHost;
        store.endpoint = "https://localhost".into();
        let host = resolve(&group("s3://media", Some(store))).await.expect("virtual host");
        assert_eq!((&*host.path.host, host.address.port()), ("media.localhost", 443));
        assert_eq!(host.tls_name.as_deref(), Some("media.localhost"));
        assert_eq!(host.path.bucket.expect("a bucket").name, "media");
    }
}
