//! Secrets that are looked for in whatever they may have got into.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::path::{Path, PathBuf};

/// Where in PKCS #8 an elliptic key stands: before it, which kind of key it is. Twelve octets of it
/// are enough to know it by, and a multiple of three is in base64 what it is alone.
const OF_THE_KEY: std::ops::Range<usize> = 36..48;

/// The same where an Ed25519 key stands in OpenSSH's own format.
const OF_AN_OPENSSH_KEY: std::ops::Range<usize> = 162..174;

/// Parts of secrets, in every way in which somebody might write them.
#[derive(Debug, Default)]
pub struct Planted {
    ways: Vec<Vec<u8>>,
    count: usize,
}

impl Planted {
    /// Looks for the private keys of a text in PEM as well.
    ///
    /// # Errors
    /// When one is none.
    pub fn add_pem(&mut self, text: &str) -> Result<()> {
        for key in blocks(text, "-----BEGIN PRIVATE KEY-----\n")? {
            self.add_pkcs8(&key)?;
        }
        for key in blocks(text, "-----BEGIN OPENSSH PRIVATE KEY-----\n")? {
            self.add(key.get(OF_AN_OPENSSH_KEY).context("a key is longer")?);
        }
        Ok(())
    }

    /// Looks for a key as well.
    ///
    /// # Errors
    /// When it is none of an elliptic curve.
    pub fn add_pkcs8(&mut self, key: &[u8]) -> Result<()> {
        self.add(key.get(OF_THE_KEY).context("a key is longer")?);
        Ok(())
    }

    /// Looks for these octets as well.
    pub fn add(&mut self, octets: &[u8]) {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        self.ways.extend([octets.to_vec(), BASE64.encode(octets).into_bytes()]);
        self.ways.extend([hex.to_uppercase().into_bytes(), hex.into_bytes()]);
        self.count += 1;
    }

    /// How many are looked for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether any of them is in there.
    #[must_use]
    pub fn is_in(&self, octets: &[u8]) -> bool {
        self.ways.iter().any(|way| octets.windows(way.len()).any(|it| it == way.as_slice()))
    }
}

/// What stands in blocks of PEM that begin like this.
fn blocks(text: &str, begin: &str) -> Result<Vec<Vec<u8>>> {
    let body = |block: &str| -> Result<Vec<u8>> {
        let body = block.split("-----END").next().unwrap_or_default();
        let body: String = body.split_ascii_whitespace().collect();
        Ok(BASE64.decode(body)?)
    };
    text.split(begin).skip(1).map(body).collect()
}

/// The files below a folder that can be read: no sockets.
#[must_use]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let inside = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    };
    entries.flat_map(inside).collect()
}
