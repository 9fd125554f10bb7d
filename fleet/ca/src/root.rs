//! The root's own folder: its keys, and what they have signed. It is kept on a medium that no
//! network reaches, and nothing here needs one.
//!
//! | file | what it is |
//! |---|---|
//! | `root-N.key` | a key of the root, readable by its owner alone |
//! | `root-N.pub` | its public half, for the others and for the first draft |
//! | `trust-V.json` | version V of what the root says, as it was signed here |
//!
//! What was signed is kept so that nobody is talked into signing two different versions with one
//! number, and so that a fleet that has lost its database can be told again.

use crate::CaError;
use crate::key_file::{make_folder, write_new};
use contract::trust::{RootKey, RootSigningKey, SignedTrust, Trust};
use rcgen::KeyPair;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The keys of a root, or those of one of the people who keep it.
#[derive(Debug)]
pub struct RootFolder {
    folder: PathBuf,
    keys: Vec<RootSigningKey>,
}

impl RootFolder {
    /// Makes so many new keys in a folder that has none.
    ///
    /// # Errors
    /// When it has some, or cannot be written.
    pub fn create(folder: &Path, keys: u8) -> Result<Self, CaError> {
        make_folder(folder).map_err(|source| file_error(folder, source))?;
        for number in 1..=keys {
            let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519)?;
            let file = folder.join(format!("root-{number}.key"));
            write_new(&file, pair.serialize_pem().as_bytes(), true).map_err(|source| {
                let there = source.kind() == ErrorKind::AlreadyExists;
                let why = || format!("{} holds keys of a root already", folder.display());
                if there { CaError::Root(why()) } else { file_error(&file, source) }
            })?;
            let public = root_key(&file, &pair)?.public();
            let text = serde_json::to_string(&public).unwrap_or_default() + "\n";
            let file = file.with_extension("pub");
            write_new(&file, text.as_bytes(), false).map_err(|source| file_error(&file, source))?;
        }
        Self::open(folder)
    }

    /// Opens the keys in a folder.
    ///
    /// # Errors
    /// When there are none, or one cannot be read.
    pub fn open(folder: &Path) -> Result<Self, CaError> {
        let mut keys = Vec::new();
        // Of several, each may lie on a medium of its own.
        for number in numbers(folder, "root-", ".key")? {
            let file = folder.join(format!("root-{number}.key"));
            let pem = std::fs::read_to_string(&file).map_err(|source| file_error(&file, source))?;
            let pair = KeyPair::from_pem(&pem).map_err(|_| not_a_key(&file))?;
            keys.push(root_key(&file, &pair)?);
        }
        if keys.is_empty() {
            let folder = folder.display();
            let why = format!("{folder} holds no key of a root: `fleet ca root new` makes some");
            return Err(CaError::Root(why));
        }
        Ok(Self { folder: folder.to_owned(), keys })
    }

    /// The public halves of the keys that are here.
    #[must_use]
    pub fn public(&self) -> Vec<RootKey> {
        self.keys.iter().map(RootSigningKey::public).collect()
    }

    /// What was signed here, oldest first.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn signed(&self) -> Result<Vec<SignedTrust>, CaError> {
        let read = |version| self.version(version).transpose();
        numbers(&self.folder, "trust-", ".json")?.into_iter().filter_map(read).collect()
    }

    fn file(&self, version: u64) -> PathBuf {
        self.folder.join(format!("trust-{version}.json"))
    }

    fn version(&self, version: u64) -> Result<Option<SignedTrust>, CaError> {
        let file = self.file(version);
        let text = match std::fs::read(&file) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|source| file_error(&file, source))?,
        };
        let expected = "what the root has said";
        let read = serde_json::from_slice(&text).ok();
        read.map(Some).ok_or(CaError::NotWhatItShouldBe { path: file, expected })
    }

    /// Signs with the keys that are here and have a say, and keeps what was signed.
    ///
    /// # Errors
    /// When none of them has a say, when another version with that number was signed here
    /// before, or the folder cannot be written.
    pub fn sign(&self, draft: SignedTrust, before: Option<&Trust>) -> Result<SignedTrust, CaError> {
        let trust = draft.read()?;
        if SignedTrust::draft(&trust)?.body.get() != draft.body.get() {
            let why = "it says more than this version of the software knows, or says it in \
                       another way: nobody could tell what is signed";
            return Err(CaError::Root(why.to_owned()));
        }
        if let Some(before) = before {
            before.leads_to(&trust)?;
        }
        let roots = before.map(|it| &it.root).into_iter().chain([&trust.root]);
        let have_a_say: Vec<_> = roots.flat_map(|root| &root.keys).collect();
        let keys = self.keys.iter().filter(|key| {
            let public = key.public();
            have_a_say.iter().any(|named| named.ed25519 == public.ed25519)
        });
        let mut signed = draft;
        let mut has_signed = false;
        for key in keys {
            signed = signed.sign(key);
            has_signed = true;
        }
        if !has_signed {
            let folder = self.folder.display();
            return Err(CaError::Root(format!("no key in {folder} is one of the root's")));
        }
        self.keep(&signed, trust.version)?;
        Ok(signed)
    }

    fn keep(&self, signed: &SignedTrust, version: u64) -> Result<(), CaError> {
        let file = self.file(version);
        let text = serde_json::to_vec(signed).map_err(|err| CaError::Root(err.to_string()))?;
        let failed = |source| file_error(&file, source);
        let Some(before) = self.version(version)? else {
            return write_new(&file, &text, false).map_err(failed);
        };
        if before.body.get() != signed.body.get() {
            return Err(CaError::Root(format!(
                "another version {version} was signed here before: `fleet ca install {0}` tells \
                 the fleet of it. If it is to count nowhere, remove {0} and sign again",
                file.display()
            )));
        }
        if before.signatures.len() >= signed.signatures.len() {
            return Ok(());
        }
        // The same, signed by more.
        let more = file.with_extension("more");
        let _ = std::fs::remove_file(&more);
        write_new(&more, &text, false).map_err(failed)?;
        std::fs::rename(&more, &file).map_err(failed)
    }
}

/// The numbers in the names of files, in their order.
fn numbers(folder: &Path, begins: &str, ends: &str) -> Result<Vec<u64>, CaError> {
    let entries = match std::fs::read_dir(folder) {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|source| file_error(folder, source))?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry.map_err(|source| file_error(folder, source))?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(begins)?.strip_suffix(ends));
        numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn root_key(file: &Path, pair: &KeyPair) -> Result<RootSigningKey, CaError> {
    RootSigningKey::from_pkcs8(pair.serialized_der()).map_err(|_| not_a_key(file))
}

fn not_a_key(file: &Path) -> CaError {
    let expected = "an Ed25519 private key in PEM";
    CaError::NotWhatItShouldBe { path: file.to_owned(), expected }
}

fn file_error(path: &Path, source: std::io::Error) -> CaError {
    CaError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
