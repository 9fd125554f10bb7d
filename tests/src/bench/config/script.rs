//! Scripts of ours in Python, beside which ours is measured: where Debian's interpreter finds what they need.

use crate::bench::core::Cores;
use crate::process;
use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// Debian's, whatever else there is: what scripts import are Debian's packages.
const PYTHON: &str = "/usr/bin/python3";

/// A script, and where packages stand that were unpacked for it.
#[derive(Debug, Clone)]
pub struct Script {
    /// The table's name for it.
    pub name: String,
    file: PathBuf,
    unpacked: Option<PathBuf>,
    words: Vec<String>,
}

impl Script {
    /// Looks whether it can be run with these words: it is asked what it is about.
    ///
    /// # Errors
    /// Why not, in a line.
    pub async fn find(file: &str, unpacked: Option<&Path>, words: &[&str]) -> Result<Self, String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(file);
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let mut script =
            Self { name: String::new(), file, unpacked: unpacked.map(Path::to_owned), words };
        match process::output_of(script.command(&["about"])).await {
            Ok(name) => name.trim().clone_into(&mut script.name),
            // What Python says last is what is wrong.
            Err(err) => {
                return Err(format!("{err:#}")
                    .trim()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .to_owned());
            }
        }
        Ok(script)
    }

    /// Runs it on the server's core; gives what it tells as JSON.
    ///
    /// # Errors
    /// When it fails.
    pub async fn run<T: DeserializeOwned>(&self, args: &[impl AsRef<OsStr>]) -> Result<T> {
        let told = process::output_of(self.command(args)).await?;
        serde_json::from_str(&told).with_context(|| format!("{} told {told:?}", self.name))
    }

    fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new("taskset");
        command.args(["-c", &Cores::Server.list(), PYTHON, "-W", "ignore"]);
        command.arg(&self.file).args(&self.words).args(args);
        if let Some(unpacked) = &self.unpacked {
            let usr = unpacked.join("usr");
            command.env("PYTHONPATH", usr.join("lib/python3/dist-packages"));
            let libraries = format!("lib/{}-linux-gnu", std::env::consts::ARCH);
            command.env("LD_LIBRARY_PATH", usr.join(libraries));
        }
        command
    }
}
