//! What viewers of a site were sent elsewhere for, as demand of that site.

use super::forecaster::Key;
use crate::plays::{OfSite, Viewers};
use crate::server::{App, now};
use contract::demand::{MAX_DEMAND_BYTES, TitleDemand, day_of};
use contract::names::GroupName;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Rows of a day are written anew each time.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What part of a title a play is taken to be: how long somebody watches elsewhere nobody counts for his site.
const WATCHED: f64 = 0.5;

/// What one play of a title comes to, if all of it is watched.
pub(super) type PlayBytes = HashMap<Key, f64>;

/// Tells now and then until `stop` changes, and once more then.
pub(super) async fn tell_all(
    app: Arc<App>,
    play_bytes: impl Fn() -> Arc<PlayBytes>,
    mut stop: watch::Receiver<bool>,
) {
    let mut is_over = false;
    while !is_over {
        tokio::select! {
            _ = stop.changed() => is_over = true,
            () = tokio::time::sleep(TELL_EVERY) => {}
        }
        tell(&app, &play_bytes()).await;
    }
}

/// Takes down what was counted and has not been told; a site that cannot keeps no other from it.
async fn tell(app: &App, play_bytes: &PlayBytes) {
    for (day, site) in app.plays.untold(day_of(now())) {
        let Some(of_site) = app.plays.of_site(day, &site) else { continue };
        let rows = rows(&of_site, play_bytes);
        match app.collector.put_elsewhere(day, &site, &app.instance, rows, now()).await {
            Ok(()) => app.plays.told(day, &site, &of_site),
            Err(err) => tracing::error!(day, %site, "who was sent elsewhere is not kept: {err}"),
        }
    }
}

/// Titles that enough viewers began to watch; of each group the others together, where these are two or more and enough
/// viewers began to watch any of the group.
fn rows(of_site: &OfSite, play_bytes: &PlayBytes) -> Vec<TitleDemand> {
    let mut rows = Vec::new();
    let mut others: BTreeMap<&GroupName, (usize, f64)> = BTreeMap::new();
    for (key, viewers) in &of_site.titles {
        let Some(play_bytes) = play_bytes.get(key) else { continue };
        let bytes = viewers.plays as f64 * play_bytes * WATCHED;
        if viewers.are_many() {
            rows.push(row(&key.0, Some(key), bytes));
        } else {
            let (titles, sum) = others.entry(&key.0).or_default();
            (*titles, *sum) = (*titles + 1, *sum + bytes);
        }
    }
    rows.sort_by(|a, b| a.title.cmp(&b.title));
    let are_many = |group: &GroupName| of_site.groups.get(group).is_some_and(Viewers::are_many);
    let told = others.into_iter().filter(|(group, (titles, _))| *titles > 1 && are_many(group));
    rows.extend(told.map(|(group, (_, bytes))| row(group, None, bytes)));
    rows
}

fn row(group: &GroupName, title: Option<&Key>, bytes: f64) -> TitleDemand {
    let bytes_missed = whole(bytes).min(MAX_DEMAND_BYTES);
    let title = title.map(|key| key.1.clone());
    TitleDemand { group: group.clone(), title, bytes_sent: 0, bytes_missed }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plays::Plays;
    use contract::names::{SiteName, TitleName};

    fn key(title: &str) -> Key {
        (GroupName::new("g").expect("name"), TitleName::new(title).expect("name"))
    }

    #[test]
    fn what_many_began_to_watch_is_named_and_the_rest_is_not() {
        let (plays, site) = (Plays::default(), SiteName::new("oslo-1").expect("name"));
        let play = |title: &str, count: u8| {
            (0..count).for_each(|it| plays.count(7, &site, &key(title), [192, 0, 2, it].into()));
        };
        let told = || {
            let play_bytes = ["a", "b", "c"].map(|title| (key(title), 1e6)).into_iter().collect();
            let rows = rows(&plays.of_site(7, &site).expect("counted"), &play_bytes);
            rows.into_iter()
                .map(|row| (row.title.map(|it| it.to_string()), row.bytes_missed))
                .collect::<Vec<_>>()
        };
        play("a", 19);
        play("gone", 99);
        assert_eq!(told(), [], "one that few began to watch is nobody's business");
        play("b", 2);
        assert_eq!(told(), [(None, 10_500_000)]);
        play("c", 40);
        assert_eq!(told(), [(Some("c".to_owned()), 20_000_000), (None, 10_500_000)]);
    }
}
