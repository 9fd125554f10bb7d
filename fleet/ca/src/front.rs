//! Who the fleet manager is towards people and players, where nobody else says so: an authority
//! of its own, whose word counts with no box. The root is not needed for it, because people
//! speak to the manager before there is a root.

use crate::key_file::make_folder;
use crate::{Authority, CaError, Issued};
use std::path::Path;
use std::time::{Duration, SystemTime};
use x509_parser::time::ASN1Time;

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
        make_folder(folder).map_err(CaError::file(folder))?;
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
    pub fn issue(&self, names: Vec<String>) -> Result<Issued, CaError> {
        let life = life(self.pem()).ok_or(CaError::NotWhatItShouldBe {
            path: Self::FILE.into(),
            expected: "a certificate of these times",
        })?;
        self.0.issue_front(names, life)
    }
}

/// From when until when a certificate is good.
fn life(pem: &str) -> Option<(SystemTime, SystemTime)> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    let certificate = pem.parse_x509().ok()?;
    let of = |time: ASN1Time| {
        let since_epoch = Duration::from_secs(u64::try_from(time.timestamp()).ok()?);
        SystemTime::UNIX_EPOCH.checked_add(since_epoch)
    };
    let validity = certificate.validity();
    Some((of(validity.not_before)?, of(validity.not_after)?))
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
        let issued = front.issue(names.to_vec()).expect("issued");
        let (_, pem) = x509_parser::pem::parse_x509_pem(issued.chain_pem.as_bytes()).expect("PEM");
        let certificate = pem.parse_x509().expect("X.509");
        assert!(life(front.pem()).is_some_and(|(from, until)| from < now && now < until));
        assert_eq!(life(&issued.chain_pem), life(front.pem()));
        let names = certificate.subject_alternative_name().expect("readable").expect("there");
        assert_eq!(names.value.general_names.len(), 3);
        assert!(front.issue(vec!["f\u{fc}r".to_owned()]).is_err());
    }
}
