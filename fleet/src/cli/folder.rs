//! A folder of files that appears whole or not at all.

use super::Usage;
use crate::api::EnrolmentFile;
use anyhow::Context;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Whether the folder may be written.
pub(super) fn check_free(folder: &Path, replace: bool) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).map(Iterator::count);
    match entries {
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
        Err(err) => Err(Usage(format!("cannot use {}: {err}", folder.display())).into()),
        Ok(count) if replace || count == 0 => Ok(()),
        Ok(_) => {
            let message = format!("{} is not empty: --replace would replace it", folder.display());
            Err(Usage(message).into())
        }
    }
}

/// Writes the files beside the folder and then puts them in its place.
pub(super) fn write_folder(
    folder: &Path,
    files: &[EnrolmentFile],
    replace: bool,
) -> anyhow::Result<()> {
    let (draft, old) = (beside(folder, "new"), beside(folder, "old"));
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let written = write_draft(&draft, files).and_then(|()| {
        if replace && folder.exists() {
            std::fs::rename(folder, &old)?;
        }
        // An empty folder gives way; one with content does not.
        Ok(std::fs::rename(&draft, folder)?)
    });
    let _ = std::fs::remove_dir_all(&draft);
    let _ = std::fs::remove_dir_all(&old);
    written.with_context(|| format!("cannot write {}", folder.display()))
}

fn write_draft(draft: &Path, files: &[EnrolmentFile]) -> anyhow::Result<()> {
    let _ = std::fs::remove_dir_all(draft);
    ca::make_folder(draft)?;
    for file in files {
        // The fleet says the name; it must not say another folder.
        let name = Path::new(&file.name);
        anyhow::ensure!(
            name.file_name() == Some(name.as_os_str()),
            "bad file name {:?}",
            file.name
        );
        ca::write_new(&draft.join(name), file.content.as_bytes(), file.secret)?;
    }
    Ok(())
}

fn beside(folder: &Path, what: &str) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{what}", std::process::id()));
    folder.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    fn file(name: &str, secret: bool) -> EnrolmentFile {
        EnrolmentFile { name: name.into(), secret, content: format!("content of {name}") }
    }

    #[test]
    fn whole_or_not_at_all() {
        let place = tempfile::tempdir().expect("folder");
        let folder = place.path().join("a/box");
        check_free(&folder, false).expect("nothing there");
        write_folder(&folder, &[file("k", true), file("c", false)], false).expect("written");
        let mode = |name: &str| folder.join(name).metadata().expect("there").mode() & 0o777;
        assert_eq!((mode("k"), mode("c")), (0o600, 0o644));
        assert!(check_free(&folder, false).is_err());
        write_folder(&folder, &[file("x", false)], true).expect("replaced");
        assert_eq!(std::fs::read_dir(&folder).expect("list").count(), 1);
        let bad = write_folder(&folder, &[file("y", false), file("../z", false)], true);
        assert!(bad.is_err());
        assert!(folder.join("x").exists(), "what was there stays");
        assert_eq!(std::fs::read_dir(place.path().join("a")).expect("list").count(), 1);
    }
}
