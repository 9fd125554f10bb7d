//! Which engine carries what.

use crate::error::BindError;
use crate::uring::probe::KernelTls;
use crate::{portable, uring};
use contract::config::{EngineChoice, Listener, Protocol, Serving, TlsChoice};

/// What carries HTTP/1.1 here. HTTP/2 is the portable engine's in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// So many threads, each with a ring.
    Uring {
        /// How many.
        threads: usize,
        /// Who seals records there.
        tls: TlsEngine,
    },
    /// The portable engine, and why it is not the other.
    Portable {
        /// In words.
        reason: String,
    },
}

/// Who seals records, once rustls has done the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsEngine {
    /// The engine itself, and why it is not the kernel, where nobody chose that.
    Fused {
        /// In words.
        reason: Option<String>,
    },
    /// The kernel.
    Kernel(KernelTls),
}

impl TlsEngine {
    /// Takes what the configuration says; `auto` tries what the kernel can do.
    fn choose(choice: TlsChoice) -> Result<Self, BindError> {
        if choice == TlsChoice::Fused {
            return Ok(Self::Fused { reason: None });
        }
        match (uring::probe::kernel_tls(), choice) {
            (Ok(kernel), TlsChoice::Kernel) => Ok(Self::Kernel(kernel)),
            (Ok(kernel), _) if kernel.can_change_keys => Ok(Self::Kernel(kernel)),
            (Ok(_), _) => {
                let reason = "the kernel's TLS cannot change keys, which takes 6.14".to_owned();
                Ok(Self::Fused { reason: Some(reason) })
            }
            (Err(reason), TlsChoice::Kernel) => {
                Err(BindError::Engine { path: "serving.tls".to_owned(), reason })
            }
            (Err(reason), _) => {
                Ok(Self::Fused { reason: Some(format!("no TLS in the kernel: {reason}")) })
            }
        }
    }

    /// Its name in reports, metrics and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fused { .. } => "fused",
            Self::Kernel(_) => "kernel",
        }
    }

    /// Why it is not the kernel.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Fused { reason } => reason.as_deref(),
            Self::Kernel(_) => None,
        }
    }
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
            (Ok(()), _) => {
                let tls = TlsEngine::choose(serving.tls)?;
                Ok(Self::Uring { threads: threads(serving), tls })
            }
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

    /// Who seals records; the portable engine leaves that to rustls.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsEngine> {
        match self {
            Self::Uring { tls, .. } => Some(tls),
            Self::Portable { .. } => None,
        }
    }

    pub(crate) fn kernel_tls(&self) -> Option<KernelTls> {
        match self.tls() {
            Some(TlsEngine::Kernel(kernel)) => Some(*kernel),
            _ => None,
        }
    }

    pub(crate) fn threads(&self) -> usize {
        match self {
            Self::Uring { threads, .. } => *threads,
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
