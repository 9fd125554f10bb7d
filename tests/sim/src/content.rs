//! What the origins have: a shelf of contents, hashed once for all worlds.

use bytes::Bytes;
use cache::BLOCK_BYTES;
use contract::catalogue::{CatalogueEntry, Common};
use contract::names::{GroupName, TitleName};
use contract::object::Digest;
use contract::slices::{SLICE_BYTES, SliceHasher, SliceHashes};
use contract::time::TimeUs;
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use std::sync::{Arc, LazyLock};

const NOISE_BYTES: usize = 8 << 20;

/// Bytes that no content repeats, of which each content is a part.
static NOISE: LazyLock<&'static [u8]> = LazyLock::new(|| {
    let mut noise = vec![0; NOISE_BYTES];
    StdRng::seed_from_u64(0x_4845_4144).fill_bytes(&mut noise);
    noise.leak()
});

/// One content.
#[derive(Debug)]
pub struct Content {
    /// All of it.
    pub bytes: Bytes,
    blake3: Digest,
    /// Of its slices.
    pub hashes: SliceHashes,
}

/// Sizes around every edge that the layout has, and some between; small ones are many, so
/// that a world is cheap.
const SIZES: [u64; 16] = [
    0,
    1,
    4095,
    4096,
    60_000,
    200_000,
    BLOCK_BYTES - 1,
    BLOCK_BYTES,
    BLOCK_BYTES + 1,
    500_000,
    700_001,
    SLICE_BYTES - 1,
    SLICE_BYTES,
    SLICE_BYTES + 1,
    SLICE_BYTES * 3 / 2,
    2 * SLICE_BYTES + 4096,
];

/// How many contents there are.
pub const SHELF: usize = SIZES.len() * 4;

static CONTENTS: LazyLock<Vec<Content>> = LazyLock::new(|| {
    let mut random = StdRng::seed_from_u64(7);
    (0..SHELF).map(|number| content(SIZES[number % SIZES.len()], &mut random)).collect()
});

fn content(size_bytes: u64, random: &mut StdRng) -> Content {
    let len = usize::try_from(size_bytes).unwrap_or(0);
    let at = random.random_range(0..NOISE_BYTES - len);
    let bytes = Bytes::from_static(&NOISE[at..at + len]);
    let mut hasher = SliceHasher::default();
    hasher.update(&bytes);
    let (_, blake3, hashes) = hasher.finish();
    Content { bytes, blake3, hashes }
}

/// A content by its number.
#[must_use]
pub fn of(number: usize) -> &'static Content {
    &CONTENTS[number % SHELF]
}

/// The content that an entry of a catalogue means.
#[must_use]
pub fn by_hash(blake3: &Digest) -> Option<&'static Content> {
    CONTENTS.iter().find(|content| content.blake3 == *blake3)
}

/// The content group of everything here.
#[must_use]
pub fn group() -> GroupName {
    static GROUP: LazyLock<GroupName> = LazyLock::new(|| name("films"));
    GROUP.clone()
}

fn name(text: &str) -> GroupName {
    GroupName::new(text).unwrap_or_else(|_| unreachable!("{text} is a name"))
}

/// What a catalogue says of this content at this place.
#[must_use]
pub fn entry(ordinal: u32, content: usize) -> Arc<CatalogueEntry> {
    static TITLE: LazyLock<Option<TitleName>> = LazyLock::new(|| TitleName::new("film").ok());
    let of = of(content);
    let title = TITLE.clone().unwrap_or_else(|| unreachable!("it is a name"));
    Arc::new(CatalogueEntry {
        ordinal,
        path: format!("/film/{ordinal}.m4s").into(),
        size_bytes: of.bytes.len() as u64,
        blake3: of.blake3,
        modified_us: TimeUs(0),
        common: Common::of(group(), title).share(),
    })
}
