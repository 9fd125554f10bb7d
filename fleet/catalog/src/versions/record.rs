//! What a version says of one title: the title and its objects, in one text that is always the same.

use crate::terms::Terms;
use crate::{CatalogObject, NewObject, RightsWindow, Title, TitleSpec};
use contract::catalogue::Ordinal;
use contract::object::Digest;
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};

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
struct Written {
    spec: TitleSpec,
    revision: i64,
    added_at_us: TimeUs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serve_from_us: Option<TimeUs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serve_until_us: Option<TimeUs>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    terms: Vec<Terms>,
    objects: Vec<WrittenObject>,
}

#[derive(Serialize, Deserialize)]
struct WrittenObject {
    ordinal: Ordinal,
    #[serde(flatten)]
    file: NewObject,
}

impl Record {
    /// As it is kept, and its digest.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which none of ours is.
    pub fn write(&self) -> Result<(Digest, Vec<u8>), serde_json::Error> {
        let objects = self.objects.iter();
        let bytes = serde_json::to_vec(&Written {
            spec: self.title.spec.clone(),
            revision: self.title.revision,
            added_at_us: self.title.added_at,
            serve_from_us: self.title.window.serve_from,
            serve_until_us: self.title.window.serve_until,
            terms: self.title.terms.clone(),
            objects: objects
                .map(|it| WrittenObject { ordinal: it.ordinal, file: it.file.clone() })
                .collect(),
        })?;
        Ok((Digest::of(&bytes), bytes))
    }

    /// What was kept.
    ///
    /// # Errors
    /// When it is not what [`Record::write`] writes.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let written: Written = serde_json::from_slice(bytes)?;
        let title = Title {
            revision: written.revision,
            added_at: written.added_at_us,
            window: RightsWindow {
                serve_from: written.serve_from_us,
                serve_until: written.serve_until_us,
            },
            terms: written.terms,
            spec: written.spec,
        };
        let objects = written.objects.into_iter().map(|object| CatalogObject {
            ordinal: object.ordinal,
            group: title.spec.group.clone(),
            title: title.spec.title.clone(),
            file: object.file,
            tags: title.spec.tags.clone(),
            window: title.window,
        });
        Ok(Self { objects: objects.collect(), title })
    }
}
