//! What a kind of record is made of, said once. Everything that treats all kinds alike (checking, SQL,
//! filters, the API and its description, the command line, files) reads it from here.
//!
//! Read in this order: [`Kind`] and [`Field`], then [`Shape`] (what may stand in a field), then
//! [`Record`].

mod column;
mod field;
mod kind;
mod record;
mod shape;
mod text;

pub use column::Column;
pub use field::{Field, Need};
pub use kind::{Kind, Scope, fine, one};
pub use record::Record;
pub use shape::{Document, MOST_TAGS, Shape, Wrong, in_words};
pub use text::{MAX_LINE_CHARS, MAX_NOTES_CHARS};
pub(crate) use text::{is_kept, is_unsafe};
