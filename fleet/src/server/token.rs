//! The operator's token: made at the first start, kept where only the operator reads it.

use std::path::Path;

pub(super) const FILE: &str = "operator.token";

/// Opens the token, or makes one; gives its hash, which is all the server keeps of it.
pub(super) fn open(data: &Path) -> anyhow::Result<blake3::Hash> {
    let path = data.join(FILE);
    let failed = |err| anyhow::anyhow!("{}: {err}", path.display());
    let text = ca::read_or_make(&path, true, || Ok(format!("{}\n", random())), failed)?;
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
