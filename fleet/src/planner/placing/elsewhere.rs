//! What viewers of a site were sent elsewhere for, as demand of that site.
//!
//! Plays are turned into bytes as those that stayed are: by what boxes of the site sent for each play of what they
//! hold.

use super::forecaster::Key;
use crate::plays::{Count, Counts};
use crate::server::{App, now};
use contract::demand::{FEWEST_SESSIONS, MAX_DEMAND_BYTES, TitleDemand, day_of};
use contract::names::SiteName;
use health_collector::SiteDemand;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Rows of a day are written anew each time.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What part of a title is watched, where too little was watched at a site to say.
const USUAL_PART: f64 = 0.5;

/// What one play of a title comes to, if all of it is watched.
pub(super) type PlayBytes = HashMap<Key, f64>;

/// Tells of plays now and then.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    last: Option<Instant>,
}

impl Elsewhere {
    /// Takes down what was counted and has not been told.
    pub(super) async fn tell(&mut self, app: &App, play_bytes: &PlayBytes) -> anyhow::Result<()> {
        if self.last.is_some_and(|last| last.elapsed() < TELL_EVERY) {
            return Ok(());
        }
        self.last = Some(Instant::now());
        tell(app, play_bytes).await
    }
}

async fn tell(app: &App, play_bytes: &PlayBytes) -> anyhow::Result<()> {
    for (day, counts) in app.plays.untold(day_of(now())) {
        let sent = app.collector.demand_of(day).await?;
        for (site, rows) in rows(&counts, &sent, play_bytes) {
            app.collector.put_elsewhere(day, &site, &app.instance, rows, now()).await?;
        }
        app.plays.told(day, &counts);
    }
    Ok(())
}

/// By site: titles for which enough viewers were sent elsewhere.
fn rows(
    counts: &Counts,
    sent: &[SiteDemand],
    play_bytes: &PlayBytes,
) -> Vec<(SiteName, Vec<TitleDemand>)> {
    let of_site = |(site, counts): (&SiteName, &HashMap<Key, Count>)| {
        let sent = sent.iter().find(|it| it.site == *site);
        let sent = sent.into_iter().flat_map(|it| &it.rows).map(|row| row.bytes_sent as f64).sum();
        let watched = watched(counts, sent, play_bytes);
        let away = counts.iter().filter(|(_, it)| it.away >= FEWEST_SESSIONS as u64);
        let row = |(key, count): (&Key, &Count)| {
            let bytes = count.away as f64 * play_bytes.get(key)? * watched;
            let (group, title) = key.clone();
            let bytes_missed = whole(bytes).min(MAX_DEMAND_BYTES);
            Some(TitleDemand { group, title: Some(title), bytes_sent: 0, bytes_missed })
        };
        let rows: Vec<TitleDemand> = away.filter_map(row).collect();
        (!rows.is_empty()).then(|| (site.clone(), rows))
    };
    let mut all: Vec<_> = counts.iter().filter_map(of_site).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// What part of a title a play at the site comes to, by those that stayed there.
fn watched(counts: &HashMap<Key, Count>, sent_bytes: f64, play_bytes: &PlayBytes) -> f64 {
    let home: u64 = counts.values().map(|count| count.home).sum();
    let all = |(key, count): (&Key, &Count)| {
        play_bytes.get(key).map_or(0.0, |bytes| bytes * count.home as f64)
    };
    let all: f64 = counts.iter().map(all).sum();
    let is_known = home >= FEWEST_SESSIONS as u64 && sent_bytes > 0.0 && all > 0.0;
    if is_known { (sent_bytes / all).clamp(0.01, 1.0) } else { USUAL_PART }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::names::{GroupName, TitleName};

    fn key(title: &str) -> Key {
        (GroupName::new("g").expect("name"), TitleName::new(title).expect("name"))
    }

    #[test]
    fn plays_elsewhere_are_as_long_as_those_at_home() {
        let site = SiteName::new("oslo-1").expect("name");
        let of = |home, away| Count { home, away };
        let titles = [("a", of(40, 0)), ("b", of(10, 30)), ("c", of(0, 19)), ("gone", of(0, 99))];
        let counts: HashMap<Key, Count> =
            titles.iter().map(|(title, count)| (key(title), *count)).collect();
        let counts = Counts::from([(site.clone(), counts)]);
        let play_bytes = ["a", "b", "c"].map(|title| (key(title), 1e6)).into_iter().collect();
        let (group, title) = key("a");
        let sent =
            TitleDemand { group, title: Some(title), bytes_sent: 10_000_000, bytes_missed: 0 };
        let sent = SiteDemand { site: site.clone(), rows: vec![sent] };
        // A fifth of each of fifty plays.
        let told = rows(&counts, &[sent], &play_bytes);
        assert_eq!(told.len(), 1);
        let (group, title) = key("b");
        let row = TitleDemand { group, title: Some(title), bytes_sent: 0, bytes_missed: 6_000_000 };
        assert_eq!(told[0], (site, vec![row.clone()]));
        let told = rows(&counts, &[], &play_bytes);
        assert_eq!(told[0].1, [TitleDemand { bytes_missed: 15_000_000, ..row }]);
    }
}
