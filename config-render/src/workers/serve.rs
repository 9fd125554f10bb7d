//! A worker's whole life.

use super::confine::{allow_processor_time, confine};
use super::wire::{ANSWER_BYTES, Message, REQUEST_BYTES, Request, bad, receive};
use crate::engine::{Engine, Values, ValuesError};
use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

/// The main function of a worker: it confines its process, then renders what it is told to
/// until there is nothing left to read.
///
/// It takes the whole process, which has to be started by a [`super::Pool`], and has to do
/// nothing else: no threads, no runtime, no log.
///
/// # Errors
/// When the process cannot be confined, or the pool says something that is no request.
pub fn serve(input: impl Read, mut output: impl Write) -> io::Result<()> {
    confine()?;
    let mut input = BufReader::new(input);
    let (mut bytes, mut message) = (Vec::new(), Message::default());
    let mut engine = None;
    while receive(&mut input, REQUEST_BYTES, &mut bytes)? {
        match Request::read(&bytes)? {
            Request::Library(library, limits) => {
                engine = Some(Engine::new(Arc::new(library), limits));
            }
            Request::Job { number, values, texts } => {
                allow_processor_time()?;
                let engine = engine.as_ref().ok_or_else(|| bad("a job before a library"))?;
                answer(engine, number, values, &texts, &mut message)?;
                message.send(&mut output)?;
            }
        }
    }
    Ok(())
}

fn answer(
    engine: &Engine,
    number: u64,
    values: &[u8],
    texts: &[(&str, &[u8])],
    message: &mut Message,
) -> io::Result<()> {
    let texts = match read(values, texts) {
        Ok(texts) => texts,
        Err(err) => return message.refusal(number, &err.to_string()).map(drop),
    };
    message.answer(number)?;
    let mut bytes = 0;
    for (template, values) in texts {
        let mut rendered = engine.render(template, &values);
        bytes += rendered.as_ref().map_or(0, String::len);
        if bytes > ANSWER_BYTES - SPARE_BYTES {
            rendered = Err(crate::engine::EngineError::too_many_texts(template));
        }
        message.rendered(&rendered)?;
    }
    Ok(())
}

/// What each template reads.
fn read<'a>(
    values: &[u8],
    texts: &[(&'a str, &[u8])],
) -> Result<Vec<(&'a str, Values)>, ValuesError> {
    let values = Values::from_json(values)?;
    let each = texts.iter().map(|(template, item)| match *item {
        [] => Ok((*template, values.clone())),
        item => Ok((*template, values.with_item(item)?)),
    });
    each.collect()
}

/// For lengths, and errors.
const SPARE_BYTES: usize = 1 << 20;
