//! What a fleet would have sent: a catalogue, a manifest and sources, signed, and left in the
//! state folder as an appliance leaves them there.

use super::content;
use contract::SCHEMA;
use contract::catalogue::{Catalogue, CatalogueEntry, CatalogueSegment, Common, SegmentRef};
use contract::envelope::{Envelope, Generation, Header, Kind, Role, SigningKey};
use contract::manifest::{Hold, Manifest, Run};
use contract::names::{DeviceName, GroupName, TitleName};
use contract::object::Digest;
use contract::sources::{Batch, OriginPath, Source, SourceKind, Sources};
use contract::time::TimeUs;
use contract::trust::Authorities;
use contract::trust::SignedTrust;
use rcgen::KeyPair;
use serde::Serialize;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// Path and length of each object.
pub(crate) type Objects<'a> = &'a [(&'a str, usize)];

/// Writes them all; gives what a root says of the key that has signed them.
pub(crate) fn write(state: &Path, objects: Objects<'_>, origin: SocketAddr) -> SignedTrust {
    let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("key");
    let key = SigningKey::from_pkcs8("k".to_owned(), Role::Control, &pair.serialize_der());
    let key = key.expect("an Ed25519 key");
    let entries = (0..).zip(objects).map(|(ordinal, (path, size))| entry(ordinal, path, *size));
    let segment = CatalogueSegment { schema: SCHEMA, entries: entries.collect() };
    let segment = serde_json::to_vec(&segment).expect("json");
    let digest = Digest::of(&segment);
    fs::create_dir_all(state.join("catalogue")).expect("folder");
    fs::create_dir_all(state.join("documents")).expect("folder");
    fs::write(state.join(format!("catalogue/{digest}.json")), &segment).expect("written");
    let all = vec![Run(0, u32::try_from(objects.len()).expect("few"))];
    let segments = vec![SegmentRef { digest, size_bytes: segment.len() as u64 }];
    let manifest = Manifest {
        schema: SCHEMA,
        version: 1,
        catalogue: Catalogue { schema: SCHEMA, version: 1, segments },
        hold: Hold::Snapshot(all.clone()),
        deadlines: Vec::new(),
    };
    keep(state, Kind::Manifest, &manifest, &key);
    let source = Source {
        kind: SourceKind::Origin,
        address: origin,
        tls_name: None,
        origin: Some(OriginPath {
            host: "origin.example".to_owned(),
            prefix: String::new(),
            bucket: None,
        }),
        after_s: 0,
        cap_bytes_per_s: None,
    };
    let batch = Batch { group: group(), objects: all, siblings: vec![], beyond: vec![source] };
    let sources =
        Sources { schema: SCHEMA, manifest_version: 1, batches: vec![batch], neighbours: vec![] };
    keep(state, Kind::Sources, &sources, &key);
    contract::testing::said_of(vec![key.trusted()], Authorities::default())
}

fn group() -> GroupName {
    GroupName::new("default").expect("name")
}

fn entry(ordinal: u32, path: &str, size: usize) -> CatalogueEntry {
    let (group, title) = (group(), TitleName::new("title").expect("name"));
    CatalogueEntry {
        ordinal,
        path: path.into(),
        size_bytes: size as u64,
        blake3: Digest::of(&content(path, size)),
        modified_us: TimeUs(0),
        common: Common::of(group, title).share(),
    }
}

fn keep(state: &Path, kind: Kind, body: &impl Serialize, key: &SigningKey) {
    let header = Header {
        schema: SCHEMA,
        kind,
        addressee: DeviceName::new("oca1").expect("name"),
        generation: Generation { epoch: 1, number: 1 },
        issued_at_us: TimeUs(0),
        not_after_us: TimeUs(i64::MAX),
    };
    let envelope = Envelope::seal(header, body, key).expect("sealed");
    let text = serde_json::to_vec(&envelope).expect("json");
    fs::write(state.join(format!("documents/{kind}.json")), text).expect("written");
}
