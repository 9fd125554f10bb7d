//! Players that walk through the segments of titles: they begin, give up, binge, and start
//! again where they were.

use super::chance::{Chance, Weighted};
use super::timeline::{Daily, Timeline};
use crate::byte_miss::sequence::Sequence;

/// What the sequence is like.
#[derive(Debug, Clone, Copy)]
pub struct Sessions {
    /// How many titles.
    pub titles: usize,
    /// Zipf's exponent of their popularity.
    pub exponent: f64,
    /// The most segments of a title; the fewest are a quarter.
    pub segments: usize,
    /// How many sessions.
    pub sessions: usize,
    /// The probability to leave with a segment.
    pub leaving: f64,
    /// The probability to go on with the next title where one ends.
    pub binge: f64,
    /// How many days they take.
    pub days: f64,
    /// Titles that appear in that time, as a share of all.
    pub releases: f64,
}

/// How long a segment plays.
const SEGMENT_S: f64 = 6.0;

/// Renditions in bits a second, and how many players take each, in tenths.
const RENDITIONS: [(u64, usize); 3] = [(1_500_000, 2), (4_000_000, 5), (8_000_000, 3)];

/// How much more a title is asked for on the day of its release, and how that fades.
const RELEASE_BOOST: f64 = 8.0;

/// After so many days a new title has lost most of what it had at first.
const FADING_DAYS: f64 = 2.0;

struct Title {
    segments: usize,
    released_day: f64,
}

impl Sessions {
    /// The sequence.
    #[must_use]
    pub fn sequence(&self, name: &str, seed: u64) -> Sequence {
        let (mut chance, daily) = (Chance::new(seed), Daily::default());
        let titles: Vec<Title> = (0..self.titles)
            .map(|_| Title {
                segments: self.segments / 4 + chance.below(self.segments * 3 / 4 + 1),
                released_day: if chance.happens(self.releases) {
                    chance.share() * self.days
                } else {
                    f64::NEG_INFINITY
                },
            })
            .collect();
        let ranks = Weighted::zipf(self.titles, self.exponent);
        let mut timeline = Timeline::default();
        for _ in 0..self.sessions {
            let time_s = daily.draw(self.days, &mut chance);
            let title = choose(&titles, &ranks, time_s / super::timeline::DAY_S, &mut chance);
            self.watch(&titles, title, time_s, &mut timeline, &mut chance);
        }
        timeline.finish(name)
    }

    fn watch(
        &self,
        titles: &[Title],
        mut title: usize,
        mut time_s: f64,
        timeline: &mut Timeline,
        chance: &mut Chance,
    ) {
        let rendition = [0, 0, 1, 1, 1, 1, 1, 2, 2, 2][chance.below(10)];
        let bits_per_s = RENDITIONS[rendition].0;
        // One in five goes on where he stopped.
        let resumes = chance.happens(0.2);
        let mut segment = if resumes { chance.below(titles[title].segments) } else { 0 };
        loop {
            let size_bytes = segment_bytes(bits_per_s, title, segment);
            timeline.push(time_s, format!("{title}/{rendition}/{segment}"), size_bytes);
            time_s += SEGMENT_S * (0.95 + 0.1 * chance.share());
            segment += 1;
            if chance.happens(self.leaving) {
                return;
            }
            if segment == titles[title].segments {
                if !chance.happens(self.binge) {
                    return;
                }
                (title, segment) = ((title + 1) % titles.len(), 0);
            }
        }
    }
}

/// By rank, and more of those that are new; nobody sees what is not out.
fn choose(titles: &[Title], ranks: &Weighted, day: f64, chance: &mut Chance) -> usize {
    loop {
        let title = ranks.draw(chance);
        let age_days = day - titles[title].released_day;
        let interest = (-age_days / FADING_DAYS).exp() * RELEASE_BOOST;
        if age_days >= 0.0 && chance.happens((1.0 + interest) / (1.0 + RELEASE_BOOST)) {
            return title;
        }
    }
}

/// Segments of one rendition differ by half, and always in the same way.
fn segment_bytes(bits_per_s: u64, title: usize, segment: usize) -> u64 {
    let mean_bytes = bits_per_s * 6 / 8;
    let part = Chance::new(((title as u64) << 32) | segment as u64).bits() % 1000;
    mean_bytes * 3 / 4 + mean_bytes / 2 * part / 1000
}
