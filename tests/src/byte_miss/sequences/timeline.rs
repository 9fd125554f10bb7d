//! Requests in any order, put into that of their time.

use crate::byte_miss::sequence::{Builder, Sequence};

/// A request before it has its place.
#[derive(Debug, Clone)]
struct Event {
    time_s: f64,
    key: Box<str>,
    size_bytes: u64,
}

/// Requests that sessions make, each in its own order.
#[derive(Debug, Default)]
pub struct Timeline(Vec<Event>);

impl Timeline {
    /// Adds a request.
    pub fn push(&mut self, time_s: f64, key: impl Into<Box<str>>, size_bytes: u64) {
        self.0.push(Event { time_s, key: key.into(), size_bytes });
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The earliest first.
    #[must_use]
    pub fn finish(mut self, name: impl Into<String>) -> Sequence {
        self.0.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        let mut builder = Builder::default();
        for event in &self.0 {
            builder.push(&event.key, event.size_bytes);
        }
        builder.finish(name)
    }
}

/// A day's curve of demand, as a share of its peak.
#[derive(Debug, Clone)]
pub struct Daily(pub Vec<f64>);

/// A day.
pub const DAY_S: f64 = 86_400.0;

impl Default for Daily {
    /// Quiet in the early morning, a fifth of the evening's peak, as at most providers.
    fn default() -> Self {
        let share = |hour: i32| {
            let turn = f64::from(hour - 21) / 24.0 * std::f64::consts::TAU;
            0.6 + 0.4 * turn.cos()
        };
        Self((0..24).map(share).collect())
    }
}

impl Daily {
    /// The demand at a time.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a short list"
    )]
    pub fn at(&self, time_s: f64) -> f64 {
        let turn = time_s.rem_euclid(DAY_S) / DAY_S;
        self.0[((turn * self.0.len() as f64) as usize).min(self.0.len() - 1)]
    }

    /// A time within so many days, drawn by demand.
    pub fn draw(&self, days: f64, chance: &mut super::chance::Chance) -> f64 {
        loop {
            let time_s = chance.share() * days * DAY_S;
            if chance.happens(self.at(time_s)) {
                return time_s;
            }
        }
    }
}
