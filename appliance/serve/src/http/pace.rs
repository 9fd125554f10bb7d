//! How fast an answer should be sent: from what the player says of itself, from what is
//! known of the title, and within the bounds of the configuration.
//!
//! Pure. What a player says is a wish: it is never taken below what the content needs to
//! be played, nor above what the box allows.

use super::cmcd::Cmcd;
use contract::config::Pacing;
use contract::config::check::MIN_PACING_PERCENT;
use contract::quantity::BitRate;

/// A player that names the bitrate it plays and not the best there is may be on its way up.
/// Rungs of a ladder are up to twice as far apart, and hls.js steps up once it measures
/// 1.43 times the next (`abrBandWidthUpFactor`): below 2.9 times it would never climb.
const CLIMB_PERCENT: u64 = 300;

/// What is known when the pace of an answer is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Known<'a> {
    /// What the player says.
    pub said: Option<&'a Cmcd>,
    /// What the object itself needs, where the catalogue says so.
    pub title: Option<BitRate>,
}

/// The pace of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How fast.
    pub rate: BitRate,
    /// It would be faster, if the box could send more.
    pub is_box_bound: bool,
}

/// The pace of an answer to a player; `None`: as fast as the path takes it.
#[must_use]
pub fn of_player(pacing: &Pacing, known: Known<'_>) -> Option<Pace> {
    if !pacing.enabled {
        return None;
    }
    let wanted = wish(pacing, known).map(|wish| wish.max(least(pacing, known)));
    let wanted = wanted.into_iter().chain(pacing.client_max_rate_bits_per_s).min();
    let rate = wanted.into_iter().chain(pacing.box_max_rate_bits_per_s).min()?;
    Some(Pace { rate, is_box_bound: wanted.is_none_or(|wanted| rate < wanted) })
}

/// The pace of an answer to a sibling box.
#[must_use]
pub fn of_peer(pacing: &Pacing) -> Option<Pace> {
    let rate = pacing.peer_max_rate_bits_per_s.filter(|_| pacing.enabled)?;
    Some(Pace { rate, is_box_bound: false })
}

/// What would suit the player, or the title where the player says nothing of use.
fn wish(pacing: &Pacing, known: Known<'_>) -> Option<BitRate> {
    let said = known.said.copied().unwrap_or_default();
    let playing = playing(&said);
    if let Some(rate) = kbits(said.rtp) {
        // dash.js derives `rtp` from its buffer: with 60 s of it and segments of 4 s that is
        // a third of what it plays, and what it then measures would send it down the ladder.
        let needed = playing.map(|playing| percent_of(playing, pacing.gentle_percent.into()));
        return Some(needed.map_or(rate, |needed| rate.max(needed)));
    }
    let best = kbits(said.tb).map(|rate| sped_up(rate, &said));
    let multiple = match best {
        Some(_) => multiple(pacing, &said),
        None => multiple(pacing, &said).max(CLIMB_PERCENT.min(pacing.steep_percent.into())),
    };
    let bitrate = playing.into_iter().chain(best).max().or(known.title)?;
    Some(percent_of(bitrate, multiple))
}

/// What cannot be gone below: the title must arrive faster than it is played.
fn least(pacing: &Pacing, known: Known<'_>) -> BitRate {
    let title = known.title.map(|title| percent_of(title, MIN_PACING_PERCENT.into()));
    title.map_or(pacing.client_min_rate_bits_per_s, |title| {
        title.max(pacing.client_min_rate_bits_per_s)
    })
}

/// How many percent of the bitrate: steep where a player waits or says nothing of its
/// buffer, gentle where it has enough, and evenly less in between.
fn multiple(pacing: &Pacing, said: &Cmcd) -> u64 {
    let (steep, gentle) = (u64::from(pacing.steep_percent), u64::from(pacing.gentle_percent));
    let (low, full) = (u64::from(pacing.low_buffer_ms), u64::from(pacing.full_buffer_ms));
    let buffer = said.bl.filter(|_| !said.su && !said.bs).map_or(0, u64::from);
    let above = buffer.clamp(low, full.max(low)) - low;
    let fall = steep.saturating_sub(gentle) * above / full.saturating_sub(low).max(1);
    steep - fall
}

/// The bitrate that is played now, at the speed it is played at.
fn playing(said: &Cmcd) -> Option<BitRate> {
    kbits(said.br).map(|rate| sped_up(rate, said))
}

/// Whoever plays at twice the speed uses twice the bits.
fn sped_up(rate: BitRate, said: &Cmcd) -> BitRate {
    let speed = said.pr.unwrap_or(1.0).clamp(1.0, 64.0) * 100.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "100 to 6400")]
    percent_of(rate, speed as u64)
}

/// CMCD has kbit/s; nothing is as good as not said.
fn kbits(said: Option<u32>) -> Option<BitRate> {
    said.filter(|kbits| *kbits > 0).map(|kbits| BitRate(u64::from(kbits) * 1000))
}

fn percent_of(rate: BitRate, percent: u64) -> BitRate {
    BitRate(rate.0.saturating_mul(percent) / 100)
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
