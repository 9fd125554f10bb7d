//! Tags of an object: few, short, each once, in order.

use crate::names::TagName;
use crate::shared::Pool;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// The most tags of one object. With the longest names they are 560 bytes of JSON; that is
/// what the header page of its file can spare beside the longest path and names.
pub const MAX_TAGS: usize = 16;

/// The tags of an object, sorted. All objects that have the same share one list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<TagName>", into = "Vec<TagName>")]
pub struct Tags(Option<Arc<List>>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct List(Box<[TagName]>);

static LISTS: LazyLock<Pool<List>> = LazyLock::new(Pool::new);

/// Tags that an object cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTags {
    /// Over [`MAX_TAGS`].
    #[error("{0} tags: an object has at most {MAX_TAGS}")]
    TooMany(usize),
    /// One stands there twice.
    #[error("tag {0} stands there twice")]
    Twice(TagName),
}

impl Tags {
    /// Puts tags in order.
    ///
    /// # Errors
    /// [`BadTags`].
    pub fn new(mut tags: Vec<TagName>) -> Result<Self, BadTags> {
        if tags.len() > MAX_TAGS {
            return Err(BadTags::TooMany(tags.len()));
        }
        tags.sort_unstable();
        if let Some(pair) = tags.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(BadTags::Twice(pair[0].clone()));
        }
        // Most objects have none, and an index of millions of them allocates nothing for it.
        Ok(Self((!tags.is_empty()).then(|| LISTS.share(List(tags.into())))))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The tags, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[TagName] {
        self.0.as_ref().map_or(&[], |list| &list.0)
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn contains(&self, tag: &TagName) -> bool {
        self.as_slice().binary_search(tag).is_ok()
    }
}

impl TryFrom<Vec<TagName>> for Tags {
    type Error = BadTags;
    fn try_from(tags: Vec<TagName>) -> Result<Self, BadTags> {
        Self::new(tags)
    }
}

impl From<Tags> for Vec<TagName> {
    fn from(tags: Tags) -> Self {
        tags.as_slice().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(names: &[&str]) -> Result<Tags, BadTags> {
        Tags::new(names.iter().map(|name| TagName::new(*name).expect("name")).collect())
    }

    #[test]
    fn few_and_each_once() {
        let some = tags(&["season-1", "hd"]).expect("tags");
        assert_eq!(serde_json::to_string(&some).expect("json"), r#"["hd","season-1"]"#);
        assert!(some.contains(&TagName::new("hd").expect("name")));
        assert!(!some.contains(&TagName::new("uhd").expect("name")));
        assert_eq!(tags(&[]), Ok(Tags::default()));
        let twice = BadTags::Twice(TagName::new("a").expect("name"));
        assert_eq!(tags(&["a", "b", "a"]), Err(twice));
        let many: Vec<String> = (0..17).map(|at| format!("t{at}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(tags(&many), Err(BadTags::TooMany(17)));
        assert!(serde_json::from_str::<Tags>(r#"["UPPER"]"#).is_err());
        assert!(serde_json::from_str::<Tags>(r#"["a","a"]"#).is_err());
    }
}
