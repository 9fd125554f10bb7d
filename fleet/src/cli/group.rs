//! `fleet group create`: where its bucket is, as people say it.

use super::Usage;
use clap::{Args, ValueEnum};
use contract::bucket::{BucketStyle, CredentialsPlace};
use contract::config::OnMiss;
use contract::names::GroupName;
use inventory::{ContentGroup, DEFAULT_DEMAND_SHARE_PERCENT, S3Origin};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name, such as `studio-a`.
    name: GroupName,
    /// Whose it is.
    #[arg(long)]
    owner: String,
    /// The host name under which a box serves it, with `{device}` for the box.
    #[arg(long, value_name = "PATTERN")]
    host_pattern: String,
    /// Where the owner's own server has it; object paths are appended. https://…, http://…, or
    /// s3://BUCKET/PREFIX.
    #[arg(long, value_name = "URL")]
    origin: String,
    /// Where the store of that bucket is.
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// The region that requests to it are signed for; us-east-1 without it.
    #[arg(long, value_name = "REGION", requires = "s3_endpoint")]
    s3_region: Option<String>,
    /// Ask for https://BUCKET.HOST/KEY, and not for https://HOST/BUCKET/KEY.
    #[arg(long, requires = "s3_endpoint")]
    s3_virtual_host: bool,
    /// The file on each box with the credentials, in the form of AWS's shared credentials, for
    /// the appliance's user alone. The fleet never sees it.
    #[arg(long, value_name = "FILE", requires = "s3_endpoint")]
    s3_credentials_file: Option<PathBuf>,
    /// The variables of each box's environment with the key's id, the secret key and, if there
    /// is one, the token: names, not what is in them.
    #[arg(
        long,
        value_name = "ID,SECRET[,TOKEN]",
        value_delimiter = ',',
        num_args = 1,
        requires = "s3_endpoint",
        conflicts_with = "s3_credentials_file"
    )]
    s3_credentials_env: Vec<String>,
    /// A web origin that may read it. Can be given several times; all may without it.
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    cors_origins: Vec<String>,
    /// Count its requests and log none of them.
    #[arg(long)]
    no_request_log: bool,
    /// What boxes do when they are asked for what they were not told to hold: refuse it, fetch it
    /// from the origin and keep it as long as it is worth its place, or redirect to a box of the
    /// same site that holds it (also while it is on its way to the one that is asked).
    #[arg(long, value_enum, default_value_t = OnMissChoice::Refuse)]
    on_miss: OnMissChoice,
    /// With `--on-miss proxy`: the most that it may take of the disks of a box, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = DEFAULT_DEMAND_SHARE_PERCENT)]
    demand_share: u8,
}

/// [`OnMiss`], as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum OnMissChoice {
    Refuse,
    Proxy,
    Redirect,
}

impl Create {
    pub(super) fn into_group(self) -> anyhow::Result<ContentGroup> {
        let any = vec!["*".to_owned()];
        Ok(ContentGroup {
            origin_s3: self.store()?,
            name: self.name,
            owner: self.owner,
            host_pattern: self.host_pattern,
            origin_url: self.origin,
            cors_origins: if self.cors_origins.is_empty() { any } else { self.cors_origins },
            log_requests: !self.no_request_log,
            on_miss: match self.on_miss {
                OnMissChoice::Refuse => OnMiss::Refuse,
                OnMissChoice::Proxy => OnMiss::Proxy,
                OnMissChoice::Redirect => OnMiss::Redirect,
            },
            demand_share_percent: self.demand_share,
        })
    }

    fn store(&self) -> anyhow::Result<Option<S3Origin>> {
        let Some(endpoint) = self.s3_endpoint.clone() else { return Ok(None) };
        let mut store = S3Origin::new(endpoint);
        if let Some(region) = self.s3_region.clone() {
            store.region = region;
        }
        if self.s3_virtual_host {
            store.style = BucketStyle::VirtualHost;
        }
        store.credentials = match (&self.s3_credentials_file, &self.s3_credentials_env[..]) {
            (Some(file), _) => Some(CredentialsPlace::File(file.clone())),
            (None, []) => None,
            (None, [id, secret, token @ ..]) if token.len() < 2 => {
                Some(CredentialsPlace::Environment {
                    access_key_id: id.clone(),
                    secret_access_key: secret.clone(),
                    session_token: token.first().cloned(),
                })
            }
            (None, _) => {
                let message = "--s3-credentials-env: expected the names of two or three variables";
                return Err(Usage(message.to_owned()).into());
            }
        };
        Ok(Some(store))
    }
}
