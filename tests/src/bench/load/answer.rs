//! One answer as it comes: its head read, its content compared or only counted.

use super::asker::Ask;
use crate::http_harness::client::field;
use anyhow::{Context, Result, ensure};
use std::time::{Duration, Instant};

/// An answer that has come whole.
#[derive(Debug, Clone, Copy)]
pub struct Answered {
    /// The length of its content.
    pub bytes: usize,
    /// From the request to the first byte of the answer.
    pub first_byte: Duration,
    /// Whether the server says that it had to read a disk.
    pub is_cold: bool,
}

/// An answer under way.
pub(super) struct Answer {
    ask: Ask,
    asked: Instant,
    first_byte: Option<Duration>,
    /// Status line and fields, until they are complete.
    head: Vec<u8>,
    /// The content that is still to come; `None` before the head is complete.
    left: Option<usize>,
    is_cold: bool,
}

impl Answer {
    pub(super) fn to(ask: Ask) -> Self {
        let asked = Instant::now();
        Self { ask, asked, first_byte: None, head: Vec::new(), left: None, is_cold: false }
    }

    /// Something has come.
    pub(super) fn begins(&mut self) {
        self.first_byte.get_or_insert_with(|| self.asked.elapsed());
    }

    /// Whether what is still to come only counts.
    pub(super) fn only_counts(&self) -> bool {
        self.left.is_some() && self.ask.content.is_none()
    }

    /// The content that is still to come, once the head has told.
    pub(super) fn left(&self) -> Option<usize> {
        self.left
    }

    /// Takes plaintext; gives how much of it was content.
    pub(super) fn take(&mut self, plaintext: &[u8]) -> Result<usize> {
        if self.left.is_some() {
            return self.compare(plaintext);
        }
        self.head.extend_from_slice(plaintext);
        let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(0);
        };
        let begin = self.head.split_off(end + 4);
        self.read_head()?;
        self.compare(&begin)
    }

    fn read_head(&mut self) -> Result<()> {
        let head = std::str::from_utf8(&self.head)?;
        ensure!(head.starts_with("HTTP/1.1 20"), "the answer is {head}");
        let length = field(head, "Content-Length").and_then(|text| text.parse().ok());
        ensure!(length == Some(self.ask.bytes), "{} B were asked for: {head}", self.ask.bytes);
        if let Some(range) = &self.ask.content_range {
            ensure!(field(head, "Content-Range") == Some(range), "{range} was asked for: {head}");
        }
        self.is_cold = head.contains("; detail=disk");
        self.left = length;
        Ok(())
    }

    fn compare(&mut self, content: &[u8]) -> Result<usize> {
        let left = self.left.context("no head")?;
        if let Some(expected) = &self.ask.content {
            let begin = expected.len() - left;
            let is_same = expected.get(begin..begin + content.len()) == Some(content);
            ensure!(is_same, "the answer has other bytes than the file");
        }
        self.count(content.len())?;
        Ok(content.len())
    }

    /// Content has come that nobody looks at.
    pub(super) fn count(&mut self, bytes: usize) -> Result<()> {
        let left = self.left.and_then(|left| left.checked_sub(bytes));
        self.left = Some(left.context("the answer is too long")?);
        Ok(())
    }

    /// The answer, once all of it has come.
    pub(super) fn done(&self) -> Option<Answered> {
        let first_byte = self.first_byte?;
        let is_whole = self.left == Some(0);
        is_whole.then_some(Answered { bytes: self.ask.bytes, first_byte, is_cold: self.is_cold })
    }
}
