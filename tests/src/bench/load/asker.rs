//! What connections ask for, request after request.

use crate::bench::object::Object;
use crate::bench::site::HOST;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::ops::Range;
use std::sync::Arc;

/// One in so many answers is compared octet by octet, where a case says nothing else; of
/// the others, status and length are looked at.
const VERIFIED_SHARE: usize = 16;

/// The dice fall the same in every run.
const SEED: u64 = 20_261_121;

/// How much of an object is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// All of it.
    Whole,
    /// So many bytes, from anywhere.
    Range(usize),
}

/// One request, and what must come.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The request, head and all.
    pub request: Vec<u8>,
    /// How long the answer's content must be.
    pub bytes: usize,
    /// What it must be, when it is to be compared.
    pub content: Option<Arc<[u8]>>,
    /// The answer's `Content-Range`, when a range is asked for.
    pub content_range: Option<String>,
}

/// Draws requests.
#[derive(Debug)]
pub struct Asker {
    objects: Vec<Object>,
    piece: Piece,
    query: &'static str,
    /// The content of the only object that everybody asks for.
    only: Option<Arc<[u8]>>,
    /// What is still to be asked for before any of them comes again.
    pile: Vec<usize>,
    dice: SmallRng,
    drawn: usize,
    verified_share: usize,
}

impl Asker {
    /// Asks for one after the other of these, in no order.
    #[must_use]
    pub fn new(objects: &[Object], piece: Piece) -> Self {
        let only = match (objects, piece) {
            ([only], Piece::Whole) => Some(only.content().into()),
            _ => None,
        };
        Self {
            objects: objects.to_vec(),
            piece,
            query: "",
            only,
            pile: Vec::new(),
            dice: SmallRng::seed_from_u64(SEED),
            drawn: 0,
            verified_share: VERIFIED_SHARE,
        }
    }

    /// With this query, `?` and all, behind the path.
    #[must_use]
    pub fn with_query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    /// Comparing one answer in so many.
    #[must_use]
    pub fn verifying_one_in(self, verified_share: usize) -> Self {
        Self { verified_share, ..self }
    }

    /// The next request.
    pub fn draw(&mut self) -> Ask {
        self.drawn += 1;
        if self.pile.is_empty() {
            self.pile.extend(0..self.objects.len());
            self.pile.shuffle(&mut self.dice);
        }
        let at = self.pile.pop().unwrap_or_default();
        let object = &self.objects[at];
        let range = match self.piece {
            Piece::Whole => 0..object.bytes,
            Piece::Range(bytes) => {
                let first = self.dice.random_range(0..=object.bytes - bytes);
                first..first + bytes
            }
        };
        self.ask(at, range, self.drawn.is_multiple_of(self.verified_share))
    }

    /// One request for all of each object.
    pub fn each(&self) -> impl Iterator<Item = Ask> {
        (0..self.objects.len()).map(|at| self.ask(at, 0..self.objects[at].bytes, true))
    }

    fn ask(&self, at: usize, range: Range<usize>, is_verified: bool) -> Ask {
        let object = &self.objects[at];
        let (path, query) = (&object.path, self.query);
        let mut request = format!("GET {path}{query} HTTP/1.1\r\nHost: {HOST}\r\n");
        let mut content_range = None;
        if range.len() < object.bytes {
            let (first, last) = (range.start, range.end - 1);
            request += &format!("Range: bytes={first}-{last}\r\n");
            content_range = Some(format!("bytes {first}-{last}/{}", object.bytes));
        }
        request += "\r\n";
        let bytes = range.len();
        let content = is_verified.then(|| match &self.only {
            Some(only) => Arc::clone(only),
            None => object.piece(range).into(),
        });
        Ask { request: request.into_bytes(), bytes, content, content_range }
    }
}
