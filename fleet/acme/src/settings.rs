//! What an operator says of the authority.

use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// Which authority, and how it is convinced.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where its directory is (RFC 8555 §7.1.1).
    pub directory: Url,
    /// Who is told when something is wrong, as URLs (`mailto:…`).
    pub contact: Vec<String>,
    /// Whom to believe instead of whom the system believes, in PEM.
    pub ca_file: Option<PathBuf>,
    /// The folder in which the account is kept.
    pub folder: PathBuf,
    /// Where records are put.
    pub dns: SocketAddr,
    /// Who is to show them as well, before the authority looks.
    pub seen_at: Vec<SocketAddr>,
    /// What updates are signed with.
    pub dns_key: PathBuf,
}
