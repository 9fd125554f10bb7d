//! A viewer in the lab: asks a box for a title over HTTPS, and compares what comes with what was
//! published.

use super::Cdn;
use crate::process::output;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

/// What came of asking for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The digest of the body.
    pub digest: blake3::Hash,
}

impl Cdn {
    /// Has a client ask a box for all files of a title, over HTTPS.
    ///
    /// # Errors
    /// When there is no answer to one.
    pub async fn fetch(
        &self,
        client: &str,
        device: &str,
        (group, title): (&str, &str),
    ) -> Result<BTreeMap<String, Fetched>> {
        let key = (group.to_owned(), title.to_owned());
        let names = self.published.get(&key).context("a published title")?.keys();
        let base = format!("https://{}/{title}", self.host(group, device)?);
        let folder = tempfile::tempdir_in(self.lab.folder())?;
        let mut words = self.lab.at(client)?;
        words.extend(["curl", "-sS", "--http1.1", "--max-time", "20", "--cacert"].map(Into::into));
        words.extend([self.ca_file().into(), "-w".into(), "%{http_code}\n".into()]);
        for name in names.clone() {
            let to = folder.path().join(name);
            // A refused object has an empty body, for which curl makes no file.
            std::fs::write(&to, "")?;
            words.extend(["-o".into(), to.into(), OsString::from(format!("{base}/{name}"))]);
        }
        let statuses = output(&words[0], &words[1..]).await?;
        names
            .zip(statuses.lines())
            .map(|(name, status)| read(folder.path(), name, status))
            .collect()
    }

    /// The same, and every file must be as it was published.
    ///
    /// # Errors
    /// When one is not.
    pub async fn fetch_whole(
        &self,
        client: &str,
        device: &str,
        (group, title): (&str, &str),
    ) -> Result<()> {
        let fetched = self.fetch(client, device, (group, title)).await?;
        let digests = &self.published[&(group.to_owned(), title.to_owned())];
        for (name, digest) in digests {
            let expected = Fetched { status: 200, digest: *digest };
            match fetched.get(name) {
                Some(found) if *found == expected => {}
                found => bail!("{device}: {title}/{name}: {found:?}, expected {expected:?}"),
            }
        }
        Ok(())
    }
}

fn read(folder: &Path, name: &str, status: &str) -> Result<(String, Fetched)> {
    let digest = blake3::hash(&std::fs::read(folder.join(name))?);
    Ok((name.to_owned(), Fetched { status: status.parse()?, digest }))
}
