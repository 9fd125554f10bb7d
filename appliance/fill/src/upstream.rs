//! What a transfer asks of the world: bytes of a source, and hashes of slices.
//!
//! [`Fetcher`](crate::fetch::Fetcher) asks over HTTP. Tests put a network in its place that
//! loses, delays and lies, all of it from a seed.

use bytes::Bytes;
use contract::catalogue::CatalogueEntry;
use contract::slices::SliceHashes;
use contract::sources::Source;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

/// A future that owns itself.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a request to a source brought nothing, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchFailed {
    /// The source does not have the object.
    #[error("it does not have the object")]
    NotThere,
    /// The source is to have the object, and does not yet.
    #[error("it does not have the object yet")]
    Coming,
    /// No connection, no handshake, or it broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// Nothing came for too long.
    #[error("nothing came for {0} s")]
    Stalled(u64),
    /// So little came that it would take for ever.
    #[error("only {0} bytes a second came")]
    Slow(u64),
    /// An answer that makes no sense for this request.
    #[error("it answered {0}")]
    Status(u16),
    /// All of the object came where a part of it was asked for.
    #[error("it ignores Range")]
    IgnoresRange,
    /// Another length than the catalogue says, or another part than asked for.
    #[error("it offers {offered}, and the catalogue says {expected} bytes")]
    Length {
        /// What the answer says.
        offered: String,
        /// By the catalogue.
        expected: u64,
    },
    /// The answer ended before its end.
    #[error("only {received} of {expected} bytes came")]
    EndedEarly {
        /// How many came.
        received: u64,
        /// How many were asked for.
        expected: u64,
    },
    /// It refuses the credentials that it is asked with.
    #[error("it denies access: {0}")]
    Denied(String),
    /// It has denied access a moment ago, and was not asked again.
    #[error("it has denied access a moment ago")]
    DeniedBefore,
    /// It has too much to do.
    #[error("it asks to be asked less often")]
    SlowDown,
    /// The object there is another than when a part of it came before.
    #[error("the object has changed there since a part of it came")]
    Changed,
    /// The document names no usable address for it.
    #[error("the source is not usable: {0}")]
    Unusable(String),
}

impl FetchFailed {
    /// Whether the source would fare no better with anything else: where not, it has answered, and
    /// is asked for other things as before.
    pub(crate) fn is_of_source(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Stalled(_) | Self::Slow(_) => true,
            Self::EndedEarly { .. } | Self::SlowDown => true,
            // It is behind somebody who cannot reach it, or has too much to do.
            Self::Status(status) => matches!(status, 408 | 429 | 502..=504),
            Self::NotThere | Self::Coming | Self::Changed | Self::Unusable(_) => false,
            Self::IgnoresRange | Self::Length { .. } => false,
            Self::Denied(_) | Self::DeniedBefore => false,
        }
    }
}

/// How a piece of an answer came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// So many bytes of it stand where they belong.
    InPlace(usize),
    /// By itself.
    Apart(Bytes),
}

impl Came {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::InPlace(count) => *count as u64,
            Self::Apart(piece) => piece.len() as u64,
        }
    }
}

/// The content of an answer, piece by piece.
pub trait Body: Send {
    /// The next piece; `None` at the end of the answer, be it early or not.
    fn next(&mut self) -> Promise<'_, Result<Option<Bytes>, FetchFailed>>;

    /// The same, into the room where it belongs, which is not empty, if it can come like that.
    fn next_into<'a>(
        &'a mut self,
        room: &'a mut [u8],
    ) -> Promise<'a, Result<Option<Came>, FetchFailed>> {
        let _ = room;
        Box::pin(async { Ok(self.next().await?.map(Came::Apart)) })
    }
}

/// What a source is asked for.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Whom.
    pub source: &'a Source,
    /// Which object.
    pub entry: &'a CatalogueEntry,
    /// Which part of it.
    pub range: Range<u64>,
    /// How it is asked.
    pub manner: Manner,
}

/// How a box is asked for what it may not have yet. To origins it is all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It says whether it will have it.
    Plain,
    /// Nothing is wanted that has yet to come to the source itself.
    OnlyIfCached,
    /// A viewer waits: the source is to get it now.
    Awaited,
}

/// Where bytes come from.
pub trait Upstream: Send + Sync {
    /// Asks a source for a part of an object; the answer is that part, or an error.
    fn get<'a>(&'a self, question: Question<'a>)
    -> Promise<'a, Result<Box<dyn Body>, FetchFailed>>;

    /// Asks whoever knows for the hashes of an object's slices, which lead to that of the
    /// object; `None` when nobody can be asked.
    fn slice_hashes<'a>(&'a self, entry: &'a CatalogueEntry) -> Promise<'a, Option<SliceHashes>>;
}
