//! Reading one, line by line, and making sure that it is whole.

use super::line::{Cell, Holds, Mark, is_row, read_row};
use super::{BackupError, FORMAT, broken};
use crate::schema;
use std::io::{BufRead, BufReader, ErrorKind, Read};

/// Four times the largest title, or segment of a catalogue, as one line.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// What a backup that is whole holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// By which schema.
    pub schema: i64,
    /// As of when, in microseconds since 1970.
    pub made_at_us: i64,
    /// How many rows.
    pub rows: u64,
}

/// Reads it to its end: whether it is whole, and what it holds.
///
/// # Errors
/// When it is not, or was made by a newer fleet.
pub fn check(from: impl Read) -> Result<Contents, BackupError> {
    let mut file = File::open(from)?;
    while file.next()?.is_some() {}
    Ok(Contents { schema: file.schema, made_at_us: file.made_at_us, rows: file.rows })
}

/// What follows in a file.
pub(super) enum Next<'a> {
    /// Rows of this table.
    Table(&'a str, &'a [(String, Holds)]),
    /// One of them.
    Row(Vec<Cell>),
}

pub(super) struct File<R: Read> {
    from: BufReader<zstd::Decoder<'static, BufReader<R>>>,
    sum: blake3::Hasher,
    line: Vec<u8>,
    table: Option<(String, Vec<(String, Holds)>)>,
    pub(super) schema: i64,
    made_at_us: i64,
    rows: u64,
}

impl<R: Read> File<R> {
    /// Reads its head.
    pub(super) fn open(from: R) -> Result<Self, BackupError> {
        let mut file = Self {
            from: BufReader::new(zstd::Decoder::new(from)?),
            sum: blake3::Hasher::new(),
            line: Vec::new(),
            table: None,
            schema: 0,
            made_at_us: 0,
            rows: 0,
        };
        file.read_line()?;
        match serde_json::from_slice(&file.line) {
            Ok(Mark::Backup { format: FORMAT, schema, made_at_us }) => {
                let newest = schema::newest();
                if schema > newest {
                    return Err(BackupError::Newer { found: schema, newest });
                }
                file.sum_up();
                Ok(Self { schema, made_at_us, ..file })
            }
            Ok(Mark::Backup { format, .. }) => {
                Err(broken(format!("it is written in a way that is not known: {format}")))
            }
            _ => Err(broken("it does not begin like one")),
        }
    }

    /// What follows; nothing once it has come to its end, which fits.
    pub(super) fn next(&mut self) -> Result<Option<Next<'_>>, BackupError> {
        self.read_line()?;
        if is_row(&self.line) {
            let Some((_, columns)) = &self.table else { return Err(broken("a row of no table")) };
            let cells = read_row(&self.line, columns)?;
            self.sum_up();
            self.rows += 1;
            return Ok(Some(Next::Row(cells)));
        }
        match serde_json::from_slice(&self.line).map_err(broken)? {
            Mark::Table { name, columns } => {
                self.sum_up();
                let (name, columns) = self.table.insert((name, columns));
                Ok(Some(Next::Table(name, columns)))
            }
            Mark::End { rows, blake3 } => {
                if rows != self.rows || blake3 != self.sum.finalize().to_hex().as_str() {
                    return Err(broken("it was changed: its sum is another"));
                }
                // Reads to where the compressor has put its own end.
                match self.from.read(&mut [0]).map_err(cut_off)? {
                    0 => Ok(None),
                    _ => Err(broken("something follows its end")),
                }
            }
            Mark::Backup { .. } => Err(broken("it begins twice")),
        }
    }

    fn read_line(&mut self) -> Result<(), BackupError> {
        self.line.clear();
        let mut some = (&mut self.from).take(MAX_LINE_BYTES);
        some.read_until(b'\n', &mut self.line).map_err(cut_off)?;
        match self.line.last() {
            Some(b'\n') => Ok(()),
            _ if self.line.len() as u64 == MAX_LINE_BYTES => Err(broken("a line has no end")),
            _ => Err(broken("it was cut off")),
        }
    }

    fn sum_up(&mut self) {
        self.sum.update(&self.line);
    }
}

/// What the file system says is told as it is; what the decompressor says means that it is no backup.
fn cut_off(err: std::io::Error) -> BackupError {
    match err.kind() {
        ErrorKind::UnexpectedEof => broken("it was cut off"),
        _ if err.raw_os_error().is_none() => broken(err),
        _ => err.into(),
    }
}
