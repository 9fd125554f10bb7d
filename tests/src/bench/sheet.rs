//! The result of a case: a table for people, a file for programs.

use super::machine::Machine;
use anyhow::Result;
use comfy_table::{Table, presets};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// One case's result.
#[derive(Debug, Serialize)]
pub struct Sheet {
    /// Which case.
    pub case: String,
    /// What it ran on.
    pub machine: Machine,
    /// How often each figure was taken; medians are given.
    pub runs: usize,
    /// The figures.
    pub rows: Vec<Row>,
    /// What a reader must know beside them: who is missing from them, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One figure.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// In what.
    pub unit: &'static str,
    /// Ours.
    pub ours: f64,
    /// The peer's.
    pub peer: f64,
    /// Which peer.
    pub peer_name: String,
    /// Ours by the peer's.
    pub ratio: f64,
    /// What the ratio must reach; none where the figure only informs.
    pub limit: Option<Limit>,
    /// Whether it does.
    pub ok: bool,
}

/// What a ratio must reach.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// So much or less.
    AtMost(f64),
    /// So much or more.
    AtLeast(f64),
}

impl Row {
    /// Compares.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        unit: &'static str,
        ours: f64,
        (peer_name, peer): (&str, f64),
        limit: Option<Limit>,
    ) -> Self {
        let ratio = ours / peer;
        let ok = match limit {
            None => true,
            Some(Limit::AtMost(most)) => ratio <= most,
            Some(Limit::AtLeast(least)) => ratio >= least,
        };
        let peer_name = peer_name.to_owned();
        Self { name: name.into(), unit, ours, peer, peer_name, ratio, limit, ok }
    }
}

impl Sheet {
    /// Writes `CASE.json` into a folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let text = serde_json::to_string_pretty(self)?;
        Ok(std::fs::write(folder.join(format!("{}.json", self.case)), text + "\n")?)
    }
}

/// All results as one table, with the notes below it.
#[must_use]
pub fn text(sheets: &[Sheet]) -> String {
    let notes: BTreeSet<&String> = sheets.iter().flat_map(|sheet| &sheet.notes).collect();
    let notes = notes.iter().map(|note| format!("\n{note}"));
    format!("{}{}", table(sheets), notes.collect::<String>())
}

fn table(sheets: &[Sheet]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["case", "figure", "ours", "peer", "", "ratio", "limit", ""]);
    for sheet in sheets {
        for row in &sheet.rows {
            let limit = match row.limit {
                None => String::new(),
                Some(Limit::AtMost(most)) => format!("≤ {most:.2}"),
                Some(Limit::AtLeast(least)) => format!("≥ {least:.2}"),
            };
            table.add_row([
                sheet.case.clone(),
                format!("{}, {}", row.name, row.unit),
                figure(row.ours),
                figure(row.peer),
                row.peer_name.clone(),
                format!("{:.3}", row.ratio),
                limit,
                if row.ok { "" } else { "MISSED" }.to_owned(),
            ]);
        }
    }
    table
}

fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}
