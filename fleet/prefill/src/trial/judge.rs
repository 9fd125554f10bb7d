//! Looking at a trial every day, and paying for it.
//!
//! Who looks every day, and stops at the first bad one, is wrong more often than who looks once. So
//! each look may be wrong by a part of the chance only: the last by half of it, those before share
//! the rest. By Bonferroni's inequality all of them together are then wrong no more often than
//! they may be, however days depend on each other (which nobody knows). Harm is looked for on one
//! side of two measures, so both sides of one pay for it.

use super::agreed::{BadTrial, Trial, part};
use super::estimate::{Difference, Estimate};
use super::measure::{Measured, Seen, SiteDay, measured};
use super::verdict::{Judged, Measure, Verdict, Waits};

/// With fewer pairs an interval says more of the shape of chance than of what was seen.
const LEAST_PAIRS: usize = 4;

/// A collapse is told from chance by so little, over all days of a trial: it comes on top.
const COLLAPSE_CHANCE: f64 = 0.001;

/// Judges a trial by all that is known of its days, at the end of one of them.
///
/// It remembers nothing: a later look at the same day says the same, if the same is known. That an
/// earlier day has ended the trial, whoever asks must know.
///
/// # Errors
/// [`BadTrial`].
pub fn judge(trial: &Trial, days: &[SiteDay], day: i32) -> Result<Judged, BadTrial> {
    trial.check()?;
    let (first, last) = (trial.first_day, trial.last_day());
    if !(first..=last).contains(&day) {
        return Err(BadTrial::NotADay { day, first, last });
    }
    let measured = measured(trial, days, day)?;
    let compared: Vec<Seen> = measured.pairs.iter().filter_map(|pair| pair.difference).collect();
    let difference = |of: fn(&Seen) -> f64| {
        let estimate = Estimate::of(&compared.iter().map(of).collect::<Vec<f64>>())?;
        let once = trial.rules.chance() / 2.0;
        Some(estimate.difference(once, spent(trial, day) / 2.0))
    };
    let tried = Seen::mean(measured.pairs.iter().filter_map(|pair| pair.tried));
    let usual = Seen::mean(measured.pairs.iter().filter_map(|pair| pair.usual));
    let mut judged = Judged {
        day,
        verdict: Verdict::Going,
        tried_offload: tried.map(|it| it.offload),
        usual_offload: usual.map(|it| it.offload),
        offload: difference(|it| it.offload),
        fill: difference(|it| it.fill),
        pairs: compared.len(),
        left_out: measured.left_out,
    };
    judged.verdict = verdict(trial, &measured, &judged);
    Ok(judged)
}

/// What a look may be wrong by.
fn spent(trial: &Trial, day: i32) -> f64 {
    let (chance, looks) = (trial.rules.chance(), f64::from(trial.looks()));
    match day == trial.last_day() {
        _ if looks <= 1.0 => chance,
        true => chance / 2.0,
        false => chance / 2.0 / (looks - 1.0),
    }
}

fn verdict(trial: &Trial, measured: &Measured, judged: &Judged) -> Verdict {
    if let Some(by) = collapsed(trial, measured) {
        return Verdict::Hurts { what: Measure::Offload, by, is_collapse: true };
    }
    let until_day = trial.first_compared();
    let is_last = judged.day == trial.last_day();
    match (&judged.offload, &judged.fill) {
        _ if judged.day < until_day => Verdict::Waiting { why: Waits::Settling { until_day } },
        (Some(offload), Some(fill)) if judged.pairs >= LEAST_PAIRS => {
            Compared::new(trial, *offload, *fill).verdict(is_last)
        }
        _ if is_last => Verdict::Undecided,
        _ => Verdict::Waiting { why: Waits::Pairs { known: judged.pairs, needed: LEAST_PAIRS } },
    }
}

/// By how much offload fell on this day alone, where that is far beyond chance.
fn collapsed(trial: &Trial, measured: &Measured) -> Option<f64> {
    let today: Vec<f64> =
        measured.pairs.iter().filter_map(|pair| Some(pair.last?.offload)).collect();
    let estimate = Estimate::of(&today).filter(|_| today.len() >= LEAST_PAIRS)?;
    let beyond = COLLAPSE_CHANCE / f64::from(trial.days.max(1));
    let Difference { by, daily, .. } = estimate.difference(beyond, beyond);
    (daily.high < -part(trial.rules.collapse_bp)).then_some(by)
}

/// Both measures, the larger the better, and what is borne of each.
struct Compared {
    of: [(Measure, Difference, f64); 2],
}

impl Compared {
    fn new(trial: &Trial, offload: Difference, fill: Difference) -> Self {
        Self {
            of: [
                (Measure::Offload, offload, part(trial.rules.offload_tolerance_bp)),
                (Measure::Fill, fill, part(trial.rules.fill_tolerance_bp)),
            ],
        }
    }

    fn verdict(&self, is_last: bool) -> Verdict {
        let first = |is: fn(f64, f64, f64) -> bool| {
            let found = self.of.iter().find(|(measure, of, borne)| {
                let (low, high) = gain(*measure, of);
                is(low, high, *borne)
            });
            found.map(|(what, of, _)| (*what, of.by))
        };
        let hurts = first(|_, high, borne| high < -borne);
        let doubtful = first(|low, _, borne| low <= -borne);
        let differs = first(|low, high, borne| low <= -borne || high >= borne);
        let (gains, loses) = (first(|low, _, _| low > 0.0), first(|_, high, _| high < 0.0));
        match (is_last, hurts) {
            (true, Some((what, by))) => Verdict::Worse { what, by },
            (false, Some((what, by))) => Verdict::Hurts { what, by, is_collapse: false },
            (false, None) => Verdict::Going,
            (true, None) => match (gains, loses) {
                (Some((what, by)), _) if doubtful.is_none() => Verdict::Better { what, by },
                _ if differs.is_none() => Verdict::NoDifference,
                (None, Some((what, by))) => Verdict::Worse { what, by },
                _ => Verdict::Undecided,
            },
        }
    }
}

/// From where to where the gain may be: less fill is a gain.
fn gain(measure: Measure, of: &Difference) -> (f64, f64) {
    match measure {
        Measure::Offload => (of.daily.low, of.daily.high),
        Measure::Fill => (-of.daily.high, -of.daily.low),
    }
}
