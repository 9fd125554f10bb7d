//! Files: a rendition of each episode, and the share of its title that it has.

use super::NoWorld;
use super::chance::Chance;
use super::titles::Truth;
use prefill::demand::{Catalogue, File, Kind, Title};

/// Renditions, by megabits a second.
const LADDER_MBIT_PER_S: [f64; 6] = [0.3, 0.75, 1.5, 3.0, 5.8, 15.0];

/// How many renditions there are.
pub(super) const RENDITIONS: usize = LADDER_MBIT_PER_S.len();

/// How often each is watched, where all are there.
pub(super) const SHARES: [f64; RENDITIONS] = [0.05, 0.08, 0.15, 0.29, 0.33, 0.10];

/// An episode is watched a little more or less than its place says.
const EPISODE_DEVIATION: f64 = 0.15;

/// The ladder without the highest rendition, and the whole one.
const LADDERS: [u8; 2] = [0, 1];

/// The files of all titles, and by episode its share of its title.
pub(super) fn draw(
    titles: &[Truth],
    (first_day, world_plays): (i32, f64),
    chance: &mut Chance,
) -> Result<(Catalogue, Vec<f32>), NoWorld> {
    let (mut told, mut files, mut episode_share) = (vec![], vec![], vec![]);
    for (number, title) in (0..).zip(titles) {
        told.push(Title {
            kind: if title.is_series { Kind::Series } else { Kind::Film },
            released_day: title.released_day,
            ladder: LADDERS[usize::from(title.has_highest)],
            announced_share: announced(title, first_day, world_plays),
        });
        let first = episode_share.len();
        for episode in 0..title.episodes {
            let fall = (-title.episode_fall * f64::from(episode)).exp();
            episode_share.push(single(chance.around(fall, EPISODE_DEVIATION)));
            for rendition in 0..RENDITIONS - usize::from(!title.has_highest) {
                let (rendition, size_bytes) = (rendition_number(rendition), size(title, rendition));
                files.push(File { title: number, episode, rendition, size_bytes });
            }
        }
        let all: f32 = episode_share[first..].iter().sum();
        episode_share[first..].iter_mut().for_each(|share| *share /= all);
    }
    Ok((Catalogue::new(told, files)?, episode_share))
}

/// Of what comes; what was there before is known from what is watched.
fn announced(title: &Truth, first_day: i32, world_plays: f64) -> Option<f64> {
    title.released_day.filter(|released| *released >= first_day)?;
    Some((title.announced / world_plays).clamp(1e-9, 0.5))
}

fn rendition_number(rendition: usize) -> u8 {
    u8::try_from(rendition).unwrap_or(u8::MAX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some gigabytes")]
fn size(title: &Truth, rendition: usize) -> u64 {
    let bytes_per_s = LADDER_MBIT_PER_S[rendition] * title.bitrate * 1e6 / 8.0;
    (bytes_per_s * title.runtime_hours * 3600.0).max(1.0) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "a share")]
fn single(value: f64) -> f32 {
    value as f32
}
