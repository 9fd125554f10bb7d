//! Who may draw at all, and what cannot wait.

use contract::progress::{self, WaitingOn};
use contract::time::TimeUs;

/// Whether an object can wait for the next window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// It can.
    Ordinary,
    /// It has a deadline before, or was lost here and viewers ask for it.
    Urgent,
}

/// Who may draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Everybody.
    All,
    /// Only what cannot wait.
    Urgent {
        /// For the others.
        opens: TimeUs,
    },
    /// Nobody.
    Nobody {
        /// For all.
        opens: TimeUs,
    },
}

impl Admission {
    /// As the report says it.
    #[must_use]
    pub fn told(self) -> progress::Admission {
        match self {
            Self::All => progress::Admission::All,
            Self::Urgent { .. } => progress::Admission::Urgent,
            Self::Nobody { .. } => progress::Admission::Nobody,
        }
    }

    /// Whether something may be drawn.
    ///
    /// # Errors
    /// The window that it has to wait for.
    pub fn check(self, urgency: Urgency) -> Result<(), WaitingOn> {
        match (self, urgency) {
            (Self::All, _) | (Self::Urgent { .. }, Urgency::Urgent) => Ok(()),
            (Self::Urgent { opens } | Self::Nobody { opens }, _) => {
                Err(WaitingOn::FillWindow { opens })
            }
        }
    }
}
