//! Titles: how much each is watched, and what it is made of.

use super::chance::Chance;
use super::hours::Viewed;
use super::{HALF_YEAR, WATCHED};
use prefill::demand::age;

/// Hours are published in steps of a hundred thousand: half a step is drawn back.
const HOURS_STEP: f64 = 1e5;
const LEAST_HOURS: f64 = 2e4;

/// Titles fade on their own time scales.
const SCALE_DEVIATION: f64 = 0.3;

/// So many of those that do not say when they were released arrived in the half year.
const ARRIVED: f64 = 0.04;

/// The highest rendition is there for most own titles, and few licensed ones.
const HIGHEST_OWN: f64 = 0.8;
const HIGHEST_LICENSED: f64 = 0.1;

/// What a forecast from the calendar errs by, in logarithms.
pub(super) const ANNOUNCED_DEVIATION: f64 = 0.75;

/// A title as it is, which nobody is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Truth {
    pub(super) is_series: bool,
    pub(super) released_day: Option<i32>,
    /// Plays a day at an age factor of 1.
    level: f64,
    /// What the calendar says of that.
    pub(super) announced: f64,
    time_scale: f64,
    /// Of one file.
    pub(super) runtime_hours: f64,
    pub(super) episodes: u16,
    pub(super) has_highest: bool,
    /// Its bitrates over the usual ones.
    pub(super) bitrate: f64,
    /// By how much each episode is watched less than the one before it.
    pub(super) episode_fall: f64,
}

impl Truth {
    pub(super) fn draw(viewed: &Viewed, chance: &mut Chance) -> Self {
        let hours = viewed.hours + (chance.part() - 0.5) * HOURS_STEP;
        let is_licensed = viewed.released_day.is_none();
        let released_day = viewed.released_day.or_else(|| arrived(chance));
        let is_series = viewed.is_series;
        let runtime_hours =
            if is_series { chance.around(0.75, 0.3) } else { chance.around(1.65, 0.2) };
        let episodes =
            if is_series { chance.around(8.5, 0.45).round().clamp(3.0, 40.0) } else { 1.0 };
        let highest = if is_licensed { HIGHEST_LICENSED } else { HIGHEST_OWN };
        let mut title = Self {
            is_series,
            released_day,
            level: 0.0,
            announced: 0.0,
            time_scale: chance.around(1.0, SCALE_DEVIATION),
            runtime_hours,
            episodes: small(episodes),
            has_highest: chance.happens(highest),
            bitrate: chance.around(1.0, 0.25),
            episode_fall: (0.06 + 0.04 * chance.normal()).abs(),
        };
        let exposed: f64 = HALF_YEAR.map(|day| title.age_factor(day)).sum();
        let viewed_hours = hours.max(LEAST_HOURS);
        // What was released on the last days was watched before: its premiere counts as a tenth.
        title.level = viewed_hours / exposed.max(0.1) / (runtime_hours * WATCHED);
        title.announced = title.level * chance.taste(ANNOUNCED_DEVIATION);
        title
    }

    /// Plays a day in the world, apart from what moves them from week to week.
    pub(super) fn plays(&self, day: i32) -> f64 {
        // Released during the day.
        let begun = if self.released_day == Some(day) { 0.6 } else { 1.0 };
        self.level * begun * self.age_factor(day)
    }

    fn age_factor(&self, day: i32) -> f64 {
        match self.released_day {
            None => 1.0,
            Some(released) if day < released => 0.0,
            Some(released) => age::factor(f64::from(day - released) / self.time_scale),
        }
    }
}

fn arrived(chance: &mut Chance) -> Option<i32> {
    let days = u32::try_from(HALF_YEAR.len()).unwrap_or(0);
    let (is_new, day) = (chance.happens(ARRIVED), chance.below(days));
    is_new.then(|| HALF_YEAR.start.saturating_add_unsigned(day))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 40")]
fn small(episodes: f64) -> u16 {
    episodes as u16
}
