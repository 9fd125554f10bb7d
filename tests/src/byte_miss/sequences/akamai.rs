//! Sequences with the popularity and the sizes of a real video CDN.
//!
//! `akamai-video-v1-popularity-size.txt` has how many of the objects were asked for how
//! often, and what they weigh; `akamai-video-v1-request-rate.txt` the day's curve. Objects
//! are drawn from it with both; when each is asked for is drawn by the curve, within the
//! time that it is of interest.

use super::chance::{Chance, Weighted};
use super::timeline::{DAY_S, Daily, Timeline};
use crate::byte_miss::sequence::Sequence;
use anyhow::{Context, Result, ensure};

/// An object is asked for at most so often: the file knows one of a kilobyte with a million
/// requests, which would be most of any sequence.
const MOST_REQUESTS: f64 = 3_000.0;

/// Popularity and size of objects, jointly.
#[derive(Debug)]
pub struct Classes {
    /// Requests to an object, and its size.
    classes: Vec<(f64, u64)>,
    weights: Weighted,
}

impl Classes {
    /// Reads blocks: a line with the popularity, then lines of a size in kilobytes and its
    /// probability.
    ///
    /// # Errors
    /// When a line is neither.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut popularity, mut classes, mut probabilities) = (None, Vec::new(), Vec::new());
        for (line, number) in text.lines().zip(1..) {
            let mut fields = Vec::new();
            for field in line.split_whitespace() {
                let field: f64 = field.parse().with_context(|| format!("line {number}: {line}"))?;
                fields.push(field);
            }
            match (&*fields, popularity) {
                ([], _) => {}
                ([requests], _) => popularity = Some(*requests),
                ([kilobytes, probability], Some(requests)) => {
                    classes.push((requests, bytes_of(*kilobytes)));
                    probabilities.push(*probability);
                }
                _ => anyhow::bail!("line {number}: {line}: neither a popularity nor a size"),
            }
        }
        ensure!(!classes.is_empty(), "no classes");
        Ok(Self { classes, weights: Weighted::new(probabilities) })
    }

    fn draw(&self, chance: &mut Chance) -> (f64, u64) {
        let (requests, size_bytes) = self.classes[self.weights.draw(chance)];
        // The file gives upper bounds of its classes.
        let part = size_bytes.clamp(2, 1_000_000) / 2;
        (requests, size_bytes - chance.bits() % part)
    }

    /// A size.
    pub fn size(&self, chance: &mut Chance) -> u64 {
        self.draw(chance).1
    }

    /// A sequence of so many objects over so many days, each of interest for `interest_days`
    /// in the mean (all the time, if that is longer than the whole).
    #[must_use]
    pub fn sequence(
        &self,
        (objects, days, interest_days): (usize, f64, f64),
        daily: &Daily,
        seed: u64,
    ) -> Sequence {
        let mut chance = Chance::new(seed);
        let mut timeline = Timeline::default();
        for object in 0..objects {
            let (requests, size_bytes) = self.draw(&mut chance);
            let key = object.to_string();
            let is_lasting = interest_days >= days;
            let released_s = chance.share() * days * DAY_S;
            let mut left = requests.min(MOST_REQUESTS);
            while left >= 1.0 {
                let time_s = if is_lasting {
                    daily.draw(days, &mut chance)
                } else {
                    let after_s = chance.exponential(interest_days * DAY_S);
                    // Who comes at night is likely to come in the evening instead.
                    let time_s = (released_s + after_s) % (days * DAY_S);
                    if !chance.happens(daily.at(time_s)) {
                        continue;
                    }
                    time_s
                };
                timeline.push(time_s, &*key, size_bytes);
                left -= 1.0;
            }
        }
        timeline.finish(format!("akamai-{interest_days}d-{seed}"))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some gigabytes")]
fn bytes_of(kilobytes: f64) -> u64 {
    (kilobytes.max(1.0) * 1000.0) as u64
}

/// The day's curve: lines of a Unix time and the requests of a step of 315 s.
///
/// # Errors
/// When a line is something else.
pub fn daily(text: &str) -> Result<Daily> {
    let mut requests = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let count = line.split_once(',').and_then(|(_, count)| count.trim().parse::<f64>().ok());
        requests.push(count.with_context(|| format!("line {number}: {line}: no request rate"))?);
    }
    let peak = requests.iter().copied().fold(0.0, f64::max);
    ensure!(peak > 0.0, "no requests");
    // A step in which nothing was written down must not stop who draws by the curve.
    Ok(Daily(requests.iter().map(|count| (count / peak).max(0.01)).collect()))
}
