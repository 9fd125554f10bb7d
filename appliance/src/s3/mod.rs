//! Origins that are buckets of S3-compatible stores.
//!
//! `object_store` signs requests and reads what stores answer. Everything else is as with other
//! origins: requests go out by the [`Fetcher`] (its connections, its TLS, its patience), for
//! ranges of whole slices, and who failed is asked again when `fill` says so, not in here.
//!
//! [`credentials`] are read where the configuration says, [`wire`] is the way of a request,
//! [`refusal`] what a store says instead of an answer.

mod credentials;
mod denials;
mod etags;
mod refusal;
mod wire;

pub(crate) use credentials::check;

use bytes::Bytes;
use contract::bucket::{Bucket, BucketStyle, CredentialsPlace};
use contract::catalogue::CatalogueEntry;
use contract::config::ApplianceConfig;
use contract::names::GroupName;
use contract::slices::SliceHashes;
use contract::sources::{OriginPath, Source};
use credentials::Credentials;
use denials::Denials;
use etags::ETags;
use fill::fetch::{Fetcher, is_all};
use fill::pace::Pace;
use fill::{Body, FetchFailed, Promise, Question, Upstream};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetResult, ObjectStore, RetryConfig};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use wire::Wire;

/// Asks buckets in their own way, and hands on what is for everybody else.
pub(crate) struct Origins {
    fetcher: Arc<Fetcher>,
    stall: Duration,
    credentials: HashMap<GroupName, CredentialsPlace>,
    /// One for each bucket and group: the group says who asks.
    stores: Mutex<HashMap<StoreId, Arc<AmazonS3>>>,
    denials: Denials,
    etags: ETags,
}

/// The name of a group, the bucket, and where it is.
type StoreId = (GroupName, Bucket, String);

/// Stores that are known at once. A box has some groups, and a store moves now and then.
const MOST_STORES: usize = 256;

impl Origins {
    /// `fetcher` does the talking; the configuration tells where credentials are.
    pub(crate) fn new(fetcher: Arc<Fetcher>, config: &ApplianceConfig) -> Self {
        let credentials = config
            .content_groups
            .iter()
            .filter_map(|group| Some((group.name.clone(), group.origin_credentials.clone()?)));
        Self {
            fetcher,
            stall: config.fill.stall_timeout_s.duration(),
            credentials: credentials.collect(),
            stores: Mutex::default(),
            denials: Denials::default(),
            etags: ETags::default(),
        }
    }

    fn store(
        &self,
        group: &GroupName,
        source: &Source,
        origin: &OriginPath,
        bucket: &Bucket,
    ) -> Result<Arc<AmazonS3>, FetchFailed> {
        let scheme = if source.tls_name.is_some() { "https" } else { "http" };
        let endpoint = format!("{scheme}://{}", origin.host);
        let id = (group.clone(), bucket.clone(), format!("{endpoint} at {}", source.address));
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(&id) {
            return Ok(Arc::clone(store));
        }
        if stores.len() >= MOST_STORES {
            stores.clear();
        }
        let wire = Wire { fetcher: Arc::clone(&self.fetcher), source: source.clone() };
        let place = self.credentials.get(group);
        let store = open(&endpoint, bucket, wire, place)
            .map_err(|err| FetchFailed::Unusable(fill::fetch::deepest(&err)))?;
        let store = Arc::new(store);
        stores.insert(id, Arc::clone(&store));
        Ok(store)
    }

    async fn ask(
        &self,
        question: &Question<'_>,
        origin: &OriginPath,
        bucket: &Bucket,
    ) -> Result<Box<dyn Body>, FetchFailed> {
        let (entry, group) = (question.entry, &question.entry.common.group);
        let place = (group, question.source.address);
        if self.denials.stands(place, Instant::now()) {
            return Err(FetchFailed::DeniedBefore);
        }
        let store = self.store(group, question.source, origin, bucket)?;
        let key = key(origin, entry)?;
        let asked = store.get_opts(&key, self.options(question)).await;
        let result = asked.map_err(|err| self.failed(place, entry, refusal::of(&err)))?;
        self.denials.over(place);
        self.expect(question, &result)?;
        Ok(Box::new(S3Body {
            pieces: result.into_stream(),
            stall: self.stall,
            pace: Pace::default(),
        }))
    }

    fn options(&self, question: &Question<'_>) -> GetOptions {
        let Question { entry, range, .. } = question;
        let is_part = !is_all(range, entry.size_bytes);
        GetOptions {
            range: is_part.then(|| range.clone().into()),
            // Only a part has another before it.
            if_match: is_part.then(|| self.etags.of(&entry.id())).flatten(),
            ..GetOptions::default()
        }
    }

    /// What is remembered of a failure.
    fn failed(
        &self,
        place: denials::Place<'_>,
        entry: &CatalogueEntry,
        failed: FetchFailed,
    ) -> FetchFailed {
        match &failed {
            FetchFailed::Denied(_) => self.denials.denied(place, Instant::now()),
            FetchFailed::Changed => self.etags.forget(&entry.id()),
            _ => {}
        }
        failed
    }

    /// Is this the object, and the part of it that was asked for?
    fn expect(&self, question: &Question<'_>, result: &GetResult) -> Result<(), FetchFailed> {
        let Question { entry, range, .. } = question;
        if result.meta.size != entry.size_bytes || result.range != *range {
            let GetResult { meta, range, .. } = result;
            let offered = format!("bytes {}-{} of {}", range.start, range.end, meta.size);
            return Err(FetchFailed::Length { offered, expected: entry.size_bytes });
        }
        if let Some(etag) = &result.meta.e_tag {
            self.etags.note(&entry.id(), etag);
        }
        Ok(())
    }
}

impl Upstream for Origins {
    fn get<'a>(
        &'a self,
        question: Question<'a>,
    ) -> Promise<'a, Result<Box<dyn Body>, FetchFailed>> {
        let origin = question.source.origin.as_ref();
        match origin.and_then(|origin| Some((origin, origin.bucket.as_ref()?))) {
            Some((origin, bucket)) => {
                Box::pin(async move { self.ask(&question, origin, bucket).await })
            }
            None => self.fetcher.get(question),
        }
    }

    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>> {
        self.fetcher.slice_hashes(entry)
    }
}

fn open(
    endpoint: &str,
    bucket: &Bucket,
    wire: Wire,
    place: Option<&CredentialsPlace>,
) -> object_store::Result<AmazonS3> {
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let builder = AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_virtual_hosted_style_request(bucket.style == BucketStyle::VirtualHost)
        .with_http_connector(wire)
        .with_retry(retry);
    match place {
        Some(place) => builder.with_credentials(Arc::new(Credentials(place.clone()))),
        // For everybody to read.
        None => builder.with_skip_signature(true),
    }
    .build()
}

/// Paths are in their normal form; a key is what they stand for.
fn key(origin: &OriginPath, entry: &CatalogueEntry) -> Result<Key, FetchFailed> {
    Key::from_url_path(format!("{}{}", origin.prefix, entry.path))
        .map_err(|err| FetchFailed::Unusable(format!("no key of a bucket: {err}")))
}

/// The content of an answer.
struct S3Body {
    pieces: BoxStream<'static, object_store::Result<Bytes>>,
    stall: Duration,
    pace: Pace,
}

impl S3Body {
    async fn piece(&mut self) -> Result<Option<Bytes>, FetchFailed> {
        let began = Instant::now();
        let piece = timeout(self.stall, self.pieces.next()).await;
        let piece = piece.map_err(|_| FetchFailed::Stalled(self.stall.as_secs()))?;
        let piece = piece.transpose().map_err(|err| refusal::of(&err))?;
        self.pace.came(piece.as_ref().map_or(0, Bytes::len), began.elapsed())?;
        Ok(piece)
    }
}

impl Body for S3Body {
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>> {
        Box::pin(self.piece())
    }
}
