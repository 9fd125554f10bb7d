//! Revisions as a git repository: what goes into `git fast-import`.
//!
//! Pure: it writes a stream, and runs nothing. The repository is one of `git init --bare --initial-branch=main`,
//! and nobody else writes to it. A revision is a commit on [`BRANCH`], in the order of their ids; a
//! device is a folder, and each commit replaces the whole of it. Equal revisions give equal commits, whether
//! written at once or bit by bit.

mod place;

use super::Revision;
use std::io::{self, Write};

/// Where the commits are.
pub const BRANCH: &str = "refs/heads/main";

/// Says in the last line of a commit's message which revision it is.
const TRAILER: &str = "Fleet-Revision: ";

/// What the first commit stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// Nothing: the repository is new.
    Nothing,
    /// What [`BRANCH`] is.
    Branch,
}

/// A stream that is begun, for revisions that come page by page.
#[derive(Debug)]
pub struct Stream<W: Write> {
    out: W,
    onto: Onto,
}

/// Writes a whole stream.
///
/// # Errors
/// What writing fails with; `git fast-import` takes nothing then of what was written.
pub fn write(out: &mut dyn Write, onto: Onto, revisions: &[Revision]) -> io::Result<()> {
    let mut stream = Stream::begin(out, onto)?;
    revisions.iter().try_for_each(|revision| stream.add(revision))?;
    stream.end()?;
    Ok(())
}

/// Which revision a commit is, by its message: where an export goes on. Nothing for a commit that is none of ours.
#[must_use]
pub fn last_exported(log_message: &str) -> Option<i64> {
    let last = log_message.trim_end().lines().next_back()?;
    last.strip_prefix(TRAILER)?.parse().ok().filter(|id| *id > 0)
}

impl<W: Write> Stream<W> {
    /// Begins.
    ///
    /// # Errors
    /// What writing fails with, as all that follows.
    pub fn begin(mut out: W, onto: Onto) -> io::Result<Self> {
        // What is cut off has no end, and is refused whole.
        writeln!(out, "feature done")?;
        Ok(Self { out, onto })
    }

    /// Adds the next revision.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn add(&mut self, revision: &Revision) -> io::Result<()> {
        let (head, out) = (&revision.head, &mut self.out);
        // Before 1970 git has no time.
        let at_s = head.taken_at.unix_s().max(0);
        let message = format!(
            "{}: revision {} ({})\n\n{TRAILER}{}\n",
            in_a_line(&head.device),
            head.number,
            head.cause.as_str(),
            head.id
        );
        writeln!(out, "commit {BRANCH}")?;
        writeln!(out, "author fleet <fleet@localhost> {at_s} +0000")?;
        writeln!(out, "committer fleet <fleet@localhost> {at_s} +0000")?;
        data(out, &message)?;
        // Without it the first commit would begin anew; those after it stand on it by themselves.
        if self.onto == Onto::Branch {
            writeln!(out, "from {BRANCH}^0")?;
        }
        self.onto = Onto::Nothing;
        let folder = place::part(&head.device);
        writeln!(out, "D {}", quoted(&folder))?;
        let paths = revision.files.iter().map(|file| file.path.as_str());
        for (file, place) in revision.files.iter().zip(place::places(paths)) {
            writeln!(out, "M 100644 inline {}", quoted(&format!("{folder}/{place}")))?;
            data(out, &file.text)?;
        }
        writeln!(out)
    }

    /// Ends: from here on it is whole.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn end(mut self) -> io::Result<W> {
        writeln!(self.out, "done")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn data(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "data {}", text.len())?;
    out.write_all(text.as_bytes())?;
    writeln!(out)
}

/// As it can stand in a message's first line, where a device cannot say that it is another revision.
fn in_a_line(name: &str) -> String {
    name.chars().map(|sign| if sign.is_control() { '\u{fffd}' } else { sign }).collect()
}

/// As in C, which is how git reads paths.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_says_where_it_goes_on() {
        assert_eq!(last_exported("a: revision 3 (asked)\n\nFleet-Revision: 17\n"), Some(17));
        assert_eq!(last_exported("Fleet-Revision: 17\n\nby hand\n"), None);
        for none in ["", "\n", "Fleet-Revision: ", "Fleet-Revision: 0", "Fleet-Revision: -1", "x"] {
            assert_eq!(last_exported(none), None, "{none:?}");
        }
    }
}
