//! `fleet prefill demand`.

use crate::api::{DemandRequest, DemandRow, DemandTaken};
use crate::cli::Usage;
use crate::cli::client::Client;
use crate::cli::output::Output;
use anyhow::Context;
use clap::Args;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// The largest file.
const MOST_BYTES: u64 = 256 << 20;

/// Rows of one request. All rows of a day at a site are in one: it replaces what was said of them.
const MOST_ROWS: usize = 10_000;

/// Bring what viewers asked for, of days in which boxes counted nothing.
///
/// The file is CSV with a line of names: day (such as 2026-11-30), site, group, title, bytes. What the same name
/// said of the same day and site before is replaced. What boxes counted themselves counts beside it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Demand {
    /// The file.
    file: PathBuf,
    /// What it is called; the file's name without it.
    #[arg(long)]
    name: Option<String>,
}

impl Demand {
    pub(super) async fn run(self, client: &Client, output: &Output) -> anyhow::Result<()> {
        let own_name = || Some(self.file.file_name()?.to_string_lossy().into_owned());
        let name = self.name.clone().or_else(own_name).unwrap_or_else(|| "demand".to_owned());
        let mut taken = DemandTaken { days: 0, rows: 0 };
        for rows in requests(self.read()?)? {
            let request = DemandRequest { name: name.clone(), rows };
            let more: DemandTaken = client.put("/api/v1/prefill/demand", &request).await?;
            taken.days += more.days;
            taken.rows += more.rows;
        }
        output.write(&taken, |it| format!("{} rows of {} days of sites", it.rows, it.days))
    }

    fn read(&self) -> anyhow::Result<Vec<DemandRow>> {
        let file = self.file.display();
        let bad = |why: String| anyhow::Error::from(Usage(format!("{file}: {why}")));
        let mut text = String::new();
        let opened = File::open(&self.file).with_context(|| format!("cannot read {file}"))?;
        let read = opened.take(MOST_BYTES + 1).read_to_string(&mut text);
        let bytes = read.with_context(|| format!("cannot read {file}"))?;
        if bytes as u64 > MOST_BYTES {
            return Err(bad(format!("more than {} MiB", MOST_BYTES >> 20)));
        }
        let mut reader =
            csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut rows = Vec::new();
        for row in reader.deserialize() {
            rows.push(row.map_err(|err| bad(err.to_string()))?);
        }
        if rows.is_empty() {
            return Err(bad(
                "no rows: expected day,site,group,title,bytes and lines below".to_owned()
            ));
        }
        Ok(rows)
    }
}

/// Rows by day and site, as many in a request as it takes.
fn requests(mut rows: Vec<DemandRow>) -> anyhow::Result<Vec<Vec<DemandRow>>> {
    let key = |row: &DemandRow| (row.day.clone(), row.site.clone());
    rows.sort_by_key(key);
    let mut requests: Vec<Vec<DemandRow>> = Vec::new();
    for of_day in rows.chunk_by(|a, b| key(a) == key(b)) {
        if of_day.len() > MOST_ROWS {
            let (day, site) = key(&of_day[0]);
            let says =
                format!("{} rows of {day} at {site}: {MOST_ROWS} are the most", of_day.len());
            return Err(Usage(says).into());
        }
        match requests.last_mut().filter(|last| last.len() + of_day.len() <= MOST_ROWS) {
            Some(last) => last.extend_from_slice(of_day),
            None => requests.push(of_day.to_vec()),
        }
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_at_a_site_is_never_cut() {
        let rows = |site: &str, count: usize| {
            let text = format!(
                "day,site,group,title,bytes\n{}",
                format!("2026-11-30,{site},g,t,1\n").repeat(count)
            );
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            reader.deserialize().map(|row| row.expect("a row")).collect::<Vec<DemandRow>>()
        };
        let all = [rows("c", 4000), rows("a", 6000), rows("b", 4000), rows("a", 1000)].concat();
        let sizes: Vec<usize> = requests(all).expect("requests").iter().map(Vec::len).collect();
        assert_eq!(sizes, [7000, 8000]);
        assert!(requests(rows("a", 10_001)).is_err());
    }
}
