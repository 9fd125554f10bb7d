//! Where a bucket is, and how boxes ask it. The bucket itself stands in the group's origin:
//! `s3://bucket/prefix`.

use super::Found;
use contract::bucket::{Bucket, BucketStyle, CredentialsPlace, is_bucket_name, is_region};
use serde::{Deserialize, Serialize};
use url::{Host, Url};
use utoipa::ToSchema;

/// What an origin `s3://bucket/prefix` is called in a URL.
const SCHEME: &str = "s3";

/// The store of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Origin {
    /// Where the store is, without the bucket.
    #[schema(example = "https://s3.eu-central-1.amazonaws.com")]
    pub endpoint: String,
    /// The region that requests are signed for.
    #[serde(default = "first_region")]
    #[schema(example = "eu-central-1")]
    pub region: String,
    /// Where the bucket's name stands in a request: `path`, or `virtual_host`.
    #[serde(default)]
    #[schema(value_type = String, example = "path")]
    pub style: BucketStyle,
    /// Where each box finds the credentials: a file on it, or variables of its environment.
    /// Without it the bucket is read as anybody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({"file": "/etc/headend/studio-a.s3"}))]
    pub credentials: Option<CredentialsPlace>,
}

/// The region of stores that have none.
fn first_region() -> String {
    "us-east-1".to_owned()
}

impl S3Origin {
    /// The store at `endpoint`, asked as most are.
    #[must_use]
    pub fn new(endpoint: String) -> Self {
        Self { endpoint, region: first_region(), style: BucketStyle::Path, credentials: None }
    }

    /// The bucket and the prefix that an origin names; `None` for one that is no bucket.
    #[must_use]
    pub fn bucket(&self, origin_url: &str) -> Option<(Bucket, String)> {
        let url = Url::parse(origin_url).ok().filter(|url| url.scheme() == SCHEME)?;
        let name = url.host_str()?.to_owned();
        let (region, style) = (self.region.clone(), self.style);
        let prefix = url.path().trim_end_matches('/').to_owned();
        Some((Bucket { name, region, style }, prefix))
    }

    /// The endpoint as a URL, and the host that requests are for.
    ///
    /// # Errors
    /// Why there is none.
    pub fn address(&self, bucket: &Bucket) -> Result<(Url, String), String> {
        let url = Url::parse(&self.endpoint)
            .map_err(|err| format!("{:?} is not a URL: {err}", self.endpoint))?;
        let host = url.host().ok_or("expected a host")?;
        let name = match (self.style, &host) {
            (BucketStyle::Path, _) => host.to_string(),
            (BucketStyle::VirtualHost, Host::Domain(domain)) => format!("{}.{domain}", bucket.name),
            (BucketStyle::VirtualHost, _) => {
                return Err("an address has no virtual hosts: use style path".into());
            }
        };
        Ok((url, name))
    }

    pub(super) fn check(&self, bucket: &Bucket, found: &mut Found) {
        if !is_bucket_name(&bucket.name) {
            let name = &bucket.name;
            found.add("origin_url", format!("{name:?} is not the name of a bucket"));
        }
        if !is_region(&self.region) {
            found.add("origin_s3.region", "expected the name of a region, such as us-east-1");
        }
        if let Some(what) = self.credentials.as_ref().and_then(CredentialsPlace::bad) {
            found.add("origin_s3.credentials", what);
        }
        match self.address(bucket) {
            Ok((url, _)) if !is_endpoint(&url) => {
                found
                    .add("origin_s3.endpoint", "expected https:// or http://, a host, and no more");
            }
            Ok(_) => {}
            Err(what) => found.add("origin_s3.endpoint", what),
        }
    }
}

fn is_endpoint(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}

/// Whether an origin names a bucket.
pub(super) fn is_bucket_url(url: &Url) -> bool {
    url.scheme() == SCHEME
}
