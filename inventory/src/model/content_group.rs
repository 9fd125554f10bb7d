//! A content group: one owner's content under one policy.

use super::s3_origin::is_bucket_url;
use super::{Appliance, Found, S3Origin};
use crate::Complaint;
use crate::schema::Record;
use contract::config::OnMiss;
use contract::names::{DeviceName, GroupName, no_host_name};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

/// Stands for the box's name in a host pattern.
pub const DEVICE_PLACEHOLDER: &str = "{device}";

/// What a group takes of the disks for what nobody ordered, where nobody says how much.
pub const DEFAULT_DEMAND_SHARE_PERCENT: u8 = 10;

/// One owner's content under one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentGroup {
    /// Its name.
    #[schema(value_type = String, example = "studio-a")]
    pub name: GroupName,
    /// Whose it is.
    pub owner: String,
    /// The host name under which a box serves it, with `{device}` for the box.
    #[schema(example = "{device}.cdn.example")]
    pub host_pattern: String,
    /// Where the owner's own server has it: object paths are appended. `https://…`, `http://…`,
    /// or `s3://bucket/prefix`.
    #[schema(example = "https://origin.example/media")]
    pub origin_url: String,
    /// The store, where the origin is a bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin_s3: Option<S3Origin>,
    /// Web origins that may read it, or `*`.
    #[serde(default = "any_origin")]
    pub cors_origins: Vec<String>,
    /// Whether boxes log its requests.
    #[serde(default = "yes")]
    pub log_requests: bool,
    /// What boxes do when they are asked for what they were not told to hold.
    #[serde(default)]
    #[schema(value_type = String, example = "refuse")]
    pub on_miss: OnMiss,
    /// With `proxy`: the most that it may take of the disks of a box, in percent.
    #[serde(default = "a_tenth")]
    pub demand_share_percent: u8,
}

fn a_tenth() -> u8 {
    DEFAULT_DEMAND_SHARE_PERCENT
}

fn any_origin() -> Vec<String> {
    vec!["*".to_owned()]
}

fn yes() -> bool {
    true
}

impl ContentGroup {
    /// Of a record of that kind.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(record: &Record) -> Result<Self, serde_json::Error> {
        let mut set = record.set();
        // Operators find groups by them; boxes and planners do not.
        set.remove("tags");
        serde_json::from_value(Value::Object(set))
    }

    /// What does not make sense in a record of that kind.
    pub(crate) fn complaints(record: &Record) -> Vec<Complaint> {
        match Self::of(record) {
            Ok(group) => group.check().err().unwrap_or_default(),
            Err(err) => vec![Complaint { field: "name".to_owned(), message: err.to_string() }],
        }
    }

    /// The host name under which `device` serves it.
    #[must_use]
    pub fn host_name(&self, device: &DeviceName) -> String {
        self.host_pattern.replace(DEVICE_PLACEHOLDER, device.as_str())
    }

    /// Host and, unless it is 443, port at which viewers ask a box for it; `None` where the box
    /// has no listener for them.
    #[must_use]
    pub fn authority(&self, appliance: &Appliance) -> Option<String> {
        let host = self.host_name(&appliance.name);
        match appliance.player_port()? {
            443 => Some(host),
            port => Some(format!("{host}:{port}")),
        }
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<(), Vec<Complaint>> {
        let mut found = Found::default();
        self.check_host_pattern(&mut found);
        self.check_origin(&mut found);
        for (at, origin) in self.cors_origins.iter().enumerate() {
            if origin != "*" && !is_web_origin(origin) {
                let field = format!("cors_origins[{at}]");
                found.add(field, "expected * or an origin such as https://www.example.org");
            }
        }
        if self.on_miss == OnMiss::Proxy && self.origin_s3.is_some() {
            found.add("on_miss", "what a bucket has is not fetched on demand: refuse");
        }
        let is_for_all = self.cors_origins.iter().any(|origin| origin == "*");
        if self.on_miss == OnMiss::Redirect && !is_for_all {
            found.add("cors_origins", "redirected pages have the origin null: only * allows it");
        }
        found.or_else_ok()
    }

    fn check_origin(&self, found: &mut Found) {
        let url = match check_origin_url(&self.origin_url) {
            Ok(url) => url,
            Err(what) => return found.add("origin_url", what),
        };
        match (is_bucket_url(&url), &self.origin_s3) {
            (false, None) => {}
            (false, Some(_)) => found.add("origin_s3", "the origin is no s3://bucket"),
            (true, None) => found.add("origin_s3", "where is the store of this bucket?"),
            (true, Some(store)) => match store.bucket(&self.origin_url) {
                Some((bucket, _)) => store.check(&bucket, found),
                None => found.add("origin_url", "expected s3://bucket/prefix"),
            },
        }
    }

    fn check_host_pattern(&self, found: &mut Found) {
        if self.host_pattern.matches(DEVICE_PLACEHOLDER).count() != 1 {
            found.add("host_pattern", "expected {device} exactly once: each box has its own name");
            return;
        }
        let sample = self.host_pattern.replace(DEVICE_PLACEHOLDER, "oca1.site-a");
        // A device's name has at most 63 characters, a host name 253.
        if sample.len() > 190 || no_host_name(&sample).is_some() {
            found.add("host_pattern", format!("{sample:?} would be no host name in lower case"));
        }
    }
}

fn check_origin_url(text: &str) -> Result<Url, String> {
    // It may hold credentials, which are not repeated.
    let url = Url::parse(text).map_err(|err| format!("this is not a URL: {err}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold credentials".into());
    }
    if !matches!(url.scheme(), "http" | "https") && !is_bucket_url(&url) {
        return Err("expected https://…, http://… or s3://bucket/prefix".into());
    }
    if url.host().is_none() || url.query().is_some() || url.fragment().is_some() {
        return Err("expected a host and at most a path".into());
    }
    Ok(url)
}

fn is_web_origin(origin: &str) -> bool {
    let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['/', ' ', '*', ',', '"', '\\']))
        && !origin.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::bucket::{BucketStyle, CredentialsPlace};

    fn good() -> ContentGroup {
        ContentGroup {
            name: GroupName::new("studio-a").expect("name"),
            owner: "Studio A".into(),
            host_pattern: "kino.{device}.localhost".into(),
            origin_url: "http://127.0.0.1:8000/media".into(),
            origin_s3: None,
            cors_origins: vec!["https://www.example.org".into()],
            log_requests: true,
            on_miss: OnMiss::Proxy,
            demand_share_percent: 25,
        }
    }

    #[test]
    fn each_box_has_its_own_host_name() {
        assert_eq!(good().check(), Ok(()));
        let device = DeviceName::new("oca1.site-a").expect("name");
        assert_eq!(good().host_name(&device), "kino.oca1.site-a.localhost");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        type Breakage = fn(&mut ContentGroup);
        let broken: [(&str, Breakage); 9] = [
            ("host_pattern", |it| it.host_pattern = "kino.localhost".into()),
            ("host_pattern", |it| it.host_pattern = "{device}.Local".into()),
            ("origin_url", |it| it.origin_url = "ftp://x/".into()),
            ("origin_s3", |it| it.origin_s3 = Some(S3Origin::new("https://store".into()))),
            ("origin_s3", |it| it.origin_url = "s3://media/a".into()),
            ("origin_url", |it| it.origin_url = "x".into()),
            ("origin_url", |it| it.origin_url = "http://me:pw@x/".into()),
            ("on_miss", |it| {
                it.origin_url = "s3://media/a".into();
                it.origin_s3 = Some(S3Origin::new("https://store.example".into()));
            }),
            ("cors_origins[0]", |it| it.cors_origins = vec!["example.org".into()]),
        ];
        for (field, breakage) in broken {
            let mut group = good();
            breakage(&mut group);
            assert_eq!(group.check().expect_err(field)[0].field, field);
        }
    }

    fn in_a_bucket() -> ContentGroup {
        let store = S3Origin::new("https://store.example".into());
        ContentGroup {
            origin_url: "s3://media/a".into(),
            origin_s3: Some(store),
            on_miss: OnMiss::Refuse,
            ..good()
        }
    }

    #[test]
    fn a_bucket_stands_in_a_path_or_in_a_host_name() {
        let group = in_a_bucket();
        assert_eq!(group.check(), Ok(()));
        let mut store = group.origin_s3.expect("a store");
        let (bucket, prefix) = store.bucket(&group.origin_url).expect("a bucket");
        assert_eq!((&*bucket.name, &*prefix), ("media", "/a"));
        assert_eq!(store.address(&bucket).expect("a host").1, "store.example");
        store.style = BucketStyle::VirtualHost;
        assert_eq!(store.address(&bucket).expect("a host").1, "media.store.example");
    }

    #[test]
    fn a_bucket_that_cannot_be_meant_is_refused() {
        type Breakage = fn(&mut ContentGroup, &mut S3Origin);
        let broken: [(&str, Breakage); 6] = [
            ("origin_url", |it, _| it.origin_url = "s3://Media/a".into()),
            ("origin_s3.endpoint", |_, store| store.endpoint = "store".into()),
            ("origin_s3.endpoint", |_, store| store.endpoint = "https://store/media".into()),
            ("origin_s3.endpoint", |_, store| {
                store.endpoint = "https://192.0.2.1".into();
                store.style = BucketStyle::VirtualHost;
            }),
            ("origin_s3.region", |_, store| store.region = "a b".into()),
            ("origin_s3.credentials", |_, store| {
                store.credentials = Some(CredentialsPlace::File("studio-a.s3".into()));
            }),
        ];
        for (field, breakage) in broken {
            let mut group = in_a_bucket();
            let mut store = group.origin_s3.clone().expect("a store");
            breakage(&mut group, &mut store);
            group.origin_s3 = Some(store);
            assert_eq!(group.check().expect_err(field)[0].field, field);
        }
    }
}
