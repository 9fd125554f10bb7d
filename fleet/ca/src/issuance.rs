//! Whoever issues what boxes show to viewers: the fleet's own authority, or one elsewhere.

use crate::{Authority, CaError, Certified, RequestedKey};
use contract::names::DeviceName;
use std::fmt;
use std::time::{Duration, SystemTime};

/// A certificate that is wanted for viewers.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The box.
    pub device: DeviceName,
    /// The host names, every one of which the fleet has given to that box.
    pub host_names: Vec<String>,
    /// The request of the box: its key stays there.
    pub request: RequestedKey,
}

/// Issues certificates.
#[async_trait::async_trait]
pub trait Issuance: fmt::Debug + Send + Sync {
    /// Its name: what it has issued is remembered under it.
    fn id(&self) -> &str;

    /// Whether the authority is not the fleet's own: it signs a request with the names that stand
    /// in it or not at all, takes its time, and may refuse.
    fn is_elsewhere(&self) -> bool;

    /// Obtains a certificate.
    ///
    /// # Errors
    /// [`NotIssued`], when there is none. What was begun for it is cleared away by then.
    async fn issue(&self, wish: &Wish) -> Result<Certified, NotIssued>;

    /// Clears away what an attempt for these host names has left that was cut off.
    async fn clear(&self, host_names: &[String]);
}

/// Whose fault it is that there is no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This wish's alone: another box may fare better.
    OfWish,
    /// The authority's, or of whatever stands between: no box would fare better now.
    OfAuthority,
}

/// Why there is no certificate, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NotIssued {
    /// Whose fault it is.
    pub fault: Fault,
    /// In words.
    pub why: String,
    /// How long the authority wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl From<CaError> for NotIssued {
    fn from(err: CaError) -> Self {
        Self { fault: Fault::OfWish, why: err.to_string(), retry_after: None }
    }
}

#[async_trait::async_trait]
impl Issuance for Authority {
    fn id(&self) -> &str {
        self.id()
    }

    fn is_elsewhere(&self) -> bool {
        false
    }

    async fn issue(&self, wish: &Wish) -> Result<Certified, NotIssued> {
        let names = wish.host_names.clone();
        Ok(self.certify_player(&wish.request, &wish.device, names, SystemTime::now())?)
    }

    async fn clear(&self, _: &[String]) {}
}
