//! Why the chip did not do what it was asked for (part 2, §6.6: response codes).

use std::io;
use std::time::Duration;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
    /// There is none, or it may not be used.
    #[error("it cannot be opened: {0}")]
    Open(#[source] io::Error),
    /// The way to it broke.
    #[error("it cannot be spoken to: {0}")]
    Way(#[source] io::Error),
    /// It said nothing.
    #[error("it did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// What it said is no answer of a TPM 2.0.
    #[error("what it answers is not of a TPM 2.0: {0}")]
    Garbled(&'static str),
    /// It refused.
    #[error("it refused {command}: {reason} (code {code:#x})")]
    Refused {
        /// What it was asked.
        command: &'static str,
        /// As it answered.
        code: u32,
        /// What that means.
        reason: Reason,
    },
    /// The library of cryptography failed: no randomness, or a key of the chip that is none.
    #[error("cryptography failed: {0}")]
    Crypto(&'static str),
}

impl TpmError {
    /// Why it refused, if it has.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Sealed by another chip, or by this one before it was cleared, or not whole.
    #[error("this was not sealed by it, or it was cleared since")]
    NotItsOwn,
    /// Registers are not what they were when it was sealed.
    #[error("the machine was not started as it was when this was sealed")]
    StartedOtherwise,
    /// Its owner has set a password.
    #[error("its owner has set a password")]
    Owned,
    /// Nobody has started it.
    #[error("it was not started by the firmware")]
    NotStarted,
    /// Its own test has failed.
    #[error("it has failed")]
    Failed,
    /// It does something else, or has no room.
    #[error("it is busy")]
    Busy,
    /// Anything else.
    #[error("it gives no other reason")]
    Other,
}

impl Reason {
    /// What a code means.
    pub(crate) fn of(code: u32) -> Self {
        // Codes of format one carry which parameter, handle or session they are about.
        let code = if code & 0x080 == 0 { code } else { code & 0x0bf };
        match code {
            // TPM_RC_INTEGRITY
            0x09f => Self::NotItsOwn,
            // TPM_RC_POLICY_FAIL, TPM_RC_PCR_CHANGED
            0x09d | 0x128 => Self::StartedOtherwise,
            // TPM_RC_AUTH_FAIL, TPM_RC_BAD_AUTH
            0x08e | 0x0a2 => Self::Owned,
            // TPM_RC_INITIALIZE
            0x100 => Self::NotStarted,
            // TPM_RC_FAILURE
            0x101 => Self::Failed,
            // TPM_RC_OBJECT_MEMORY, SESSION_MEMORY, MEMORY, YIELDED, TESTING, RETRY
            0x902..=0x904 | 0x908 | 0x90a | 0x922 => Self::Busy,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_whatever_they_are_about() {
        for (code, reason) in [
            (0x1df, Reason::NotItsOwn),
            (0x99d, Reason::StartedOtherwise),
            (0x128, Reason::StartedOtherwise),
            (0x9a2, Reason::Owned),
            (0x100, Reason::NotStarted),
            (0x101, Reason::Failed),
            (0x922, Reason::Busy),
            (0x143, Reason::Other),
        ] {
            assert_eq!(Reason::of(code), reason, "{code:#x}");
        }
    }
}
