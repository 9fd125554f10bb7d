//! `fleet prefill evaluate`.

use crate::cli::Usage;
use crate::cli::output::{Mood, Output, Shown, number, text};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use prefill::backtest::{BadLine, Beside, Bound, Row, countries, global, hours, lists};
use serde::Serialize;
use simulate::audience::{Viewed, hours as half_year};
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

/// Hours that titles were viewed in the world, week by week.
const GLOBAL: &str = "netflix-top10-global-weekly.tsv";

/// What was listed in which country, week by week.
const COUNTRIES: &str = "netflix-top10-country-weekly.tsv";

/// Hours that titles were viewed in half a year, from which a fleet's viewers are drawn.
const HALF_YEAR: &str = "netflix-hours-viewed-2023h1.csv";

/// How good forecasts are: on demand that was observed, each week forecast from those before it.
///
/// Speaks to no fleet. The files are tables of tab-separated columns with a line of names; columns that are
/// not known are passed over. Where netflix-hours-viewed-2023h1.csv is there too, a fleet with these titles is
/// simulated, and placement is scored on it: it takes half a minute.
#[derive(Debug, Args)]
pub(in crate::cli) struct Evaluate {
    /// The folder that has netflix-top10-global-weekly.tsv and netflix-top10-country-weekly.tsv, or others of
    /// the same names and columns.
    #[arg(long, value_name = "FOLDER", env = "HEADEND_DATA", hide_env_values = true)]
    data: PathBuf,
}

/// What comes out, in the form of the benchmarks' results.
#[derive(Debug, Serialize)]
struct Sheet {
    case: &'static str,
    rows: Vec<Figure>,
}

#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    unit: &'static str,
    ours: f64,
    peer: f64,
    peer_name: &'static str,
    ratio: f64,
    limit: Bound,
    /// The same beside the peer of these rows.
    limit_here: Bound,
    ok: bool,
    rows_scored: usize,
    definition: &'static str,
    beside: Vec<Beside>,
}

impl From<Row> for Figure {
    fn from(row: Row) -> Self {
        let (limit_here, ok) = (row.must_reach_here(), row.is_reached());
        Self {
            name: row.name,
            unit: "share",
            ours: row.value,
            peer: row.baseline,
            peer_name: "baseline",
            ratio: row.value / row.baseline,
            limit: row.must_reach,
            limit_here,
            ok,
            rows_scored: row.rows_scored,
            definition: row.definition,
            beside: row.beside,
        }
    }
}

impl Evaluate {
    pub(in crate::cli) fn run(&self, output: &Output) -> anyhow::Result<()> {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
        bar.enable_steady_tick(Duration::from_millis(100));
        bar.set_message("hours of the world");
        let mut rows = hours::rows(&self.read(GLOBAL, global::parse)?)?;
        bar.set_message("lists of countries");
        rows.extend(lists::rows(&self.read(COUNTRIES, countries::parse)?)?);
        bar.set_message("hours of half a year");
        match self.half_year()? {
            Some(viewed) => {
                let told = |what: &str| bar.set_message(what.to_owned());
                rows.extend(simulate::rows::rows(&viewed, told)?);
            }
            None => output.note(&format!("{HALF_YEAR} is not there: placement is not scored")),
        }
        bar.finish_and_clear();
        let rows = rows.into_iter().map(Figure::from).collect();
        output.write(&Sheet { case: "prefill-evaluate", rows }, |sheet| shown(sheet, output))
    }

    /// If it is there.
    fn half_year(&self) -> anyhow::Result<Option<Vec<Viewed>>> {
        let path = self.data.join(HALF_YEAR);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(Usage(format!("{}: {err}", path.display())).into()),
        };
        let viewed = half_year::parse(file);
        Ok(Some(viewed.map_err(|err| Usage(format!("{}: {err}", path.display())))?))
    }

    fn read<T>(
        &self,
        name: &str,
        parse: impl FnOnce(BufReader<File>) -> Result<T, BadLine>,
    ) -> anyhow::Result<T> {
        let path = self.data.join(name);
        let file = File::open(&path).map_err(|err| Usage(format!("{}: {err}", path.display())))?;
        Ok(parse(BufReader::new(file))
            .map_err(|err| Usage(format!("{}: {err}", path.display())))?)
    }
}

/// A table, and below it what each line means.
fn shown(sheet: &Sheet, output: &Output) -> String {
    let header = ["measure", "ours", "baseline", "ratio", "must reach", "here", "", "rows"];
    let mut table = output.columns(&header);
    for figure in &sheet.rows {
        table.row([
            text(figure.name),
            number(&decimal(figure.ours, 4)),
            number(&decimal(figure.peer, 4)),
            number(&format!("{:.3}", figure.ratio)),
            number(&bound(figure.limit, 3)),
            number(&bound(figure.limit_here, 4)),
            reached(figure),
            number(&figure.rows_scored),
        ]);
    }
    let mut all = table.render();
    for Figure { name, definition, beside, .. } in &sheet.rows {
        let beside: Vec<String> =
            beside.iter().map(|it| format!("{}: {}", it.name, decimal(it.value, 4))).collect();
        all += &format!("\n\n{name}: {definition}\n  {}", beside.join("; "));
    }
    all
}

fn reached(figure: &Figure) -> Shown {
    match figure.ok {
        true => Shown::State("reached".to_owned(), Mood::Good),
        false => Shown::State("missed".to_owned(), Mood::Bad),
    }
}

fn bound(bound: Bound, digits: usize) -> String {
    match bound {
        Bound::AtMost(most) => format!("≤ {}", decimal(most, digits)),
        Bound::AtLeast(least) => format!("≥ {}", decimal(least, digits)),
        Bound::Between(least, most) => {
            format!("{} to {}", decimal(least, digits), decimal(most, digits))
        }
    }
}

/// So many digits; three more where these would leave next to nothing.
fn decimal(value: f64, digits: usize) -> String {
    let is_small = value != 0.0 && value.abs() < 0.002;
    let digits = if is_small { digits + 3 } else { digits };
    format!("{value:.digits$}")
}
