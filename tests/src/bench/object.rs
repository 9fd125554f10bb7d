//! What is served: objects whose content follows from their path, at every offset by
//! itself, so that nobody needs to hold gigabytes to know what is right.

use std::ops::Range;

/// One object.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its path.
    pub path: String,
    /// How long it is.
    pub bytes: usize,
}

impl Object {
    /// One of this length.
    #[must_use]
    pub fn new(path: impl Into<String>, bytes: usize) -> Self {
        Self { path: path.into(), bytes }
    }

    /// Many of this length: `/NAME-0000.m4s` and on. Their paths are equally long, and so
    /// are their requests and the heads of their answers.
    #[must_use]
    pub fn many(name: &str, count: usize, bytes: usize) -> Vec<Self> {
        (0..count).map(|at| Self::new(format!("/{name}-{at:04}.m4s"), bytes)).collect()
    }

    /// A part of it: BLAKE3's extendable output, which can begin anywhere.
    #[must_use]
    pub fn piece(&self, range: Range<usize>) -> Vec<u8> {
        let mut reader = blake3::Hasher::new().update(self.path.as_bytes()).finalize_xof();
        reader.set_position(range.start as u64);
        let mut bytes = vec![0; range.len()];
        reader.fill(&mut bytes);
        bytes
    }

    /// All of it.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        self.piece(0..self.bytes)
    }
}
