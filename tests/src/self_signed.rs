//! Certificates that nobody but themselves vouches for.

use anyhow::Result;
use rcgen::{CertificateParams, KeyPair};
use std::path::Path;

/// Makes one for these names and addresses, with its key, and writes both.
///
/// # Errors
/// When a name is none, or a file cannot be written.
pub fn write(names: &[&str], certificate_file: &Path, key_file: &Path) -> Result<()> {
    let key = KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let certificate = CertificateParams::new(names)?.self_signed(&key)?;
    std::fs::write(key_file, key.serialize_pem())?;
    Ok(std::fs::write(certificate_file, certificate.pem())?)
}
