//! Buckets of S3-compatible stores: how they are named in requests, and where a box finds the
//! credentials that requests to them are signed with. The credentials themselves stand in no
//! document, no configuration and no database.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A bucket, as a box asks it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Where its name stands.
    pub style: BucketStyle,
}

/// Where a bucket's name stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BucketStyle {
    /// `https://store.example/bucket/key`.
    #[default]
    Path,
    /// `https://bucket.store.example/key`.
    VirtualHost,
}

/// Where a box finds the credentials for a bucket. They are read with each request, so that
/// those that were changed are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CredentialsPlace {
    /// A file that nobody but its owner may read, in the form of AWS's shared credentials.
    File(PathBuf),
    /// Variables of the appliance's environment.
    Environment {
        /// The name of that with the key's id.
        access_key_id: String,
        /// The name of that with the secret key.
        secret_access_key: String,
        /// The name of that with the token of a session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_token: Option<String>,
    },
}

impl CredentialsPlace {
    /// Why no credentials could stand there.
    #[must_use]
    pub fn bad(&self) -> Option<String> {
        let not_a_name = |name: &&String| !is_variable(name);
        match self {
            Self::File(file) => {
                let is_place = file.is_absolute() && file.to_str().is_some();
                (!is_place).then(|| "expected an absolute path of a file".to_owned())
            }
            Self::Environment { access_key_id, secret_access_key, session_token } => {
                let mut names = [access_key_id, secret_access_key].into_iter().chain(session_token);
                // What stands there may be a key, put in the wrong place: it is not repeated.
                names.find(not_a_name).map(|_| {
                    "expected names of environment variables: A-Z, 0-9 and _, 64 at most".to_owned()
                })
            }
        }
    }
}

/// Upper case alone, although others would be possible: an access key or a secret one that was
/// put here by mistake is rarely taken for a name.
fn is_variable(name: &str) -> bool {
    let octet = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (1..=64).contains(&name.len())
        && name.bytes().all(octet)
        && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a bucket could have this name: AWS's rules, which other stores follow or loosen.
#[must_use]
pub fn is_bucket_name(name: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let octet = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    (3..=63).contains(&name.len())
        && name.bytes().all(octet)
        && edge(name.bytes().next())
        && edge(name.bytes().last())
        && !name.contains("..")
}

/// Whether requests could be signed for this region.
#[must_use]
pub fn is_region(name: &str) -> bool {
    let octet = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_named_and_never_given() {
        let environment = |id: &str, secret: &str| CredentialsPlace::Environment {
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: None,
        };
        assert_eq!(environment("STUDIO_A_ID", "STUDIO_A_SECRET").bad(), None);
        assert_eq!(CredentialsPlace::File("/etc/headend/studio-a.s3".into()).bad(), None);
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let complaint = environment("STUDIO_A_ID", secret).bad().expect("a complaint");
        assert!(!complaint.contains(secret), "{complaint}");
        for bad in [environment("", "B"), environment("1A", "B"), environment("a", "B")] {
            assert!(bad.bad().is_some(), "{bad:?}");
        }
        assert!(CredentialsPlace::File("studio-a.s3".into()).bad().is_some());
    }

    #[test]
    fn names_of_buckets() {
        for good in ["media", "media-1.example", "a1b"] {
            assert!(is_bucket_name(good), "{good}");
        }
        for bad in ["", "ab", "Media", "-media", "media-", "a..b", "a/b", "a b c"] {
            assert!(!is_bucket_name(bad), "{bad}");
        }
        assert!(is_region("eu-central-1") && !is_region("") && !is_region("eu/1"));
    }
}
