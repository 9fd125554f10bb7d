//! The fleet, as the conversation needs it: somebody who is told and asked over a network that
//! may be gone. [`FleetLink`](crate::fleet_link::FleetLink) is the real one.

use anyhow::Result;
use bytes::Bytes;
use contract::catalogue::SegmentRef;
use contract::certificates::{CertificateAnswer, CertificateRequest};
use contract::exchange::Answer;
use contract::late::{LateAnswer, LateReports};
use contract::report::Report;

/// Who is told and asked.
pub(crate) trait Fleet: Sync {
    /// Tells how things are, brings back what is new.
    fn report(&self, report: &Report) -> impl Future<Output = Result<Answer>> + Send;

    /// Tells how things were.
    fn late_reports(&self, late: &LateReports) -> impl Future<Output = Result<LateAnswer>> + Send;

    /// Asks for a certificate.
    fn certificate(
        &self,
        request: &CertificateRequest,
    ) -> impl Future<Output = Result<CertificateAnswer>> + Send;

    /// A catalogue segment; the caller compares its digest.
    fn segment(&self, segment: &SegmentRef) -> impl Future<Output = Result<Bytes>> + Send;
}

/// The fleet has answered, and not as was hoped.
#[derive(Debug, thiserror::Error)]
#[error("the fleet answered {status}: {text}")]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Refusal {
    /// The same again would be refused again.
    pub(crate) fn is_for_good(&self) -> bool {
        matches!(self.status, 400 | 413)
    }
}
