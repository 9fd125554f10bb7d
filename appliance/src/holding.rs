//! From manifest to what the cache wants: catalogue segments are fetched by digest, kept,
//! and looked up by ordinal.

use crate::keep;
use anyhow::{Context, Result};
use contract::catalogue::{CatalogueEntry, CatalogueSegment, Ordinal, SegmentRef};
use contract::envelope::FIRST_EPOCH;
use contract::manifest::{Hold, Manifest, Run, runs_of};
use contract::object::ObjectKey;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

/// The most bytes of one catalogue segment.
pub(crate) const MAX_SEGMENT_BYTES: usize = 64 << 20;

/// The manifest in force, resolved.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    folder: PathBuf,
    list_file: PathBuf,
    list: Option<(ListId, Vec<Ordinal>)>,
}

/// Which manifest a list is from. Another epoch counts its versions anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct ListId {
    epoch: u32,
    version: u64,
}

/// A document that is signed, addressed and dated right, and still cannot be carried out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unfit(pub(crate) String);

/// A manifest's ordinals, and their entries, in rank order.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) list: Vec<Ordinal>,
    pub(crate) ranked: Vec<Arc<CatalogueEntry>>,
    /// What of the catalogue, these included, may not be served at any time.
    pub(crate) windowed: Vec<Arc<CatalogueEntry>>,
}

fn unpack(kept: &[u8]) -> Result<(ListId, Vec<Ordinal>)> {
    let (id, runs): (ListId, Vec<Run>) = serde_json::from_slice(kept).or_else(|_| {
        // As written before there were epochs but the first.
        let (version, runs) = serde_json::from_slice(kept)?;
        Ok::<_, serde_json::Error>((ListId { epoch: FIRST_EPOCH, version }, runs))
    })?;
    Ok((id, Hold::Snapshot(runs).resolve(None)?))
}

impl Holding {
    pub(crate) fn open(state_folder: &std::path::Path) -> Result<Self> {
        let folder = state_folder.join("catalogue");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let list_file = state_folder.join("holding.json");
        let list = match fs::read(&list_file) {
            Ok(bytes) => Some(unpack(&bytes).context("holding.json is damaged: remove it")?),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => None,
            Err(err) => return Err(err).with_context(|| list_file.display().to_string()),
        };
        Ok(Self { folder, list_file, list })
    }

    /// The version of the manifest in force.
    pub(crate) fn version(&self) -> u64 {
        self.list.as_ref().map_or(0, |(id, _)| id.version)
    }

    fn file(&self, segment: &SegmentRef) -> PathBuf {
        self.folder.join(format!("{}.json", segment.digest))
    }

    /// Segments that this box does not have yet.
    pub(crate) fn lacking(&self, manifest: &Manifest) -> Vec<SegmentRef> {
        let segments = manifest.catalogue.segments.iter();
        segments.filter(|segment| !self.file(segment).exists()).copied().collect()
    }

    /// Takes a segment in, if it is the one asked for.
    pub(crate) fn add(&self, segment: &SegmentRef, bytes: &[u8]) -> Result<()> {
        CatalogueSegment::open(bytes, segment)?;
        keep::write(&self.file(segment), bytes)
    }

    /// What the manifest of an epoch says, as entries in rank order. Nothing has changed on an
    /// error.
    pub(crate) fn resolve(&self, manifest: &Manifest, epoch: u32) -> Result<Resolved> {
        let parent = self.list.as_ref().filter(|(id, _)| id.epoch == epoch);
        let list = match (&manifest.hold, parent) {
            // At start: the list of this very version was kept, a delta needs no parent then.
            (Hold::Delta { .. }, Some((id, list))) if id.version == manifest.version => {
                list.clone()
            }
            (hold, parent) => hold.resolve(parent.map(|(id, list)| (id.version, &list[..])))?,
        };
        let mut entries = HashMap::new();
        for segment in &manifest.catalogue.segments {
            let file = self.file(segment);
            let bytes =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let segment = CatalogueSegment::open(&bytes, segment)?;
            entries.extend(segment.entries.into_iter().map(|e| (e.ordinal, Arc::new(e))));
        }
        let mut ranked = Vec::with_capacity(list.len());
        for ordinal in &list {
            match entries.get(ordinal) {
                Some(entry) => ranked.push(Arc::clone(entry)),
                None => return Err(Unfit(format!("the catalogue has no ordinal {ordinal}")).into()),
            }
        }
        let windowed = entries.into_values().filter(|entry| entry.has_window()).collect();
        Ok(Resolved { list, ranked, windowed })
    }

    /// The keys of some entries of the catalogue, as far as it has come: to be held or not.
    pub(crate) fn keys(
        &self,
        is_one: impl Fn(&CatalogueEntry) -> bool,
    ) -> Result<HashSet<ObjectKey>> {
        let mut keys = HashSet::new();
        for file in fs::read_dir(&self.folder)? {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let read =
                || -> Result<CatalogueSegment> { Ok(serde_json::from_slice(&fs::read(&path)?)?) };
            let segment = read().with_context(|| format!("cannot read {}", path.display()))?;
            let entries = segment.entries.iter().filter(|entry| is_one(entry));
            keys.extend(entries.map(CatalogueEntry::key));
        }
        Ok(keys)
    }

    /// The manifest is in force: segments that it does not name are gone.
    pub(crate) fn settle(
        &mut self,
        manifest: &Manifest,
        epoch: u32,
        list: Vec<Ordinal>,
    ) -> Result<()> {
        let id = ListId { epoch, version: manifest.version };
        let kept = (id, runs_of(list.iter().copied()));
        keep::write(&self.list_file, &serde_json::to_vec(&kept)?)?;
        self.list = Some((id, list));
        let named: Vec<PathBuf> =
            manifest.catalogue.segments.iter().map(|segment| self.file(segment)).collect();
        for file in fs::read_dir(&self.folder)? {
            let path = file?.path();
            if !named.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}
