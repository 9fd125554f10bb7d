//! The MPD as a viewer gets it: one `BaseURL` with a service location per appliance, and the
//! steering server (ETSI TS 103 998 §5, ISO/IEC 23009-1 §5.6).

mod rewrite;

pub use rewrite::{Rewriting, rewrite};

/// Why an MPD cannot be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMpd {
    /// Not well-formed XML.
    #[error("not well-formed XML: {0}")]
    Xml(String),
    /// The root element is something else.
    #[error("not an MPD: the root element is not MPD")]
    NotMpd,
    /// No `Period` in it.
    #[error("an MPD without a Period")]
    NoPeriod,
    /// The owner's `BaseURL` leads away from where the MPD lies.
    #[error("BaseURL {0:?} leads to another server: only relative ones can be steered")]
    Elsewhere(String),
}

impl From<quick_xml::Error> for BadMpd {
    fn from(err: quick_xml::Error) -> Self {
        Self::Xml(err.to_string())
    }
}

impl From<std::io::Error> for BadMpd {
    fn from(err: std::io::Error) -> Self {
        Self::Xml(err.to_string())
    }
}
