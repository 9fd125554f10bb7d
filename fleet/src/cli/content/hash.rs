//! Reading and hashing a folder, with a bar that says how far it is.

use crate::api::NewFile;
use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::object::Digest;
use contract::quantity::BitRate;
use contract::slices::{MAX_OBJECT_BYTES, SLICE_BYTES, SliceHasher, SliceHashes};
use contract::time::TimeUs;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Large enough that the system calls do not count, small enough for the cache.
const READ_BYTES: usize = 256 << 10;

/// One file of the folder.
#[derive(Debug)]
pub(super) struct Hashed {
    pub(super) place: PathBuf,
    pub(super) path: String,
    pub(super) size_bytes: u64,
    /// Not from the file itself: its playlists say it.
    pub(super) bitrate: Option<BitRate>,
    blake3: Digest,
    slice_hashes: SliceHashes,
    modified: TimeUs,
}

impl Hashed {
    pub(super) fn to_object(&self) -> NewFile {
        NewFile {
            path: self.path.clone(),
            size_bytes: self.size_bytes,
            blake3: self.blake3,
            modified_us: self.modified,
            bitrate_bits_per_s: self.bitrate.map(|rate| rate.0),
            slice_hashes: self.sends_slices().then(|| BASE64.encode(self.slice_hashes.to_bytes())),
        }
    }

    /// One slice needs no hash beside that of the object; more than the manager takes are for
    /// objects that no box takes.
    fn sends_slices(&self) -> bool {
        (SLICE_BYTES + 1..=MAX_OBJECT_BYTES).contains(&self.size_bytes)
    }

    /// What its slices add to a batch, about.
    pub(super) fn slices_bytes(&self) -> usize {
        if self.sends_slices() { self.slice_hashes.values().len() * 43 } else { 0 }
    }
}

struct Found {
    place: PathBuf,
    path: String,
    size_bytes: u64,
}

/// Hashes every file in a folder and in those below it, in the order of their paths.
pub(super) fn hash_folder(folder: &Path, base_path: &str) -> anyhow::Result<Vec<Hashed>> {
    let mut found = Vec::new();
    find(folder, base_path, &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let bar = ProgressBar::new(found.iter().map(|file| file.size_bytes).sum());
    let style = "hashing {wide_bar} {decimal_bytes}/{decimal_total_bytes} {eta}";
    bar.set_style(ProgressStyle::with_template(style)?);
    let hashed = found.iter().map(|file| hash(file, &bar)).collect();
    bar.finish_and_clear();
    hashed
}

fn find(folder: &Path, path: &str, found: &mut Vec<Found>) -> anyhow::Result<()> {
    let entries = folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        let name = entry.file_name();
        let name =
            name.to_str().with_context(|| format!("{}: not UTF-8", entry.path().display()))?;
        if name.starts_with('.') {
            continue;
        }
        let (place, path) = (entry.path(), format!("{path}/{}", encoded(name)));
        let metadata =
            place.metadata().with_context(|| format!("cannot read {}", place.display()))?;
        // A link to a folder could lead in a circle.
        if metadata.is_dir() && !entry.file_type()?.is_symlink() {
            find(&place, &path, found)?;
        } else if metadata.is_file() {
            found.push(Found { place, path, size_bytes: metadata.len() });
        }
    }
    Ok(())
}

/// A file's name as it stands in a path in normal form (RFC 3986 §3.3, §6.2.2).
fn encoded(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&b);
    let octet = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    name.bytes().map(octet).collect()
}

fn hash(file: &Found, bar: &ProgressBar) -> anyhow::Result<Hashed> {
    let read = || format!("cannot read {}", file.place.display());
    let mut source = bar.wrap_read(File::open(&file.place).with_context(read)?);
    let mut hasher = SliceHasher::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = std::io::Read::read(&mut source, &mut buffer).with_context(read)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    let (size_bytes, blake3, slice_hashes) = hasher.finish();
    let modified = file.place.metadata().and_then(|it| it.modified()).with_context(read)?;
    Ok(Hashed {
        place: file.place.clone(),
        path: file.path.clone(),
        size_bytes,
        bitrate: None,
        blake3,
        slice_hashes,
        modified: modified.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_once_in_order_and_in_normal_form() {
        let folder = tempfile::tempdir().expect("folder");
        for (name, content) in [("b c.m4s", "x"), ("a/ü%.m4s", "yy"), (".recipe", "no"), ("z", "")]
        {
            let place = folder.path().join(name);
            std::fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            std::fs::write(place, content).expect("written");
        }
        let hashed = hash_folder(folder.path(), "/t").expect("hashed");
        let paths: Vec<&str> = hashed.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["/t/a/%C3%BC%25.m4s", "/t/b%20c.m4s", "/t/z"]);
        for file in &hashed {
            assert_eq!(contract::path::normalise(&file.path).as_deref(), Ok(file.path.as_str()));
        }
        assert_eq!(hashed[0].blake3, Digest::of(b"yy"));
        assert_eq!(hashed[0].size_bytes, 2);
        assert_eq!(hashed[0].to_object().slice_hashes, None, "one slice needs none");
    }

    #[test]
    fn a_file_of_several_slices_has_hashes_that_lead_to_its_own() {
        let folder = tempfile::tempdir().expect("folder");
        let content: Vec<u8> = (0..2_500_000_u32).map(|at| (at % 251) as u8).collect();
        std::fs::write(folder.path().join("film.mp4"), &content).expect("written");
        let hashed = hash_folder(folder.path(), "/t").expect("hashed").remove(0);
        let sent = hashed.to_object();
        let bytes = BASE64.decode(sent.slice_hashes.expect("hashes")).expect("Base64");
        assert_eq!(bytes.len(), 3 * 32);
        assert!(hashed.slices_bytes() >= bytes.len() * 4 / 3);
        let proved = SliceHashes::from_bytes(&bytes, 2_500_000, &Digest::of(&content));
        assert_eq!(proved, Ok(hashed.slice_hashes));
    }
}
