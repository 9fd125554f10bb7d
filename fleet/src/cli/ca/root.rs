//! `fleet ca root …`: where the root is kept. No network is needed, and none is used.

use super::super::output::Output;
use super::change::confirm;
use super::difference::difference;
use super::{read, write};
use ca::RootFolder;
use clap::Subcommand;
use contract::trust::Trust;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RootCommand {
    /// Make keys of a root.
    New {
        /// Where they are to be kept.
        folder: PathBuf,
        /// How many: one for each place, or person, that keeps one.
        #[arg(long, value_name = "COUNT", default_value_t = 1)]
        keys: u8,
    },
    /// Sign what was drawn up, and say what it changes. Several people sign one after the other,
    /// each what the one before wrote.
    Sign {
        /// What `fleet ca draft` wrote, or whoever has signed before.
        draft: PathBuf,
        /// Where the root's keys are kept.
        #[arg(long, value_name = "FOLDER")]
        root: PathBuf,
        /// Where to write what was signed.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// What the root said last, where not all who had to have signed it here: tells what
        /// changes.
        #[arg(long, value_name = "FILE")]
        after: Option<PathBuf>,
        /// Sign without asking, once more, whether that is meant.
        #[arg(long)]
        yes: bool,
    },
}

impl RootCommand {
    pub(super) fn run(self, output: &Output) -> anyhow::Result<()> {
        match self {
            Self::New { folder, keys } => {
                let root = RootFolder::create(&folder, keys)?;
                output.write(&root.public(), |keys| {
                    let ids: Vec<_> = keys.iter().map(|key| key.id.as_str()).collect();
                    format!("{} in {}: keep it offline", ids.join(", "), folder.display())
                })
            }
            Self::Sign { draft, root, out, after, yes } => {
                let root = RootFolder::open(&root)?;
                let draft = read(&draft)?;
                let next = draft.read()?;
                let before = match after {
                    Some(file) => Some(read(&file)?.open_first()?),
                    None => signed_before(&root, &next)?,
                };
                output.done(&difference(before.as_ref(), &next))?;
                if !yes {
                    confirm()?;
                }
                let signed = root.sign(draft, before.as_ref())?;
                write(&out, &signed)?;
                for of in before.iter().filter(|it| it.root != next.root).chain([&next]) {
                    let (count, threshold) = (signed.signed_by(&of.root), of.root.threshold);
                    let version = of.version;
                    output.done(&format!(
                        "signed by {count} of the {threshold} keys that the root of version \
                         {version} takes"
                    ))?;
                }
                Ok(())
            }
        }
    }
}

/// The version before, if it was signed here.
fn signed_before(root: &RootFolder, next: &Trust) -> anyhow::Result<Option<Trust>> {
    for signed in root.signed()? {
        if signed.read()?.version.checked_add(1) == Some(next.version) {
            // Half signed, it was carried on to others: what came of it is known there.
            return Ok(signed.open_first().ok());
        }
    }
    Ok(None)
}
