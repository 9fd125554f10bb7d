//! A file system of its own in one file: what a million files leave behind is gone at once,
//! where taking them off the machine's own takes a quarter of an hour.

use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted image. It goes with this.
#[derive(Debug)]
pub struct LoopDisk {
    image: PathBuf,
    device: String,
    folder: PathBuf,
}

impl LoopDisk {
    /// Makes an ext4 of this size, with room for so many files, below `folder`. Only root can.
    ///
    /// # Errors
    /// When it cannot be made or mounted.
    pub fn new(image: PathBuf, folder: &Path, bytes: u64, files: usize) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        File::create(&image)?.set_len(bytes)?;
        let (name, files) = (image.display().to_string(), (files + files / 8).to_string());
        run("mkfs.ext4", &["-q", "-F", "-m", "0", "-N", &files, "-E", "nodiscard", &name])?;
        // What the image's file system keeps in memory is not kept twice.
        let device = run("losetup", &["--find", "--show", "--direct-io=on", &name])?;
        let disk = Self { image, device: device.trim().to_owned(), folder: folder.to_owned() };
        run("mount", &["-t", "ext4", &disk.device, &folder.display().to_string()])?;
        Ok(disk)
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        let folder = self.folder.display().to_string();
        let ended = run("umount", &[&folder]).and_then(|_| run("losetup", &["-d", &self.device]));
        let removed = std::fs::remove_file(&self.image).context("its image stays");
        for err in [ended.err(), removed.err()].into_iter().flatten() {
            eprintln!("bench: {folder}: {err:#}");
        }
    }
}

/// What a program says that ends well.
pub(super) fn run(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output().with_context(|| program.to_owned())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {said}", args.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}
