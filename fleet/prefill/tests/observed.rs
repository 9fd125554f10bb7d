//! The forecasts on the published figures, where they are at hand: `HEADEND_DATA`, or the
//! folder `shared/data` beside this repository. Nothing of them stands in this repository.

use prefill::backtest::{Row, countries, global, hours, lists};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("HEADEND_DATA").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn open(folder: &Path, name: &str) -> BufReader<File> {
    let file = folder.join(name);
    BufReader::new(File::open(&file).unwrap_or_else(|e| panic!("open {}: {e}", file.display())))
}

/// Of the published figures both: the bound as it stands, and the one beside their baseline.
fn assert_reached(rows: &[Row]) {
    for row in rows {
        assert!(row.must_reach.holds(row.value) && row.is_reached(), "{row:#?}");
    }
}

#[test]
fn hours_are_forecast_as_well_as_they_must_be() {
    let Some(folder) = folder() else {
        println!("skipped: neither HEADEND_DATA nor ../shared/data is a folder");
        return;
    };
    let weeks = global::parse(open(&folder, "netflix-top10-global-weekly.tsv")).expect("weeks");
    assert_reached(&hours::rows(&weeks).expect("scored"));
}

#[test]
fn lists_are_forecast_as_well_as_they_must_be() {
    let Some(folder) = folder() else {
        println!("skipped: neither HEADEND_DATA nor ../shared/data is a folder");
        return;
    };
    let weeks = countries::parse(open(&folder, "netflix-top10-country-weekly.tsv")).expect("weeks");
    assert_reached(&lists::rows(&weeks).expect("scored"));
}
