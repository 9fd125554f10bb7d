//! `fleet simulate run`: a line a day, as it ends.

use super::world::{World, line, percent};
use crate::cli::Usage;
use crate::cli::output::{Format, Mood, Output};
use crate::cli::quantity::bytes;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use simulate::run::{Day, Options, WARM_UP_DAYS};

/// How wide the column of a chart is.
const WIDTH: usize = 24;

/// Serve viewers for some weeks: each night planned by what was counted, each day judged by what was wanted.
///
/// Speaks to no fleet. Titles, tastes, plays and failures come from the seed; four weeks of counters go before the
/// first plan. OFFLOAD is what sites served of the bytes that their viewers wanted; BEST is what that would have been
/// with what was best to hold on that very day, LOCAL with what a site's own counters of files say, LRU with a cache.
#[derive(Debug, Args)]
pub(in crate::cli) struct Run {
    /// How many days.
    #[arg(long, value_name = "COUNT", default_value_t = 30,
        value_parser = clap::value_parser!(u16).range(1..=365))]
    days: u16,
    #[command(flatten)]
    world: World,
    /// How many sites are played file by file; others of their regions are counted title by title.
    #[arg(long, value_name = "COUNT", default_value_t = 3,
        value_parser = clap::value_parser!(u8).range(1..=100))]
    sites: u8,
    /// The room of a site's disks, in percent of the bytes of all titles.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    disk_percent: f64,
    /// New bytes that a box takes in a day, in percent of its room.
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0, value_parser = percent)]
    fill_percent: f64,
    /// By how much more a file must be worth than one that is there, to take its place.
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0, value_parser = percent)]
    rest_percent: f64,
}

impl Run {
    pub(in crate::cli) fn run(self, output: &Output) -> anyhow::Result<()> {
        if output.format() == Format::Yaml {
            return Err(Usage("days come one by one: -o table, json or csv".to_owned()).into());
        }
        let viewed = self.world.viewed()?;
        let curve = self.world.curve()?;
        // Hidden where standard error is no terminal.
        let bar = ProgressBar::new(WARM_UP_DAYS as u64);
        bar.set_style(ProgressStyle::with_template("counting {wide_bar} {pos}/{len} days")?);
        let run = simulate::run::Run::new(&viewed, curve, self.options(), |day| {
            bar.set_position(day as u64);
        });
        bar.finish_and_clear();
        let run = run?;
        let (titles, files, of_catalogue) = run.catalogue();
        output.note(&format!(
            "{titles} titles, {files} files, {}; {} sites of {} boxes, seed {}",
            bytes(of_catalogue),
            self.sites,
            self.world.boxes,
            self.world.seed,
        ));
        let mut told = Told::new(output)?;
        for day in run {
            told.day(&day?)?;
        }
        told.end()
    }

    fn options(&self) -> Options {
        Options {
            seed: self.world.seed,
            days: self.days.into(),
            sites: self.sites.into(),
            boxes: self.world.boxes.into(),
            plays_a_day: self.world.plays_per_day.into(),
            disk: self.disk_percent / 100.0,
            fill: self.fill_percent / 100.0,
            rest: self.rest_percent / 100.0,
        }
    }
}

/// Days as they are told.
struct Told<'a> {
    output: &'a Output,
    csv: Option<csv::Writer<std::io::Stdout>>,
    days: Vec<Day>,
}

impl<'a> Told<'a> {
    fn new(output: &'a Output) -> anyhow::Result<Self> {
        let csv =
            (output.format() == Format::Csv).then(|| csv::Writer::from_writer(std::io::stdout()));
        if output.format() == Format::Table {
            line(&format!(
                "{:>3}  {:>7}  {:<WIDTH$}  {:>6}  {:>6}  {:>6}  {:>6}  {:>8}  {:>8}  {:>3}  {:>3}  {:>6}",
                "DAY",
                "OFFLOAD",
                "",
                "BEST",
                "LOCAL",
                "LRU",
                "CHURN",
                "INGRESS",
                "PEAK",
                "NEW",
                "OUT",
                "ERROR"
            ))?;
        }
        Ok(Self { output, csv, days: vec![] })
    }

    fn day(&mut self, day: &Day) -> anyhow::Result<()> {
        match (self.output.format(), &mut self.csv) {
            (Format::Json, _) => line(&serde_json::to_string(day)?)?,
            (_, Some(csv)) => {
                csv.serialize(day)?;
                csv.flush()?;
            }
            _ => line(&self.shown(day))?,
        }
        self.days.push(day.clone());
        Ok(())
    }

    fn shown(&self, day: &Day) -> String {
        let mood = match (day.offload / day.best_offload, day.boxes_out) {
            (0.97.., 0) => Mood::Good,
            (0.9.., _) => Mood::Doubtful,
            _ => Mood::Bad,
        };
        let share = |share: f64| format!("{:.2}", share * 100.0);
        format!(
            "{:>3}  {:>7}  {}  {:>6}  {:>6}  {:>6}  {:>6}  {:>8}  {:>8}  {:>3}  {:>3}  {:>6}",
            day.day,
            share(day.offload),
            self.output.coloured(&column(day.offload), mood),
            share(day.best_offload),
            share(day.local_offload),
            share(day.lru_offload),
            share(day.churn),
            bytes(day.ingress_bytes),
            format!("{:.1} Gb/s", day.served_bits_per_s / 1e9),
            day.releases,
            day.boxes_out,
            day.forecast_error.map_or_else(String::new, |error| format!("{error:.3}")),
        )
    }

    /// For people, what it was on average. The first night fills empty boxes, and is no churn.
    fn end(self) -> anyhow::Result<()> {
        if self.output.format() != Format::Table {
            return Ok(());
        }
        let mean = |of: fn(&Day) -> f64| {
            let days = self.days.iter().map(of);
            days.sum::<f64>() / self.days.len() as f64 * 100.0
        };
        let nights = self.days.len().saturating_sub(1).max(1) as f64;
        let churn = self.days.iter().map(|day| day.churn).sum::<f64>() / nights * 100.0;
        let held: Vec<f64> = self.days.iter().filter_map(|day| day.forecast_held).collect();
        let held = held.iter().sum::<f64>() / held.len().max(1) as f64 * 100.0;
        line(&format!(
            "\nOn average {:.2} % were served by sites: {:.2} at best, {:.2} by counters of each site alone, {:.2} by \
             LRU. {churn:.2} % of disks changed a night. Of the intervals of forecasts, meant for 80 %, {held:.1} % \
             held.",
            mean(|day| day.offload),
            mean(|day| day.best_offload),
            mean(|day| day.local_offload),
            mean(|day| day.lru_offload),
        ))
    }
}

/// A bar for a share: eighths of a character at its end.
fn column(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = eighths(share);
    let (whole, rest) = (eighths / 8, EIGHTHS[eighths % 8]);
    format!("{:<WIDTH$}", format!("{}{rest}", "█".repeat(whole)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 192")]
fn eighths(share: f64) -> usize {
    (share.clamp(0.0, 1.0) * (8 * WIDTH) as f64).round() as usize
}
