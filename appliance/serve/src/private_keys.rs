//! The port to whoever reads private keys: on disk they may be sealed.

use contract::certificates::Purpose;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::{Error, PemObject};
use std::fmt;
use std::path::Path;

/// Reads private keys.
pub trait PrivateKeys: Send + Sync + fmt::Debug {
    /// The key of a file that is for this.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    fn read(&self, file: &Path, purpose: Purpose) -> Result<PrivateKeyDer<'static>, String>;
}

/// Keys in PEM, as everybody writes them.
#[derive(Debug, Clone, Copy)]
pub struct PemFiles;

impl PrivateKeys for PemFiles {
    fn read(&self, file: &Path, _: Purpose) -> Result<PrivateKeyDer<'static>, String> {
        PrivateKeyDer::from_pem_file(file).map_err(|err| match err {
            Error::Io(err) => err.to_string(),
            Error::NoItemsFound => "it holds no private key in PEM".to_owned(),
            err => err.to_string(),
        })
    }
}
