//! Who the fleet manager is towards people and players, where nobody else says so: an authority
//! of its own, whose word counts with no box. The root is not needed for it, because people
//! speak to the manager before there is a root.

use crate::key_file::make_folder;
use crate::{Authority, CaError, Issued};
use std::path::Path;
use std::time::SystemTime;

/// The authority that people's `fleet` commands and browsers are told to believe.
#[derive(Debug)]
pub struct Front(Authority);

impl Front {
    /// Where its certificate is, in the folder of the fleet's keys.
    pub const FILE: &'static str = "front.pem";

    /// Opens it in `folder`; makes it where there is none.
    ///
    /// # Errors
    /// When its files cannot be made or are not what they should be.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self, CaError> {
        make_folder(folder).map_err(|source| CaError::File { path: folder.to_owned(), source })?;
        let key_file = folder.join(Self::FILE).with_extension("key");
        Ok(Self(Authority::open(&key_file, "front", now)?))
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        self.0.pem()
    }

    /// What the manager shows: exactly these host names and addresses.
    ///
    /// # Errors
    /// When a name is none.
    pub fn issue(&self, names: Vec<String>, now: SystemTime) -> Result<Issued, CaError> {
        self.0.issue_server("fleet", names, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_at_the_next_start_and_certifies_names_and_addresses() {
        let folder = tempfile::tempdir().expect("folder");
        let now = SystemTime::now();
        let front = Front::open(folder.path(), now).expect("made");
        let again = Front::open(folder.path(), now).expect("opened");
        assert_eq!(front.pem(), again.pem());
        let names = ["fleet.example", "127.0.0.1", "::1"].map(str::to_owned);
        let issued = front.issue(names.to_vec(), now).expect("issued");
        let (_, pem) = x509_parser::pem::parse_x509_pem(issued.chain_pem.as_bytes()).expect("PEM");
        let certificate = pem.parse_x509().expect("X.509");
        let names = certificate.subject_alternative_name().expect("readable").expect("there");
        assert_eq!(names.value.general_names.len(), 3);
        assert!(front.issue(vec!["f\u{fc}r".to_owned()], now).is_err());
    }
}
