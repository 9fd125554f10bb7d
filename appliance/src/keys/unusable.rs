//! Why a private key cannot be used, and what to do.

use super::sealed::BadSealed;
use std::fmt;
use std::io;
use std::path::PathBuf;
use tpm::{Pcrs, Place, Reason, TpmError};

/// What ends all of it: new keys.
const JOIN_AGAIN: &str = "have this machine join again: appliance join --replace, with a new token";

/// Why.
#[derive(Debug)]
pub(crate) enum Unusable {
    Read { file: PathBuf, source: io::Error },
    NoKey { file: PathBuf },
    Sealed { file: PathBuf, why: BadSealed },
    Ring { file: PathBuf, source: anyhow::Error },
    NoRing { file: PathBuf, ring: PathBuf },
    NotOfRing { file: PathBuf, ring: PathBuf },
    Tpm { place: Place, pcrs: Pcrs, source: TpmError },
    Forgets(Place),
}

impl Unusable {
    /// What is wrong.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Read { file, source } => format!("cannot read {}: {source}", file.display()),
            Self::NoKey { file } => format!("{} holds no private key in PEM", file.display()),
            Self::Sealed { file, why } => format!("{}: {why}", file.display()),
            Self::Ring { file, source } => format!("{} is of no use: {source:#}", file.display()),
            Self::NoRing { file, ring } => format!(
                "the key in {} is sealed, and {} is not there, which unseals it",
                file.display(),
                ring.display()
            ),
            Self::NotOfRing { file, ring } => format!(
                "the key in {} was sealed with another key than those in {}",
                file.display(),
                ring.display()
            ),
            Self::Tpm { place, source, .. } => format!("the TPM {place}: {source}"),
            Self::Forgets(place) => {
                format!("the TPM {place} does not give back what it has sealed")
            }
        }
    }

    /// What to do about it, where that is known: keys may be somebody else's.
    pub(crate) fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } | Self::NoKey { .. } => return None,
            Self::Sealed { .. } | Self::Ring { .. } => JOIN_AGAIN.to_owned(),
            Self::NoRing { .. } | Self::NotOfRing { .. } => {
                format!("put back the files that belong together, or {JOIN_AGAIN}")
            }
            Self::Tpm { pcrs, source, .. } => advice(source, *pcrs),
            Self::Forgets(_) => "do without it: --tpm none".to_owned(),
        })
    }
}

impl std::error::Error for Unusable {}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what())?;
        self.advice().map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

/// What to do about what a TPM says.
fn advice(err: &TpmError, pcrs: Pcrs) -> String {
    match err {
        TpmError::Open(err) if err.kind() == io::ErrorKind::PermissionDenied => {
            "run the appliance as a user who may use it (Debian: package tpm-udev, group tss)"
                .to_owned()
        }
        TpmError::Open(_) => format!(
            "see that it is switched on in the firmware; where the mainboard was replaced, \
             {JOIN_AGAIN}"
        ),
        TpmError::Silent(_) | TpmError::Way(_) => {
            "try again; if that does not help, switch the machine off and on".to_owned()
        }
        TpmError::Garbled(_) | TpmError::Crypto(_) => {
            "see that it is a TPM 2.0, and that its firmware is the newest".to_owned()
        }
        TpmError::Refused { reason, .. } => match reason {
            Reason::NotItsOwn => format!(
                "the keys on this disk were made on another machine, or this one's TPM was \
                 cleared or replaced: {JOIN_AGAIN}"
            ),
            Reason::StartedOtherwise => format!(
                "what firmware and boot loader have written to its registers {pcrs} is new: start \
                 what was there before, or {JOIN_AGAIN}"
            ),
            Reason::Owned => "take the password of its owner hierarchy away".to_owned(),
            Reason::NotStarted | Reason::Failed => {
                "switch the machine off and on, and see what its firmware says of it".to_owned()
            }
            Reason::Busy => "something else keeps it busy: try again".to_owned(),
            Reason::Other => format!("try again; if that does not help, {JOIN_AGAIN}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: TpmError) -> String {
        let (place, pcrs) = ("/dev/tpmrm0".parse().expect("a place"), "7".parse().expect("one"));
        Unusable::Tpm { place, pcrs, source }.to_string()
    }

    #[test]
    fn it_is_said_what_has_happened_and_what_to_do() {
        let refused = |reason| TpmError::Refused { command: "TPM2_Load", code: 0x1df, reason };
        let other = said(refused(Reason::NotItsOwn));
        assert!(other.contains("made on another machine") && other.contains("join --replace"));
        let changed = said(refused(Reason::StartedOtherwise));
        assert!(changed.contains("registers 7 is new"), "{changed}");
        let denied = said(TpmError::Open(io::ErrorKind::PermissionDenied.into()));
        assert!(denied.contains("group tss") && !denied.contains("join"), "{denied}");
        let gone = said(TpmError::Open(io::ErrorKind::NotFound.into()));
        assert!(gone.contains("/dev/tpmrm0") && gone.contains("firmware"), "{gone}");
        assert_eq!(gone.lines().count(), 1, "{gone}");
    }
}
