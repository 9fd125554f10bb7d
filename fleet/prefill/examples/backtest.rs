//! Prints how good the forecasts are on the published files: `backtest FOLDER`.

#![allow(clippy::print_stdout)]

use prefill::backtest::{Row, countries, global, hours, lists};
use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder has the files?")?;
    let open = |name| File::open(Path::new(&folder).join(name)).map(BufReader::new);
    let weeks = global::parse(open("netflix-top10-global-weekly.tsv")?)?;
    let places = countries::parse(open("netflix-top10-country-weekly.tsv")?)?;
    for row in hours::rows(&weeks)?.iter().chain(&lists::rows(&places)?) {
        print(row);
    }
    Ok(())
}

fn print(row: &Row) {
    let Row { name, baseline, value, must_reach, rows_scored, .. } = row;
    println!("{name}: {value:.4}, baseline {baseline:.4}, {must_reach:?}, {rows_scored} rows");
    for beside in &row.beside {
        println!("    {}: {:.4}", beside.name, beside.value);
    }
    println!("    {}", row.definition);
}
