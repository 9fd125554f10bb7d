//! What pool and worker say to each other: messages with their length before them.
//!
//! A message is a byte that says which, and fields, each with its length before it. Lengths
//! are 32 bits, little end first. Texts and values go as they are, so that nothing is escaped
//! and read back for the sake of the way.

use crate::engine::{EngineError, Library, Limits};
use std::io::{self, Read, Write};

/// What a device's values may have. A router with 2,000 sessions has 200 KB of them.
pub(super) const VALUES_BYTES: usize = 8 << 20;

/// What a worker reads at once: values, or a library of 4 MiB whose every byte is escaped.
pub(super) const REQUEST_BYTES: usize = 32 << 20;

/// What a worker answers at once. A device has six texts, of which one may be large.
pub(super) const ANSWER_BYTES: usize = 24 << 20;

const LIBRARY: u8 = 1;
const JOB: u8 = 2;
const ANSWER: u8 = 3;
const REFUSAL: u8 = 4;
const TEXT: u8 = 5;
const ERROR: u8 = 6;

/// To a worker.
#[derive(Debug)]
pub(super) enum Request<'a> {
    /// The templates from now on.
    Library(Library, Limits),
    /// Texts that are wanted: each of a template, with its item as JSON; an empty one is none.
    Job { number: u64, values: &'a [u8], texts: Vec<(&'a str, &'a [u8])> },
}

/// From a worker.
#[derive(Debug)]
pub(super) enum Reply {
    /// What became of each template.
    Answer { number: u64, rendered: Vec<Result<String, EngineError>> },
    /// The values cannot be read.
    Refusal { number: u64, why: String },
}

/// A message in the making; what it has allocated is used for the next.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn library(&mut self, library: &Library, limits: Limits) -> io::Result<&mut Self> {
        let json = serde_json::to_vec(&(library, limits))?;
        self.begin(LIBRARY);
        self.field(&json)?;
        Ok(self)
    }

    pub(super) fn job<'a>(
        &mut self,
        number: u64,
        values: &[u8],
        texts: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> io::Result<&mut Self> {
        self.begin(JOB);
        self.field(&number.to_le_bytes())?;
        self.field(values)?;
        for (template, item) in texts {
            self.field(template.as_bytes())?;
            self.field(item)?;
        }
        Ok(self)
    }

    pub(super) fn answer(&mut self, number: u64) -> io::Result<&mut Self> {
        self.begin(ANSWER);
        self.field(&number.to_le_bytes())?;
        Ok(self)
    }

    /// One more template's fate in an answer.
    pub(super) fn rendered(&mut self, rendered: &Result<String, EngineError>) -> io::Result<()> {
        match rendered {
            Ok(text) => {
                self.0.push(TEXT);
                self.field(text.as_bytes())
            }
            Err(error) => {
                self.0.push(ERROR);
                self.field(&serde_json::to_vec(error)?)
            }
        }
    }

    pub(super) fn refusal(&mut self, number: u64, why: &str) -> io::Result<&mut Self> {
        self.begin(REFUSAL);
        self.field(&number.to_le_bytes())?;
        self.field(why.as_bytes())?;
        Ok(self)
    }

    /// Sends it.
    pub(super) fn send(&mut self, to: &mut impl Write) -> io::Result<()> {
        let length = length(self.0.len() - 4)?;
        self.0[..4].copy_from_slice(&length.to_le_bytes());
        to.write_all(&self.0)?;
        to.flush()
    }

    fn begin(&mut self, tag: u8) {
        self.0.clear();
        self.0.extend_from_slice(&[0, 0, 0, 0, tag]);
    }

    fn field(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(&length(bytes.len())?.to_le_bytes());
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| bad("a message of more than 4 GiB"))
}

/// Reads one message into `bytes`; `false` at the end of all.
pub(super) fn receive(
    from: &mut impl Read,
    most_bytes: usize,
    bytes: &mut Vec<u8>,
) -> io::Result<bool> {
    let mut length = [0; 4];
    if from.read(&mut length[..1])? == 0 {
        return Ok(false);
    }
    from.read_exact(&mut length[1..])?;
    let length = u32::from_le_bytes(length);
    if usize::try_from(length).is_ok_and(|length| length > most_bytes) {
        return Err(bad(&format!("a message of {length} bytes, more than {most_bytes}")));
    }
    bytes.clear();
    // As it comes: what is announced and never sent takes no room.
    if from.take(length.into()).read_to_end(bytes)? < usize::try_from(length).unwrap_or(usize::MAX)
    {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(true)
}

impl<'a> Request<'a> {
    pub(super) fn read(message: &'a [u8]) -> io::Result<Self> {
        let (tag, mut fields) = begun(message)?;
        match tag {
            LIBRARY => {
                let (library, limits) = serde_json::from_slice(fields.next()?)?;
                Ok(Self::Library(library, limits))
            }
            JOB => {
                let (number, values) = (fields.number()?, fields.next()?);
                let mut texts = Vec::new();
                while !fields.0.is_empty() {
                    texts.push((fields.text()?, fields.next()?));
                }
                Ok(Self::Job { number, values, texts })
            }
            _ => Err(bad(&format!("a request of kind {tag}"))),
        }
    }
}

impl Reply {
    pub(super) fn read(message: &[u8]) -> io::Result<Self> {
        let (tag, mut fields) = begun(message)?;
        match tag {
            ANSWER => {
                let number = fields.number()?;
                let mut rendered = Vec::new();
                while let Some((tag, rest)) = fields.0.split_first() {
                    fields.0 = rest;
                    rendered.push(match *tag {
                        TEXT => Ok(fields.text()?.to_owned()),
                        ERROR => Err(serde_json::from_slice(fields.next()?)?),
                        _ => return Err(bad(&format!("a text of kind {tag}"))),
                    });
                }
                Ok(Self::Answer { number, rendered })
            }
            REFUSAL => Ok(Self::Refusal { number: fields.number()?, why: fields.text()?.into() }),
            _ => Err(bad(&format!("an answer of kind {tag}"))),
        }
    }
}

fn begun(message: &[u8]) -> io::Result<(u8, Fields<'_>)> {
    let (tag, fields) = message.split_first().ok_or_else(|| bad("an empty message"))?;
    Ok((*tag, Fields(fields)))
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> io::Result<&'a [u8]> {
        let cut = || bad("a message that is cut off");
        let (length, rest) = self.0.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
        let (field, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        self.0 = rest;
        Ok(field)
    }

    fn text(&mut self) -> io::Result<&'a str> {
        std::str::from_utf8(self.next()?).map_err(|_| bad("text that is not UTF-8"))
    }

    fn number(&mut self) -> io::Result<u64> {
        let bytes = self.next()?.try_into().map_err(|_| bad("a number of another length"))?;
        Ok(u64::from_le_bytes(bytes))
    }
}

/// What no peer of ours would send.
pub(super) fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(message: &mut Message) -> Vec<u8> {
        let mut bytes = Vec::new();
        message.send(&mut bytes).expect("sent");
        let mut message = Vec::new();
        assert!(receive(&mut bytes.as_slice(), REQUEST_BYTES, &mut message).expect("received"));
        message
    }

    #[test]
    fn both_sides_read_what_was_written() {
        let mut message = Message::default();
        let library = Library::new([("a", "{{ x }}\n")]).expect("library");
        let bytes = sent(message.library(&library, Limits::default()).expect("written"));
        let Request::Library(back, _) = Request::read(&bytes).expect("read") else { panic!() };
        assert_eq!(back, library);
        let texts: [(&str, &[u8]); 2] = [("a", b""), ("b", b"[1]")];
        let bytes = sent(message.job(7, b"{}", texts.into_iter()).expect("written"));
        let read = Request::read(&bytes).expect("read");
        assert!(
            matches!(&read, Request::Job { number: 7, values: b"{}", texts: read } if *read == texts),
            "{read:?}"
        );
        message.answer(7).expect("begun").rendered(&Ok("text\n".into())).expect("written");
        let bytes = sent(&mut message);
        let read = Reply::read(&bytes).expect("read");
        assert!(
            matches!(&read, Reply::Answer { number: 7, rendered } if rendered[0].as_deref() == Ok("text\n")),
            "{read:?}"
        );
    }

    #[test]
    fn lengths_are_believed_only_so_far() {
        let mut bytes = Vec::new();
        let long = u32::MAX.to_le_bytes();
        receive(&mut long.as_slice(), 100, &mut bytes).expect_err("too long");
        receive(&mut [9, 0, 0, 0, 1].as_slice(), 100, &mut bytes).expect_err("cut off");
        assert!(!receive(&mut [].as_slice(), 100, &mut bytes).expect("the end"));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(0u8..8, 0..60)) {
            let _ = (Request::read(&bytes), Reply::read(&bytes));
        }
    }
}
