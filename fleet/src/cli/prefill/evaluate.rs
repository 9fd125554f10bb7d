//! `fleet prefill evaluate`.

use crate::cli::Usage;
use crate::cli::output::{Mood, Output, Shown, number, text};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use prefill::backtest::{BadLine, Beside, Bound, Row, countries, global, hours, lists};
use serde::Serialize;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

/// Hours that titles were viewed in the world, week by week.
const GLOBAL: &str = "netflix-top10-global-weekly.tsv";

/// What was listed in which country, week by week.
const COUNTRIES: &str = "netflix-top10-country-weekly.tsv";

/// How good forecasts are: on demand that was observed, each week forecast from those before it.
///
/// Speaks to no fleet. The files are tables of tab-separated columns with a line of names; columns that are
/// not known are passed over.
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
    pub(super) fn run(&self, output: &Output) -> anyhow::Result<()> {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}")?);
        bar.enable_steady_tick(Duration::from_millis(100));
        bar.set_message("hours of the world");
        let mut rows = hours::rows(&self.read(GLOBAL, global::parse)?)?;
        bar.set_message("lists of countries");
        rows.extend(lists::rows(&self.read(COUNTRIES, countries::parse)?)?);
        bar.finish_and_clear();
        let rows = rows.into_iter().map(Figure::from).collect();
        output.write(&Sheet { case: "prefill-evaluate", rows }, |sheet| shown(sheet, output))
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
            number(&format!("{:.4}", figure.ours)),
            number(&format!("{:.4}", figure.peer)),
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
            beside.iter().map(|it| format!("{}: {:.4}", it.name, it.value)).collect();
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
        Bound::AtMost(most) => format!("≤ {most:.digits$}"),
        Bound::AtLeast(least) => format!("≥ {least:.digits$}"),
        Bound::Between(least, most) => format!("{least:.digits$} to {most:.digits$}"),
    }
}
