//! What is served: objects whose content follows from their path.

use super::site::HOST;
use super::stream::Question;
use crate::http_harness::shelf::content;
use std::net::SocketAddr;

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

    /// All of it.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        content("default", &self.path, self.bytes)
    }

    /// The request for it, of a server at this address.
    #[must_use]
    pub fn question(&self, address: SocketAddr) -> Question {
        let request = format!("GET {} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", self.path);
        let (request, body) = (request.into_bytes(), self.content().into());
        Question { address, host: HOST.to_owned(), request, body }
    }
}
