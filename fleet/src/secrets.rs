//! Secrets, where settings say that they are: in files of one folder, or in the environment.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What a variable's name begins with that is meant to be found here: whoever may write settings may not have a
/// device told what else stands in our environment.
const PREFIX: &str = "SECRET_";

/// Keys are some kilobytes.
const MAX_BYTES: u64 = 64 << 10;

/// Where secrets are.
#[derive(Debug, Clone)]
pub(crate) struct Secrets(PathBuf);

/// A secret that is not had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoSecret {
    /// It cannot be read.
    #[error("there is no secret at {place}: {why}")]
    NotThere { place: String, why: String },
    /// It is somebody else's.
    #[error("{place} is not below {}: secrets of devices are (`fleet serve --secrets`)", folder.display())]
    Outside { place: String, folder: PathBuf },
    /// It is not meant.
    #[error("{place}: a variable with a secret of a device is called {PREFIX}…")]
    Name { place: String },
}

impl Secrets {
    /// In this folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// What stands there, without an end of line.
    pub(crate) fn at(&self, place: &str) -> Result<String, NoSecret> {
        let gone = |why: &dyn ToString| {
            let (place, why) = (place.to_owned(), why.to_string());
            NoSecret::NotThere { place, why }
        };
        match place.split_once(':') {
            Some(("environment", name)) if name.starts_with(PREFIX) => {
                std::env::var(name).map_err(|err| gone(&err))
            }
            Some(("environment", _)) => Err(NoSecret::Name { place: place.to_owned() }),
            Some(("file", path)) => {
                let path = Path::new(path).canonicalize().map_err(|err| gone(&err))?;
                let folder = self.0.canonicalize().map_err(|err| gone(&err))?;
                if !path.starts_with(&folder) {
                    return Err(NoSecret::Outside { place: place.to_owned(), folder });
                }
                let text = read(&path).map_err(|err| gone(&err))?;
                Ok(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            _ => Err(gone(&"it is neither file:/… nor environment:NAME")),
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let bytes = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if bytes as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it has more than {} KiB", MAX_BYTES >> 10)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_not_in_the_folder_is_nobodys_secret() {
        let root = tempfile::tempdir().expect("a folder");
        let at = |path: &str| format!("file:{}", root.path().join(path).display());
        std::fs::create_dir(root.path().join("secrets")).expect("a folder");
        std::fs::write(root.path().join("secrets/r1"), "s3cret\n").expect("written");
        std::fs::write(root.path().join("operator.token"), "no").expect("written");
        symlink("../operator.token", root.path().join("secrets/link")).expect("a link");
        let secrets = Secrets::in_folder(&root.path().join("secrets"));
        let why = |place: &str| secrets.at(place).expect_err("it is none").to_string();
        assert_eq!(secrets.at(&at("secrets/r1")).expect("there"), "s3cret");
        for outside in ["operator.token", "secrets/../operator.token", "secrets/link"] {
            assert!(why(&at(outside)).contains("is not below"), "{outside}");
        }
        assert!(why(&at("secrets/r2")).contains("there is no secret"));
        assert!(why("environment:PATH").contains("is called SECRET_"));
        assert!(why("environment:SECRET_OF_NOBODY").contains("there is no secret"));
        std::fs::write(root.path().join("secrets/long"), "x".repeat(70_000)).expect("written");
        assert!(why(&at("secrets/long")).contains("more than 64 KiB"));
    }
}
