//! The multivariant playlist as a viewer gets it: every variant once per pathway, with
//! absolute addresses, and the steering server's address (draft-pantos-hls-rfc8216bis
//! §4.4.6.6, §7).

mod attributes;
mod rewrite;

pub use rewrite::{Rewriting, rewrite};

/// Why a playlist cannot be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlaylist {
    /// It does not begin with `#EXTM3U`.
    #[error("not an HLS playlist: it does not begin with #EXTM3U")]
    NotHls,
    /// It has no variant: it is a media playlist, or nothing.
    #[error("not a multivariant playlist: no #EXT-X-STREAM-INF in it")]
    NoVariant,
    /// A tag's attributes cannot be read.
    #[error("line {line}: cannot read the attributes of {tag}")]
    Attributes {
        /// Which line, from 1.
        line: usize,
        /// Which tag.
        tag: &'static str,
    },
    /// A variant without an address.
    #[error("line {line}: #EXT-X-STREAM-INF without an address in the next line")]
    NoAddress {
        /// Which line, from 1.
        line: usize,
    },
    /// An address that is none.
    #[error("line {line}: {address:?} is not an address")]
    Address {
        /// Which line, from 1.
        line: usize,
        /// What stands there.
        address: String,
    },
}
