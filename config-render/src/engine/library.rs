//! The templates that know each other: what one may include, import or extend.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One template. The longest configuration that people write by hand, an edge router's, has
/// some 100 KB.
const TEMPLATE_BYTES: usize = 256 << 10;

/// All of them together: a hundred kinds of devices at forty kilobytes each.
const LIBRARY_BYTES: usize = 4 << 20;

/// How many.
const TEMPLATES: usize = 1_000;

/// A name is a path in a folder of templates.
const NAME_BYTES: usize = 128;

/// Why a template cannot be in a library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// The name is no path that every file system and every message can hold.
    #[error(
        "{0:?} is no name for a template: use letters, digits and . _ - /, at most {NAME_BYTES}, \
         and no part that begins with a dot"
    )]
    Name(String),
    /// One template is too long.
    #[error("the template {name} has {bytes} bytes, more than {TEMPLATE_BYTES}: divide it")]
    Template {
        /// Which.
        name: String,
        /// How long it is.
        bytes: usize,
    },
    /// All together are too long.
    #[error("the templates have more than {LIBRARY_BYTES} bytes together")]
    Bytes,
    /// There are too many.
    #[error("there are more than {TEMPLATES} templates")]
    Count,
}

/// Templates by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    templates: BTreeMap<String, String>,
}

impl Library {
    /// Puts templates together. Whether each makes sense is asked by [`super::Engine::problems`].
    ///
    /// # Errors
    /// [`LibraryError`]: a name or a size.
    pub fn new<N, T>(templates: impl IntoIterator<Item = (N, T)>) -> Result<Self, LibraryError>
    where
        N: Into<String>,
        T: Into<String>,
    {
        let mut library = Self::default();
        let mut bytes = 0;
        for (name, text) in templates {
            let (name, text) = (name.into(), text.into());
            check(&name, &text)?;
            bytes += text.len();
            library.templates.insert(name, text);
        }
        if bytes > LIBRARY_BYTES {
            return Err(LibraryError::Bytes);
        }
        if library.templates.len() > TEMPLATES {
            return Err(LibraryError::Count);
        }
        Ok(library)
    }

    /// The text of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.templates.get(name).map(String::as_str)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.templates.keys().map(String::as_str)
    }
}

fn check(name: &str, text: &str) -> Result<(), LibraryError> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    let is_path = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    if name.len() > NAME_BYTES || !name.bytes().all(is_known) || !is_path {
        return Err(LibraryError::Name(name.to_owned()));
    }
    if text.len() > TEMPLATE_BYTES {
        return Err(LibraryError::Template { name: name.to_owned(), bytes: text.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_below_a_folder() {
        for name in ["bird.conf.j2", "frr/peers.j2", "a-b_c/d.1"] {
            Library::new([(name, "")]).expect(name);
        }
        for name in ["", "/etc/passwd", "../x", "a//b", "a/.b", "a b", "ä", &"a".repeat(129)] {
            assert_eq!(Library::new([(name, "")]), Err(LibraryError::Name(name.into())));
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let long = "x".repeat(TEMPLATE_BYTES);
        let one = |text: String| Library::new([("a".to_owned(), text)]);
        one(long.clone()).expect("just fits");
        let bytes = TEMPLATE_BYTES + 1;
        assert_eq!(
            one(long.clone() + "x"),
            Err(LibraryError::Template { name: "a".into(), bytes })
        );
        let many = |count: usize, text: &str| {
            Library::new((0..count).map(|at| (format!("t{at}"), text.to_owned())))
        };
        assert_eq!(many(17, &long), Err(LibraryError::Bytes));
        assert_eq!(many(1_001, ""), Err(LibraryError::Count));
    }
}
