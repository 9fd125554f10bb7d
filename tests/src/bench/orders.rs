//! What a fleet would have told a box: hold these, and have them from that one. Signed, and left
//! in the state folder as an appliance leaves its documents there.

use anyhow::Result;
use contract::SCHEMA;
use contract::catalogue::{Catalogue, CatalogueEntry, CatalogueSegment, SegmentRef};
use contract::envelope::{Envelope, Generation, Header, Kind, SigningKey};
use contract::manifest::{Hold, Manifest, Run};
use contract::names::{DeviceName, GroupName};
use contract::object::Digest;
use contract::sources::{Batch, Source, SourceKind, Sources};
use contract::time::TimeUs;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// Who is asked for all of it.
pub struct Sibling {
    /// Its name.
    pub name: DeviceName,
    /// Where its siblings reach it.
    pub address: std::net::SocketAddr,
}

/// Leaves orders for `device` in its state folder, signed with `key`.
///
/// # Errors
/// When they cannot be written.
pub fn leave(
    state: &Path,
    device: &DeviceName,
    entries: &[Arc<CatalogueEntry>],
    from: &Sibling,
    key: &SigningKey,
) -> Result<()> {
    let entries: Vec<CatalogueEntry> = entries.iter().map(|entry| (**entry).clone()).collect();
    let all = vec![Run(0, u32::try_from(entries.len())?)];
    let segment = serde_json::to_vec(&CatalogueSegment { schema: SCHEMA, entries })?;
    let digest = Digest::of(&segment);
    for folder in ["catalogue", "documents"] {
        std::fs::create_dir_all(state.join(folder))?;
    }
    std::fs::write(state.join(format!("catalogue/{digest}.json")), &segment)?;
    let segments = vec![SegmentRef { digest, size_bytes: segment.len() as u64 }];
    let manifest = Manifest {
        schema: SCHEMA,
        version: 1,
        catalogue: Catalogue { schema: SCHEMA, version: 1, segments },
        hold: Hold::Snapshot(all.clone()),
        deadlines: Vec::new(),
    };
    let sibling = Source {
        kind: SourceKind::Peer(from.name.clone()),
        address: from.address,
        tls_name: Some(contract::exchange::identity_name(&from.name)),
        origin: None,
        after_s: 0,
        cap_bytes_per_s: None,
    };
    let group = GroupName::new("default")?;
    let batch = Batch { group, objects: all, siblings: vec![sibling], beyond: Vec::new() };
    let sources =
        Sources { schema: SCHEMA, manifest_version: 1, batches: vec![batch], neighbours: vec![] };
    seal(state, device, Kind::Manifest, &manifest, key)?;
    seal(state, device, Kind::Sources, &sources, key)
}

fn seal(
    state: &Path,
    device: &DeviceName,
    kind: Kind,
    body: &impl Serialize,
    key: &SigningKey,
) -> Result<()> {
    let header = Header {
        schema: SCHEMA,
        kind,
        addressee: device.clone(),
        generation: Generation { epoch: 1, number: 1 },
        issued_at_us: TimeUs(0),
        not_after_us: TimeUs(i64::MAX),
    };
    let envelope = Envelope::seal(header, body, key)?;
    let file = state.join(format!("documents/{kind}.json"));
    Ok(std::fs::write(file, serde_json::to_vec(&envelope)?)?)
}
