//! Certificates by request: a box makes the key and keeps it, the fleet obtains the certificate.
//!
//! Whom it is for, and under which names, the fleet knows: where it issues itself, nothing of a
//! request counts but the key, and that whoever asks has it. An authority elsewhere wants a request
//! that names them; the fleet sees that they are those of the box.

use crate::envelope::Generation;
use crate::names::DeviceName;
use serde::{Deserialize, Serialize};

/// Where a box asks.
pub const CERTIFICATE_PATH: &str = "/box/v1/certificates";

/// The most bytes that a request may have, in PEM: a P-256 key with nothing else takes 400.
pub const MAX_CSR_BYTES: usize = 8 << 10;

/// The most bytes that a chain may have, in PEM: three certificates with RSA keys, twice over.
pub const MAX_CHAIN_BYTES: usize = 32 << 10;

/// The shortest and the longest time after which a box may be told to ask again, in seconds.
pub const RETRY_AFTER_S: std::ops::RangeInclusive<u64> = 1..=86_400;

/// The longest life of a certificate that a box shows to viewers, in days: browsers believe none that
/// is longer (CA/Browser Forum, Baseline Requirements §6.3.2).
pub const MAX_PLAYER_LIFE_D: u64 = 398;

/// What a certificate is shown to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To the fleet, and to sibling boxes.
    Identity,
    /// To viewers.
    Player,
}

impl Purpose {
    /// The name as it travels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Player => "player",
        }
    }
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A box asks for a certificate. Who it is the connection has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRequest {
    /// Who asks: proves that a request was not carried from one box to another by mistake.
    pub device: DeviceName,
    /// For what.
    pub purpose: Purpose,
    /// The key, and the proof that whoever asks has it: PKCS #10 in PEM (RFC 2986).
    pub csr_pem: String,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateAnswer {
    /// Here it is.
    Issued {
        /// The chain, leaf first, in PEM.
        chain_pem: String,
    },
    /// Not yet: the same request is to be put again.
    Later {
        /// What it waits for.
        reason: String,
        /// When to ask again, in seconds.
        retry_after_s: u64,
    },
}

/// The most bytes that lists of revoked certificates may have, in PEM: 40 bytes for each, of which
/// a fleet of 5,000 boxes that are all replaced twice within the life of a certificate has 10,000.
pub const MAX_REVOKED_BYTES: usize = 1 << 20;

/// Identities that count no more before they end. Lists prove themselves: each is signed by the
/// authority whose certificates it names (RFC 5280 §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// Rises with every change; a fleet that was restored from a backup counts anew in another
    /// epoch.
    pub generation: Generation,
    /// The list of each authority that the root names, in PEM; what an authority has never
    /// revoked anything of needs none.
    pub lists: Vec<String>,
}
