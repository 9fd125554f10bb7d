//! How bytes are moved to viewers.

use serde::{Deserialize, Serialize};

/// What moves bytes. The defaults find out by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serving {
    /// Which engine carries HTTP/1.1.
    pub engine: EngineChoice,
    /// Serving threads of the uring engine; 0 means one for each core.
    pub threads: u16,
    /// Who seals the records of the uring engine.
    pub tls: TlsChoice,
}

/// Which engine carries HTTP/1.1. HTTP/2 is the portable engine's in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineChoice {
    /// `uring` where the kernel allows it, else `portable`.
    #[default]
    Auto,
    /// `uring`, or a refusal to start.
    Uring,
    /// `portable`.
    Portable,
}

/// Who seals records, once rustls has done the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsChoice {
    /// `kernel` where the kernel has it and can change keys (from 6.14 on), else `fused`.
    #[default]
    Auto,
    /// The engine itself, in one pass from the RAM tier to what is sent.
    Fused,
    /// The kernel (kTLS), or a refusal to start.
    Kernel,
}
