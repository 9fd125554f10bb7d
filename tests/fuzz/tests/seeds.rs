//! The seeds, and the crashes that were found, run without a fuzzer.

use std::path::Path;

fn each_of(target: &str, run: impl Fn(&[u8])) {
    let folder = Path::new("seeds").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("seeds") {
        let path = entry.expect("an entry").path();
        eprintln!("{}", path.display());
        run(&std::fs::read(&path).expect("a seed"));
        count += 1;
    }
    assert!(count >= 5, "{count} seeds in {}", folder.display());
}

#[test]
fn heads() {
    each_of("head", fuzz::head::run);
}

#[test]
fn ranges() {
    each_of("range", fuzz::range::run);
}

#[test]
fn cmcds() {
    each_of("cmcd", fuzz::cmcd::run);
}

#[test]
fn records() {
    each_of("records", fuzz::records::run);
}
