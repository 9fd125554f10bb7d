//! For tests of other crates, which have no fleet at hand.

use crate::SCHEMA;
use crate::envelope::{FIRST_EPOCH, TrustedKey};
use crate::time::TimeUs;
use crate::trust::{Authorities, Root, RootSigningKey, SignedTrust, Trust};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;

/// What a root that nobody keeps says of some keys and authorities: for ever.
///
/// # Panics
/// When no random numbers can be had.
#[must_use]
pub fn said_of(keys: Vec<TrustedKey>, authorities: Authorities) -> SignedTrust {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("random numbers");
    let root = RootSigningKey::from_pkcs8(pkcs8.as_ref()).expect("a key");
    let by = Root { threshold: 1, keys: vec![root.public()] };
    let trust = Trust { keys, authorities, ..trust(1, by) };
    SignedTrust::draft(&trust).expect("it makes sense").sign(&root)
}

/// What a root says that names nobody: for ever.
#[must_use]
pub fn trust(version: u64, root: Root) -> Trust {
    Trust {
        schema: SCHEMA,
        version,
        issued_at_us: TimeUs(0),
        not_after_us: TimeUs(i64::MAX),
        epoch: FIRST_EPOCH,
        root,
        keys: Vec::new(),
        authorities: Authorities::default(),
    }
}
