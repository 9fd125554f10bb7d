//! From YAML text to a configuration, or to a list of what is wrong with it.

use super::locate::{Place, Places};
use super::{ApplianceConfig, check};
use std::fmt;

/// A configuration is a few pages; this is where somebody passed the wrong file.
pub(super) const MAX_CONFIG_BYTES: usize = 4 << 20;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line and column, both from 1, when there is a text to point into.
    pub place: Option<Place>,
    /// The key that it is about, such as `disks[0].folder`; empty for the whole document.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place {
            write!(f, "{}:{}: ", place.line, place.column)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// All that is wrong with one document: never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// A configuration together with where each of its keys stands in the text.
#[derive(Debug, Clone)]
pub struct Document {
    /// The configuration.
    pub config: ApplianceConfig,
    places: Places,
}

impl Document {
    /// A problem that only the machine could tell, placed in the text.
    #[must_use]
    pub fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        Problem { place: self.places.of(path), path: path.to_owned(), message: message.into() }
    }
}

/// Reads a configuration.
///
/// # Errors
/// Everything that is wrong with its meaning, or the first thing that is wrong with its
/// shape.
pub fn parse(text: &str) -> Result<Document, Problems> {
    let whole =
        |message: String| Problems(vec![Problem { place: None, path: String::new(), message }]);
    if text.len() > MAX_CONFIG_BYTES {
        return Err(whole(format!("larger than {MAX_CONFIG_BYTES} bytes")));
    }
    let config: ApplianceConfig = serde_yaml::from_str(text).map_err(|err| shape_problem(&err))?;
    let places = Places::of_text(text).map_err(|err| shape_problem(&err))?;
    let document = Document { config, places };
    let problems: Vec<Problem> = check::check(&document.config)
        .into_iter()
        .map(|(path, message)| document.problem(&path, message))
        .collect();
    if problems.is_empty() { Ok(document) } else { Err(Problems(problems)) }
}

fn shape_problem(err: &serde_yaml::Error) -> Problems {
    let place = err.location().map(Place::from);
    let message = err.without_snippet().to_string();
    // The library ends its messages with the place, which stands in front here, and speaks
    // of its own options to whoever calls it; a person wants neither.
    let end =
        [" at line ", ", set DuplicateKeyPolicy"].iter().filter_map(|tail| message.find(tail));
    let message = message[..end.min().unwrap_or(message.len())].trim_end_matches([':', ',']);
    let message = match message {
        "expected sequence start" => "expected a list".to_owned(),
        "expected mapping start" => "expected keys and values".to_owned(),
        "unexpected end of input" => "the document is empty".to_owned(),
        other => other.to_owned(),
    };
    Problems(vec![Problem { place, path: String::new(), message }])
}
