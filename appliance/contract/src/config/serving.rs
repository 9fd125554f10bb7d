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
    /// Whether what was sealed by the engine is sent from where it stands.
    pub zero_copy: ZeroCopy,
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

/// Whether the network takes records from where they were sealed, or from a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroCopy {
    /// Each connection tries once, and goes on where the kernel had no need to copy.
    #[default]
    Auto,
    /// From where they stand, even where the kernel copies them all the same.
    On,
    /// From a copy.
    Off,
}
