//! Which engine carries what.

use crate::error::BindError;
use crate::{portable, uring};
use contract::config::{EngineChoice, Listener, Protocol, Serving};

/// What carries HTTP/1.1 here. HTTP/2 is the portable engine's in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// So many threads, each with a ring.
    Uring {
        /// How many.
        threads: usize,
    },
    /// The portable engine, and why it is not the other.
    Portable {
        /// In words.
        reason: String,
    },
}

impl Engine {
    /// Takes what the configuration says; `auto` tries what the kernel allows.
    ///
    /// # Errors
    /// When `uring` is demanded and cannot be had.
    pub(crate) fn choose(serving: &Serving) -> Result<Self, BindError> {
        let portable = |reason: &str| Ok(Self::Portable { reason: reason.to_owned() });
        if serving.engine == EngineChoice::Portable {
            return portable("the configuration says so");
        }
        match (uring::probe::check(), serving.engine) {
            (Ok(()), _) => Ok(Self::Uring { threads: threads(serving) }),
            (Err(reason), EngineChoice::Uring) => {
                Err(BindError::Engine { path: "serving.engine".to_owned(), reason })
            }
            (Err(reason), _) => portable(&reason),
        }
    }

    /// Its name in reports, metrics and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Uring { .. } => uring::ENGINE,
            Self::Portable { .. } => portable::ENGINE,
        }
    }

    /// Why it is not the other, where it is the slower one.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Uring { .. } => None,
            Self::Portable { reason } => Some(reason),
        }
    }

    pub(crate) fn threads(&self) -> usize {
        match self {
            Self::Uring { threads } => *threads,
            Self::Portable { .. } => 0,
        }
    }

    /// Whether the uring engine carries a listener: it speaks HTTP/1.1 alone.
    pub(crate) fn carries(&self, listener: &Listener) -> bool {
        matches!(self, Self::Uring { .. }) && listener.protocols == [Protocol::Http1]
    }

    pub(crate) fn sockets_of(&self, listener: &Listener) -> usize {
        if self.carries(listener) { self.threads() } else { 1 }
    }
}

/// As many as there are cores for this process, where the configuration does not say.
fn threads(serving: &Serving) -> usize {
    match serving.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads.into(),
    }
}
