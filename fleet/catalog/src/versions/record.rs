//! What a version says of one title: the title and its objects, in one text that is always the same.

use crate::terms::Terms;
use crate::{CatalogObject, NewObject, RightsWindow, Title, TitleSpec};
use contract::catalogue::Ordinal;
use contract::object::Digest;
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a version says of one title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The title.
    pub title: Title,
    /// Its objects, by ordinal.
    pub objects: Vec<CatalogObject>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    spec: Cow<'a, TitleSpec>,
    revision: i64,
    added_at_us: TimeUs,
    #[serde(flatten)]
    window: RightsWindow,
    #[serde(default, skip_serializing_if = "is_none_said")]
    terms: Cow<'a, [Terms]>,
    objects: Vec<WrittenObject<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WrittenObject<'a> {
    ordinal: Ordinal,
    #[serde(flatten)]
    file: Cow<'a, NewObject>,
}

fn is_none_said(terms: &[Terms]) -> bool {
    terms.is_empty()
}

/// What is said of a title, as it is kept, and its digest.
///
/// # Errors
/// When it cannot be written as JSON, which none of ours is.
pub(super) fn write<'a>(
    title: &'a Title,
    objects: impl Iterator<Item = &'a CatalogObject>,
) -> Result<(Digest, Vec<u8>), serde_json::Error> {
    let object = |it: &'a CatalogObject| WrittenObject {
        ordinal: it.ordinal,
        file: Cow::Borrowed(&it.file),
    };
    let bytes = serde_json::to_vec(&Written {
        spec: Cow::Borrowed(&title.spec),
        revision: title.revision,
        added_at_us: title.added_at,
        window: title.window,
        terms: Cow::Borrowed(&title.terms),
        objects: objects.map(object).collect(),
    })?;
    Ok((Digest::of(&bytes), bytes))
}

impl Record {
    /// What was kept.
    ///
    /// # Errors
    /// When it is not what is written of a title.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let written: Written = serde_json::from_slice(bytes)?;
        let title = Title {
            revision: written.revision,
            added_at: written.added_at_us,
            window: written.window,
            terms: written.terms.into_owned(),
            spec: written.spec.into_owned(),
        };
        let objects = written.objects.into_iter().map(|object| CatalogObject {
            ordinal: object.ordinal,
            group: title.spec.group.clone(),
            title: title.spec.title.clone(),
            file: object.file.into_owned(),
            tags: title.spec.tags.clone(),
            window: title.window,
        });
        Ok(Self { objects: objects.collect(), title })
    }
}
