//! Why a source did not bring an object, and whose fault that was.

use crate::upstream::FetchFailed;
use cache::IntakeError;
use contract::progress::WaitingOn;
use std::time::Duration;

/// Why a source did not bring an object.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request failed.
    #[error(transparent)]
    Fetch(#[from] FetchFailed),
    /// The bytes were wrong, or could not be stored.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The source has failed before, and is not asked for a while.
    #[error("it has not answered for {} s", .0.as_secs())]
    Resting(Duration),
    /// The box may not fill, or not from this source.
    #[error("it waits for {0}")]
    Waiting(WaitingOn),
    /// The source gave wrong bytes, and is not asked for a while.
    #[error("it has given wrong bytes for {} s", .0.as_secs())]
    Distrusted(Duration),
    /// A cap began while all of an object came at once: from the beginning again.
    #[error("a cap has changed meanwhile")]
    Interrupted,
    /// The caps did not let it be asked in time.
    #[error("the caps let it wait for too long")]
    Capped,
    /// The disk's half of it went away: the process is stopping.
    #[error("the transfer was abandoned")]
    Abandoned,
}

impl Failure {
    /// A source that does not have the object yet is not at fault, nor is one that was not
    /// asked, or not to the end.
    pub(crate) fn is_fault(&self) -> bool {
        use IntakeError::{Busy, Exhausted, HandedOver, Missing, Withdrawn};
        match self {
            Self::Abandoned | Self::Interrupted | Self::Capped => false,
            Self::Resting(_) | Self::Waiting(_) | Self::Distrusted(_) => false,
            Self::Intake(Busy | HandedOver | Withdrawn | Exhausted(_) | Missing { .. }) => false,
            Self::Fetch(FetchFailed::NotThere | FetchFailed::Coming) => false,
            Self::Fetch(FetchFailed::DeniedBefore) => false,
            Self::Fetch(_) | Self::Intake(_) => true,
        }
    }

    /// A fault that the source shows whatever it is asked for.
    pub(crate) fn is_of_source(&self) -> bool {
        match self {
            Self::Fetch(failed) => failed.is_of_source(),
            _ => self.is_fault(),
        }
    }

    /// Another source would fare no better.
    pub(crate) fn is_ours(&self) -> bool {
        use IntakeError::{Busy, Disk, Exhausted, HandedOver, Missing, NoRoom, Withdrawn};
        matches!(
            self,
            Self::Interrupted
                | Self::Waiting(WaitingOn::FillWindow { .. })
                | Self::Intake(
                    NoRoom { .. }
                        | Exhausted(_)
                        | Disk(_)
                        | Busy
                        | HandedOver
                        | Withdrawn
                        | Missing { .. }
                )
        )
    }

    /// A stable name for events.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fetch(FetchFailed::NotThere | FetchFailed::Coming) => "source_lacks_object",
            Self::Fetch(FetchFailed::IgnoresRange) => "source_ignores_range",
            Self::Fetch(FetchFailed::Length { .. }) => "source_wrong_length",
            Self::Fetch(FetchFailed::EndedEarly { .. }) => "source_ended_early",
            Self::Fetch(FetchFailed::Denied(_) | FetchFailed::DeniedBefore) => "source_denies",
            Self::Fetch(_) => "source_failed",
            Self::Intake(IntakeError::WrongBytes { .. } | IntakeError::WrongSlice { .. }) => {
                "source_wrong_bytes"
            }
            Self::Intake(_) => "disk_refused",
            Self::Resting(_) => "source_rests",
            Self::Distrusted(_) => "source_distrusted",
            Self::Waiting(_) => "waiting",
            Self::Interrupted => "interrupted",
            Self::Capped => "capped",
            Self::Abandoned => "abandoned",
        }
    }
}
