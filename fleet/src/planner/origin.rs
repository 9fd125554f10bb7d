//! Where a group's origin is: boxes are told addresses, not names to resolve.

pub(super) use config_render::Origin;
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
        let found = match resolve(&group.origin_url).await {
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
pub(crate) async fn resolve(url: &str) -> anyhow::Result<Origin> {
    let url = Url::parse(url)?;
    let port = url.port_or_known_default().unwrap_or(80);
    let host = url.host().ok_or_else(|| anyhow::anyhow!("no host"))?;
    let address = match host {
        Host::Ipv4(ip) => SocketAddr::from((ip, port)),
        Host::Ipv6(ip) => SocketAddr::from((ip, port)),
        Host::Domain(name) => lookup(name, port).await?,
    };
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    };
    let prefix = url.path().trim_end_matches('/').to_owned();
    Ok(Origin { address, path: OriginPath { host, prefix } })
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

    #[tokio::test]
    async fn literal_addresses_need_no_resolver() {
        let cases = [
            ("http://127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1:8000", ""),
            ("http://[::1]/media/", "[::1]:80", "[::1]", "/media"),
        ];
        for (url, address, host, prefix) in cases {
            let origin = resolve(url).await.expect(url);
            assert_eq!(origin.address, address.parse().expect("address"));
            assert_eq!(origin.path, OriginPath { host: host.into(), prefix: prefix.into() });
        }
    }
}
