//! How answers are written: a table for people, JSON, YAML or CSV for programs.

use super::Usage;
use super::records::Ordered;
use clap::ValueEnum;
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use inventory::schema::{Field, Kind, Shape};
use serde::Serialize;
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// How answers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For both.
    Yaml,
    /// Records alone, for spreadsheets.
    Csv,
}

/// Where answers go.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    colours: bool,
    is_terminal: bool,
    width: usize,
}

/// Where nobody says how wide it is.
const USUAL_WIDTH: usize = 100;

/// What has no lines and columns.
fn no_csv() -> anyhow::Error {
    Usage("this has no form in CSV: -o json or yaml".to_owned()).into()
}

/// To the upper left corner, and away with all that stands below.
const AGAIN: &str = "\x1b[H\x1b[2J";

impl Output {
    pub(super) fn new(format: Format) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none();
        let is_terminal = std::io::stdout().is_terminal();
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let width = width.filter(|_| is_terminal).unwrap_or(USUAL_WIDTH);
        Self { format, colours: wanted && is_terminal, is_terminal, width }
    }

    /// Tables without colours, for golden files.
    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self { format: Format::Table, colours: false, is_terminal: false, width: USUAL_WIDTH }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// So many characters stand in a line.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Writes a record, or several in a list, of one kind.
    pub(super) fn records(
        &self,
        kind: &Kind,
        answer: &Value,
        table: impl FnOnce(&Value) -> String,
    ) -> anyhow::Result<()> {
        match (self.format, answer["items"].as_array()) {
            (Format::Csv, Some(all)) => self.csv(kind, all),
            (Format::Csv, None) => self.csv(kind, std::slice::from_ref(answer)),
            _ => self.write(&Ordered(kind, answer), |it| table(it.1)),
        }
    }

    /// Records as `import` reads them: in the first line the fields that people write.
    pub(super) fn csv(&self, kind: &Kind, all: &[Value]) -> anyhow::Result<()> {
        let is_told = |name: &str| all.is_empty() || all.iter().any(|it| it.get(name).is_some());
        let fields: Vec<&Field> =
            kind.written_fields().filter(|field| is_told(field.name)).collect();
        let mut writer = csv::Writer::from_writer(std::io::stdout());
        writer.write_record(fields.iter().map(|field| field.name))?;
        for record in all {
            writer.write_record(fields.iter().map(|field| {
                match (field.shape, &record[field.name]) {
                    (_, Value::Null) => String::new(),
                    (_, Value::String(text)) => text.clone(),
                    (Shape::Tags, Value::Array(tags)) => {
                        tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
                    }
                    (_, other) => other.to_string(),
                }
            }))?;
        }
        Ok(writer.flush()?)
    }

    /// Writes an answer; `table` is asked only where a table is wanted.
    pub(super) fn write<T: Serialize>(
        &self,
        answer: &T,
        table: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        let text = match self.format {
            Format::Table => table(answer),
            Format::Json => serde_json::to_string_pretty(answer)?,
            Format::Yaml => serde_yaml::to_string(answer)?,
            Format::Csv => return Err(no_csv()),
        };
        Ok(writeln!(std::io::stdout(), "{}", text.trim_end())?)
    }

    /// Writes an answer that others will follow: in their place on a terminal, else one after
    /// the other, for programs each in a line or document of its own.
    pub(super) fn redraw<T: Serialize>(
        &self,
        answer: &T,
        table: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        match self.format {
            Format::Table if self.is_terminal => writeln!(out, "{AGAIN}{}", table(answer))?,
            Format::Table => writeln!(out, "{}\n", table(answer))?,
            Format::Json => writeln!(out, "{}", serde_json::to_string(answer)?)?,
            Format::Yaml => write!(out, "---\n{}", serde_yaml::to_string(answer)?)?,
            Format::Csv => return Err(no_csv()),
        }
        Ok(out.flush()?)
    }

    /// Tells a person that something was done; programs see the exit code.
    pub(super) fn done(&self, what: &str) -> anyhow::Result<()> {
        match self.format {
            Format::Table => Ok(writeln!(std::io::stdout(), "{what}")?),
            Format::Json | Format::Yaml | Format::Csv => Ok(()),
        }
    }

    /// Tells a person, beside the answer, what to do with it.
    pub(super) fn note(&self, what: &str) {
        if self.format == Format::Table {
            let _ = writeln!(std::io::stderr(), "fleet: {}", printable(what));
        }
    }

    /// Tells a person, beside the answer, what did not work and did not matter enough to end.
    pub(super) fn warn(&self, what: &str) {
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "fleet: warning: {}", printable(what));
    }

    /// Text in the colour of a state, where there are colours.
    pub(super) fn coloured(&self, text: &str, mood: Mood) -> String {
        if !self.colours {
            return text.to_owned();
        }
        let colour = match mood {
            Mood::Good => 32,
            Mood::Doubtful => 33,
            Mood::Bad => 31,
        };
        format!("\x1b[{colour}m{text}\x1b[0m")
    }

    pub(super) fn columns(&self, header: &[&str]) -> Columns {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let bold = |name: &&str| match self.colours {
            true => Cell::new(name.to_uppercase()).add_attribute(Attribute::Bold),
            false => Cell::new(name.to_uppercase()),
        };
        table.set_header(header.iter().map(bold));
        Columns { table, colours: self.colours }
    }
}

/// A table in the making.
pub(super) struct Columns {
    table: Table,
    colours: bool,
}

/// How a cell is shown.
pub(super) enum Shown {
    /// As it is.
    Text(String),
    /// To the right.
    Number(String),
    /// Green, yellow or red, where there are colours.
    State(String, Mood),
}

impl Shown {
    /// Boxes say some of this in their own words, and a terminal obeys every escape.
    fn printable(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(printable(&text)),
            Self::Number(text) => Self::Number(printable(&text)),
            Self::State(text, mood) => Self::State(printable(&text), mood),
        }
    }
}

fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// What a state means to whoever looks.
#[derive(Clone, Copy)]
pub(super) enum Mood {
    Good,
    Doubtful,
    Bad,
}

pub(super) fn text<T: ToString + ?Sized>(value: &T) -> Shown {
    Shown::Text(value.to_string())
}

pub(super) fn number<T: ToString + ?Sized>(value: &T) -> Shown {
    Shown::Number(value.to_string())
}

impl Columns {
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Shown>) {
        let colours = self.colours;
        let cell = |shown: Shown| match shown.printable() {
            Shown::Text(text) => Cell::new(text),
            Shown::Number(text) => Cell::new(text).set_alignment(CellAlignment::Right),
            Shown::State(text, mood) if colours => Cell::new(text).fg(match mood {
                Mood::Good => Color::Green,
                Mood::Doubtful => Color::Yellow,
                Mood::Bad => Color::Red,
            }),
            Shown::State(text, _) => Cell::new(text),
        };
        self.table.add_row(cells.into_iter().map(cell));
    }

    pub(super) fn render(mut self) -> String {
        // Colours were decided on already; the library would look at the terminal again.
        if self.colours {
            self.table.enforce_styling();
        } else {
            self.table.force_no_tty();
        }
        let lines = self.table.lines().map(|line| line.trim().to_owned());
        lines.collect::<Vec<_>>().join("\n")
    }
}
