//! What a simulation is made of: titles, and the curve of a day.

use crate::cli::Usage;
use clap::Args;
use simulate::audience::{Curve, Viewed, hours, synthetic};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Hours that titles were viewed in half a year.
const HOURS: &str = "netflix-hours-viewed-2023h1.csv";

/// Requests of a day.
const CURVE: &str = "akamai-video-v1-request-rate.txt";

// No documentation: it would become the command's.
#[derive(Debug, Args)]
pub(super) struct World {
    /// Another number, another world; the same one, the same.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(super) seed: u64,
    /// The folder that has netflix-hours-viewed-2023h1.csv, and may have akamai-video-v1-request-rate.txt, or others
    /// of the same names and columns. Without it, titles are made up.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// How many titles are made up.
    #[arg(long, value_name = "COUNT", default_value_t = 18_000, conflicts_with = "data",
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    titles: u32,
    /// Boxes of a site.
    #[arg(long, value_name = "COUNT", default_value_t = 4,
        value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(super) boxes: u8,
    /// Plays of a site on a usual day.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000,
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) plays_per_day: u32,
}

impl World {
    pub(super) fn viewed(&self) -> anyhow::Result<Vec<Viewed>> {
        let Some(folder) = &self.data else {
            return Ok(synthetic::hours(self.titles as usize, self.seed));
        };
        let path = folder.join(HOURS);
        Ok(hours::parse(open(&path)?).map_err(|err| Usage(format!("{}: {err}", path.display())))?)
    }

    pub(super) fn curve(&self) -> anyhow::Result<Curve> {
        let Some(path) = self.data.as_ref().map(|folder| folder.join(CURVE)) else {
            return Ok(Curve::default());
        };
        let file = match File::open(&path) {
            Ok(file) => file,
            // It may be there.
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Curve::default()),
            Err(err) => return Err(Usage(format!("{}: {err}", path.display())).into()),
        };
        Ok(Curve::parse(BufReader::new(file))
            .map_err(|err| Usage(format!("{}: {err}", path.display())))?)
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    Ok(File::open(path).map_err(|err| Usage(format!("{}: {err}", path.display())))?)
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| *number > 0.0 && *number <= 100.0);
    number.ok_or_else(|| "a number above 0, up to 100".to_owned())
}

/// Written at once: who reads sees each day as it ends.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
