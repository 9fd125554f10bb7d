//! The connection to the fleet's control listener: mTLS, always begun by the box.

use crate::fleet::Fleet;
use crate::identity::Identity;
use crate::link::Link;
use anyhow::{Context, Result};
use bytes::Bytes;
use contract::catalogue::SegmentRef;
use contract::certificates::{
    CERTIFICATE_PATH, CertificateAnswer, CertificateRequest, MAX_CHAIN_BYTES,
};
use contract::config::ApplianceConfig;
use contract::exchange::{
    Answer, LATE_PATH, MAX_ANSWER_BYTES, MAX_SLICES_BYTES, REPORT_PATH, SEGMENT_PATH, SLICES_PATH,
};
use contract::late::{LateAnswer, LateReports};
use contract::object::Digest;
use contract::report::Report;
use hyper::Method;
use serde::de::DeserializeOwned;

/// The answer to late reports is a number, or a complaint.
const MAX_LATE_ANSWER_BYTES: usize = 64 << 10;

/// Speaks to the fleet.
pub(crate) struct FleetLink(Link);

impl FleetLink {
    /// `None` for a box without a fleet.
    pub(crate) fn new(config: &ApplianceConfig, identity: &Identity) -> Result<Option<Self>> {
        let Some(fleet) = &config.fleet else { return Ok(None) };
        let link = Link::new(fleet.address, &fleet.tls_name, identity.client()?);
        link.context("fleet.tls_name").map(|link| Some(Self(link)))
    }

    /// Fetches the hashes of an object's slices; the caller proves them.
    pub(crate) async fn slice_hashes(&self, blake3: &Digest) -> Result<Bytes> {
        let path = format!("{SLICES_PATH}/{blake3}");
        self.0.exchange(Method::GET, &path, Vec::new(), MAX_SLICES_BYTES).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
        max: usize,
    ) -> Result<T> {
        let body = serde_json::to_vec(body)?;
        let bytes = self.0.exchange(Method::POST, path, body, max).await?;
        serde_json::from_slice(&bytes).context("the fleet's answer cannot be read")
    }
}

impl Fleet for FleetLink {
    async fn report(&self, report: &Report) -> Result<Answer> {
        self.post(REPORT_PATH, report, MAX_ANSWER_BYTES).await
    }

    async fn late_reports(&self, late: &LateReports) -> Result<LateAnswer> {
        self.post(LATE_PATH, late, MAX_LATE_ANSWER_BYTES).await
    }

    async fn certificate(&self, request: &CertificateRequest) -> Result<CertificateAnswer> {
        // In JSON the ends of lines take two bytes.
        self.post(CERTIFICATE_PATH, request, 2 * MAX_CHAIN_BYTES).await
    }

    async fn segment(&self, segment: &SegmentRef) -> Result<Bytes> {
        let path = format!("{SEGMENT_PATH}/{}", segment.digest);
        self.0.exchange(Method::GET, &path, Vec::new(), crate::holding::MAX_SEGMENT_BYTES).await
    }
}
