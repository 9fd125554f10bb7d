//! The operator's token: made at the first start, kept where only the operator reads it.

use anyhow::Context;
use std::io::ErrorKind;
use std::path::Path;

pub(super) const FILE: &str = "operator.token";

/// Opens the token, or makes one; gives its hash, which is all the server keeps of it.
pub(super) fn open(data: &Path) -> anyhow::Result<blake3::Hash> {
    let path = data.join(FILE);
    match ca::write_new(&path, format!("{}\n", random()).as_bytes(), true) {
        Err(err) if err.kind() == ErrorKind::AlreadyExists => {}
        written => written.with_context(|| format!("cannot write {}", path.display()))?,
    }
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let token = text.trim();
    anyhow::ensure!(
        token.len() >= 32,
        "{} holds no token: remove it, and a new one is made",
        path.display()
    );
    Ok(blake3::hash(token.as_bytes()))
}

fn random() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}
