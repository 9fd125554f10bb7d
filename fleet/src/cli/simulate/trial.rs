//! `fleet simulate trial`: a line a day, until it ends.

use super::world::{World, line, percent};
use crate::cli::Usage;
use crate::cli::output::{Format, Mood, Output};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use prefill::trial::{Judged, Rules, Verdict};
use simulate::trial::{Day, Options, PAIRS_MAX, Policy};

/// Play a trial: two policies at sites that are alike, looked at every day, ended by itself where it hurts.
///
/// Speaks to no fleet. Two weeks of counters go before the first plan, and two more in which all sites keep the usual
/// policy (--against-…); then one of each pair gets the other. OFFLOAD and FILL say by how many percent of what viewers
/// wanted it serves and fills more, with intervals that hold on all days at once.
#[derive(Debug, Args)]
pub(in crate::cli) struct Trial {
    /// For how many days.
    #[arg(long, value_name = "COUNT", default_value_t = 14,
        value_parser = clap::value_parser!(u16).range(3..=60))]
    days: u16,
    #[command(flatten)]
    world: World,
    /// How many pairs; there are twice as many sites.
    #[arg(long, value_name = "COUNT", default_value_t = 20,
        value_parser = clap::value_parser!(u8).range(4..=PAIRS_MAX as i64))]
    pairs: u8,
    /// The room of a usual site's disks, in percent of the bytes of all titles; others have half of it, or twice.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    disk_percent: f64,
    /// By how much more a file must be worth than one that is there, to take its place: where it is tried.
    #[arg(long, value_name = "PERCENT", default_value_t = 50.0, value_parser = any_percent)]
    rest_percent: f64,
    /// The same at the others.
    #[arg(long, value_name = "PERCENT", default_value_t = 30.0, value_parser = any_percent)]
    against_percent: f64,
    /// New bytes that a box takes in a day, in percent of its room: where it is tried.
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0, value_parser = any_percent)]
    fill_percent: f64,
    /// The same at the others.
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0, value_parser = any_percent)]
    against_fill_percent: f64,
    /// What part of disks is left empty where it is tried.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = any_percent)]
    held_back_percent: f64,
    /// How much less offload, and how much more fill, is borne: in percent of what viewers want.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.5, value_parser = borne)]
    borne_percent: f64,
}

fn any_percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 100".to_owned())
}

fn borne(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=10.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 10".to_owned())
}

impl Trial {
    pub(in crate::cli) fn run(self, output: &Output) -> anyhow::Result<()> {
        if output.format() == Format::Yaml {
            return Err(Usage("days come one by one: -o table, json or csv".to_owned()).into());
        }
        let (viewed, curve) = (self.world.viewed()?, self.world.curve()?);
        let options = self.options();
        // Hidden where standard error is no terminal.
        let bar = ProgressBar::new(options.days_before() as u64);
        bar.set_style(ProgressStyle::with_template("before {wide_bar} {pos}/{len} days")?);
        let trial = simulate::trial::Trial::new(&viewed, curve, options, |day| {
            bar.set_position(day as u64);
        });
        bar.finish_and_clear();
        let mut trial = trial?;
        let matched = trial.matched();
        output.note(&format!(
            "{} pairs of {} sites, seed {}",
            matched.pairs.len(),
            2 * matched.pairs.len() + matched.left.len(),
            self.world.seed,
        ));
        let mut told = Told::new(output)?;
        for day in trial.by_ref() {
            told.day(&day?)?;
        }
        trial.judged().map_or(Ok(()), |judged| told.end(judged))
    }

    fn options(&self) -> Options {
        let part = |percent: f64| percent / 100.0;
        let bp = bp(self.borne_percent);
        let policy = |rest, fill, held_back| Policy {
            rest: part(rest),
            fill: part(fill),
            held_back: part(held_back),
        };
        Options {
            seed: self.world.seed,
            pairs: self.pairs.into(),
            days: self.days,
            boxes: self.world.boxes.into(),
            plays_a_day: self.world.plays_per_day.into(),
            disk: part(self.disk_percent),
            usual: policy(self.against_percent, self.against_fill_percent, 0.0),
            tried: policy(self.rest_percent, self.fill_percent, self.held_back_percent),
            rules: Rules { offload_tolerance_bp: bp, fill_tolerance_bp: bp, ..Rules::default() },
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
fn bp(percent: f64) -> u16 {
    (percent * 100.0).round() as u16
}

/// Days as they are told.
struct Told<'a> {
    output: &'a Output,
    csv: Option<csv::Writer<std::io::Stdout>>,
}

impl<'a> Told<'a> {
    fn new(output: &'a Output) -> anyhow::Result<Self> {
        let csv =
            (output.format() == Format::Csv).then(|| csv::Writer::from_writer(std::io::stdout()));
        if output.format() == Format::Table {
            line(&format!(
                "{:>3}  {:>6}  {:>6}  {:>7}  {:>16}  {:>7}  {:>16}  VERDICT",
                "DAY", "USUAL", "TRIED", "OFFLOAD", "FROM … TO", "FILL", "FROM … TO"
            ))?;
        }
        Ok(Self { output, csv })
    }

    fn day(&mut self, day: &Day) -> anyhow::Result<()> {
        match (self.output.format(), &mut self.csv) {
            (Format::Json, _) => line(&serde_json::to_string(day)?),
            (_, Some(csv)) => {
                csv.serialize(day)?;
                Ok(csv.flush()?)
            }
            _ => line(&shown(day)),
        }
    }

    /// For people, a sentence on what it came to.
    fn end(&self, judged: &Judged) -> anyhow::Result<()> {
        if self.output.format() != Format::Table {
            return Ok(());
        }
        let mood = match judged.verdict {
            Verdict::Better { .. } | Verdict::NoDifference => Mood::Good,
            Verdict::Hurts { .. } | Verdict::Worse { .. } => Mood::Bad,
            _ => Mood::Doubtful,
        };
        let said = self.output.coloured(&judged.verdict.to_string(), mood);
        line(&format!("\nThe trial has ended after {} pairs were compared: {said}.", judged.pairs))
    }
}

fn shown(day: &Day) -> String {
    let share = |it: Option<f64>| it.map_or_else(String::new, |it| format!("{:.2}", it * 100.0));
    let by = |it: Option<f64>| it.map_or_else(String::new, |it| format!("{:+.2}", it * 100.0));
    let between = |low: Option<f64>, high| match low {
        None => String::new(),
        Some(_) => format!("{} … {}", by(low), by(high)),
    };
    format!(
        "{:>3}  {:>6}  {:>6}  {:>7}  {:>16}  {:>7}  {:>16}  {}",
        day.day,
        share(day.usual_offload),
        share(day.tried_offload),
        by(day.offload_by),
        between(day.offload_low, day.offload_high),
        by(day.fill_by),
        between(day.fill_low, day.fill_high),
        day.verdict,
    )
}
