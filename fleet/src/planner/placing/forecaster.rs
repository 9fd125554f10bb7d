//! From what boxes counted, title by title and day by day, to what each region and site will want. Pure.
//!
//! The estimator ([`prefill::demand`]) numbers titles, and their numbers stay; here they have names. It
//! counts plays: what was asked for, over what a play of the title comes to.

use super::expected::Expected;
use contract::demand::TitleDemand;
use contract::names::{GroupName, SiteName, TitleName};
use prefill::demand::{
    Ages, Catalogue, File, Refused, Region, RegionDay, RegionForecast, Score, Site, SiteDay, Title,
    World,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// The busiest hour of a day has a tenth of it.
const PEAK: f64 = 2.4;

const DAY_S: f64 = 86_400.0;

/// More plays of a title a day at a site are a mistake of whoever counted.
const MOST_PLAYS: f64 = 1e9;

/// A group and a title of it.
pub(super) type Key = (GroupName, TitleName);

/// A title, as the catalogue has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KnownTitle {
    pub(super) key: Key,
    /// What one play of it comes to: one of its renditions.
    pub(super) play_bytes: f64,
    /// The day on which it could first be watched, in days since 1970-01-01.
    pub(super) released_day: i32,
    /// What is expected of it until it has been watched.
    pub(super) expected: Expected,
}

/// What was asked for at a site on a day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SiteRows {
    pub(super) site: SiteName,
    pub(super) region: Option<String>,
    pub(super) rows: Vec<TitleDemand>,
    /// What its viewers were sent elsewhere for: of the region this is a part already, where it was served.
    pub(super) elsewhere: Vec<TitleDemand>,
    /// The titles that its boxes were to hold, where that is known: of others nothing could be counted there.
    pub(super) held: Option<Arc<HashSet<Key>>>,
}

/// What viewers will want on a day, by number of the title: bytes per second at the peak.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wanted {
    /// By region.
    pub(super) regions: BTreeMap<Option<String>, Vec<f64>>,
    /// By site, of those with a day of their own.
    pub(super) sites: BTreeMap<SiteName, Vec<f64>>,
}

/// What is learned, day by day.
#[derive(Debug, Clone, Default)]
pub(super) struct Forecaster {
    numbers: HashMap<Key, u32>,
    titles: Vec<KnownTitle>,
    world: World,
    regions: BTreeMap<Option<String>, Region>,
    sites: BTreeMap<SiteName, Site>,
    last_day: Option<i32>,
    score: Option<(i32, Score)>,
}

impl Forecaster {
    /// How good the forecast of that day had been.
    pub(super) fn score(&self) -> Option<(i32, Score)> {
        self.score
    }

    /// The number of a title.
    pub(super) fn number(&self, key: &Key) -> Option<usize> {
        self.numbers.get(key).map(|number| *number as usize)
    }

    /// Takes in what there is to watch now. What has gone keeps its number.
    pub(super) fn know(&mut self, titles: impl Iterator<Item = KnownTitle>) {
        for title in titles {
            match self.numbers.get(&title.key) {
                Some(number) => self.titles[*number as usize] = title,
                None => {
                    let number = u32::try_from(self.titles.len()).unwrap_or(u32::MAX);
                    self.numbers.insert(title.key.clone(), number);
                    self.titles.push(title);
                }
            }
        }
    }

    /// Takes in a day, and says how good its forecast had been.
    pub(super) fn learn(&mut self, day: i32, sites: &[SiteRows]) -> Result<(), Refused> {
        let catalogue = self.catalogue(day, 0)?;
        let ages = Ages::of(&catalogue, day);
        let world = self.world.forecast(&catalogue);
        let mut score = Score::default();
        let mut of_world: Vec<(u32, f64)> = Vec::new();
        let mut by_region: BTreeMap<Option<String>, Vec<&SiteRows>> = BTreeMap::new();
        for rows in sites {
            by_region.entry(rows.region.clone()).or_default().push(rows);
        }
        for (name, sites) in by_region {
            let region = self.regions.entry(name).or_default();
            let forecast = region.forecast(&catalogue, &ages, &world);
            let mut of_region: Vec<(u32, f64)> = Vec::new();
            for rows in sites {
                let unseen = unseen(&self.titles, rows);
                let counted = plays(&self.numbers, &self.titles, &forecast, (&rows.rows, &unseen));
                let known = (&self.numbers, self.titles.as_slice());
                let plays = with_elsewhere(known, &counted, &rows.elsewhere);
                let site = self.sites.entry(rows.site.clone()).or_default();
                let expected = site.forecast(&ages, &forecast);
                let by_number: HashMap<u32, f64> = plays.iter().copied().collect();
                let seen = (0..).zip(&unseen).filter(|(_, is_unseen)| !**is_unseen);
                for (number, _) in seen {
                    let number: u32 = number;
                    let plays = by_number.get(&number).copied().unwrap_or(0.0);
                    score.add(&expected.title(number as usize), plays);
                }
                let of_site = SiteDay { by_title: &plays, by_rendition: &[], unseen: &unseen };
                site.learn(&catalogue, &ages, region.weekdays(), &of_site)?;
                of_region.extend(counted);
            }
            let counted = RegionDay { by_title: &of_region, ..RegionDay::default() };
            region.learn(&catalogue, &ages, &counted)?;
            of_world.extend(of_region);
        }
        self.world.learn(&catalogue, &ages, &of_world)?;
        self.score = self.last_day.is_some().then_some((day, score));
        self.last_day = Some(day);
        Ok(())
    }

    /// What will be wanted on a day after those that were learned, at sites and in their regions. What is
    /// released within some days counts as released on it: it has to be there before.
    pub(super) fn forecast(
        &self,
        day: i32,
        ahead_days: i32,
        sites: &[(SiteName, Option<String>)],
    ) -> Result<Wanted, Refused> {
        let catalogue = self.catalogue(day, ahead_days)?;
        let ages = Ages::of(&catalogue, day);
        let world = self.world.forecast(&catalogue);
        let unknown = Region::default();
        let mut wanted = Wanted::default();
        let mut forecasts: BTreeMap<&Option<String>, RegionForecast> = BTreeMap::new();
        for (site, region) in sites {
            let forecast = forecasts.entry(region).or_insert_with(|| {
                let known = self.regions.get(region).unwrap_or(&unknown);
                known.forecast(&catalogue, &ages, &world)
            });
            let of_region = |number: usize| forecast.title(number).plays;
            wanted.regions.entry(region.clone()).or_insert_with(|| self.rates(of_region));
            if let Some(known) = self.sites.get(site) {
                let expected = known.forecast(&ages, forecast);
                let rates = self.rates(|number| expected.title(number).plays);
                wanted.sites.insert(site.clone(), rates);
            }
        }
        Ok(wanted)
    }

    fn rates(&self, plays: impl Fn(usize) -> f64) -> Vec<f64> {
        let rate =
            |(number, title): (usize, &KnownTitle)| plays(number) * title.play_bytes * PEAK / DAY_S;
        self.titles.iter().enumerate().map(rate).collect()
    }

    fn catalogue(&self, day: i32, ahead_days: i32) -> Result<Catalogue, Refused> {
        let soon = day.saturating_add(ahead_days);
        let title = |title: &KnownTitle| {
            let released = title.released_day;
            let released_day = if released <= soon { released.min(day) } else { released };
            Title {
                kind: title.expected.kind,
                released_day: Some(released_day),
                ladder: 0,
                announced_share: title.expected.share,
            }
        };
        let file = |title: u32| File { title, episode: 0, rendition: 0, size_bytes: 1 };
        let files = (0..).take(self.titles.len()).map(file).collect();
        Catalogue::new(self.titles.iter().map(title).collect(), files)
    }
}

/// By number: whether a title could not be counted at a site.
fn unseen(titles: &[KnownTitle], site: &SiteRows) -> Vec<bool> {
    let Some(held) = &site.held else { return vec![false; titles.len()] };
    let named: HashSet<(&GroupName, &TitleName)> = site
        .rows
        .iter()
        .chain(&site.elsewhere)
        .filter_map(|row| Some((&row.group, row.title.as_ref()?)))
        .collect();
    let is_seen =
        |it: &KnownTitle| held.contains(&it.key) || named.contains(&(&it.key.0, &it.key.1));
    titles.iter().map(|title| !is_seen(title)).collect()
}

/// With the plays that viewers of a site were sent elsewhere for. What of these has no name says nothing of a title.
fn with_elsewhere(
    (numbers, titles): (&HashMap<Key, u32>, &[KnownTitle]),
    plays: &[(u32, f64)],
    elsewhere: &[TitleDemand],
) -> Vec<(u32, f64)> {
    let mut all: BTreeMap<u32, f64> = plays.iter().copied().collect();
    for row in elsewhere {
        let key = row.title.as_ref().map(|title| (row.group.clone(), title.clone()));
        let Some(number) = key.and_then(|key| numbers.get(&key)) else { continue };
        let plays = row.bytes_missed as f64 / titles[*number as usize].play_bytes;
        *all.entry(*number).or_default() += plays.min(MOST_PLAYS);
    }
    all.into_iter().collect()
}

/// Plays of titles. What of a group was told without a name is spread over those of its titles that were
/// not named, as the region watches them.
fn plays(
    numbers: &HashMap<Key, u32>,
    titles: &[KnownTitle],
    region: &RegionForecast,
    (rows, unseen): (&[TitleDemand], &[bool]),
) -> Vec<(u32, f64)> {
    let mut named: BTreeMap<u32, f64> = BTreeMap::new();
    let counted =
        |bytes: f64, number: u32| (bytes / titles[number as usize].play_bytes).min(MOST_PLAYS);
    let mut unnamed: HashMap<&GroupName, f64> = HashMap::new();
    for row in rows {
        let bytes = row.bytes_sent.saturating_add(row.bytes_missed) as f64;
        match &row.title {
            None => *unnamed.entry(&row.group).or_default() += bytes,
            // Of one that the catalogue does not know nothing is learned.
            Some(title) => {
                if let Some(number) = numbers.get(&(row.group.clone(), title.clone())) {
                    *named.entry(*number).or_default() += counted(bytes, *number);
                }
            }
        }
    }
    let mut spread: Vec<(u32, f64)> = Vec::new();
    for (group, bytes) in unnamed {
        let could_be = |(number, it): &(u32, &KnownTitle)| {
            it.key.0 == *group && !named.contains_key(number) && !unseen[*number as usize]
        };
        let of_group = (0..).zip(titles).filter(could_be);
        let weighed: Vec<(u32, f64)> = of_group
            .map(|(number, it)| {
                (number, region.title(number as usize).plays.max(1e-9) * it.play_bytes)
            })
            .collect();
        let all: f64 = weighed.iter().map(|it| it.1).sum();
        let of_title =
            |(number, weight): (u32, f64)| (number, counted(bytes * weight / all, number));
        spread.extend(weighed.into_iter().map(of_title));
    }
    let mut plays: Vec<(u32, f64)> = named.into_iter().chain(spread).collect();
    plays.sort_by_key(|it| it.0);
    plays
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        (GroupName::new("g").expect("name"), TitleName::new(name).expect("name"))
    }

    pub(in crate::planner::placing) fn known(name: &str, released_day: i32) -> KnownTitle {
        let expected = Expected::default();
        KnownTitle { key: key(name), play_bytes: 1e6, released_day, expected }
    }

    fn row(title: Option<&str>, plays: u64) -> TitleDemand {
        let (group, title) = (key("t").0, title.map(|name| key(name).1));
        TitleDemand { group, title, bytes_sent: plays * 600_000, bytes_missed: plays * 400_000 }
    }

    fn site(name: &str) -> SiteName {
        SiteName::new(name).expect("name")
    }

    fn day(rows: &[(&str, Vec<TitleDemand>)]) -> Vec<SiteRows> {
        let of = |(name, rows): &(&str, Vec<TitleDemand>)| SiteRows {
            site: site(name),
            region: Some("north".into()),
            rows: rows.clone(),
            elsewhere: vec![],
            held: None,
        };
        rows.iter().map(of).collect()
    }

    const PLACES: [&str; 2] = ["a", "b"];

    pub(in crate::planner::placing) fn places() -> [(SiteName, Option<String>); 2] {
        PLACES.map(|name| (site(name), Some("north".to_owned())))
    }

    fn forecast(of: &Forecaster, day: i32) -> Wanted {
        of.forecast(day, 3, &places()).expect("a forecast")
    }

    pub(in crate::planner::placing) fn learned() -> Forecaster {
        let mut forecaster = Forecaster::default();
        forecaster.know(["x", "y", "z"].into_iter().map(|name| known(name, 0)));
        for at in 0..5 {
            let a = vec![row(Some("x"), 1000), row(Some("y"), 100), row(Some("gone"), 9)];
            let b = vec![row(Some("y"), 300), row(None, 50)];
            forecaster.learn(1000 + at, &day(&[("a", a), ("b", b)])).expect("a day");
        }
        forecaster
    }

    #[test]
    fn what_was_watched_is_what_will_be() {
        let forecaster = learned();
        let wanted = forecast(&forecaster, 1005);
        let [x, y, z] = [0, 1, 2].map(|number| wanted.regions[&Some("north".to_owned())][number]);
        assert!(x > 2.0 * y && y > 5.0 * z && z > 0.0, "{x} {y} {z}");
        // A play is a megabyte: a thousand of them at the peak.
        let peak = 1000.0 * 1e6 * PEAK / DAY_S;
        assert!((0.7..1.3).contains(&(x / peak)), "{x} {peak}");
        let at = |name: &str, number: usize| wanted.sites[&site(name)][number];
        assert!(at("a", 0) > 5.0 * at("a", 1) && at("b", 1) > at("b", 0), "{wanted:?}");
        let (day, score) = forecaster.score().expect("a score");
        assert_eq!(day, 1004);
        assert!(score.wape().is_some_and(|error| error < 0.3), "{score:?}");
    }

    #[test]
    fn what_has_no_name_is_spread_over_the_others() {
        let forecaster = learned();
        let region = Region::default();
        let catalogue = forecaster.catalogue(1005, 0).expect("a catalogue");
        let ages = Ages::of(&catalogue, 1005);
        let forecast = region.forecast(&catalogue, &ages, &World::default().forecast(&catalogue));
        let rows = [row(Some("y"), 3), row(None, 8)];
        let found = plays(&forecaster.numbers, &forecaster.titles, &forecast, (&rows, &[false; 3]));
        let numbers: Vec<u32> = found.iter().map(|it| it.0).collect();
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(found[1].1, 3.0);
        assert!((found[0].1 + found[2].1 - 8.0).abs() < 1e-9);
        let unseen = [true, false, false];
        let found = plays(&forecaster.numbers, &forecaster.titles, &forecast, (&rows, &unseen));
        assert_eq!(found.len(), 2, "what was not there had no part in it");
    }

    #[test]
    fn what_a_site_did_not_hold_is_wanted_there_as_elsewhere() {
        let learned = |held: Option<Arc<HashSet<Key>>>| {
            let mut forecaster = Forecaster::default();
            forecaster.know(["x", "y"].into_iter().map(|name| known(name, 0)));
            for at in 0..10 {
                let a = vec![row(Some("x"), 500), row(Some("y"), 500)];
                let mut sites = day(&[("a", a), ("b", vec![row(Some("x"), 500)])]);
                sites[1].held.clone_from(&held);
                forecaster.learn(1000 + at, &sites).expect("a day");
            }
            let wanted = forecast(&forecaster, 1010);
            let at_b = &wanted.sites[&site("b")];
            at_b[1] / at_b[0]
        };
        let held = Some(Arc::new(HashSet::from([key("x")])));
        let (as_if_seen, unseen) = (learned(None), learned(held));
        assert!(as_if_seen < 0.1 && unseen > 0.15, "{as_if_seen} {unseen}");
    }

    #[test]
    fn who_is_sent_elsewhere_is_wanted_at_his_site_and_counted_once_in_the_region() {
        let learned = |elsewhere: Vec<TitleDemand>| {
            let mut forecaster = Forecaster::default();
            forecaster.know(["x", "y"].into_iter().map(|name| known(name, 0)));
            for at in 0..10 {
                let a = vec![row(Some("x"), 500), row(Some("y"), 500)];
                let mut sites = day(&[("a", a), ("b", vec![row(Some("x"), 500)])]);
                sites[1].held = Some(Arc::new(HashSet::from([key("x")])));
                sites[1].elsewhere.clone_from(&elsewhere);
                forecaster.learn(1000 + at, &sites).expect("a day");
            }
            let wanted = forecast(&forecaster, 1010);
            let region = &wanted.regions[&Some("north".to_owned())];
            let of_b = &wanted.sites[&site("b")];
            (of_b[1] / of_b[0], region[1] / region[0])
        };
        let (group, title) = key("y");
        let many =
            TitleDemand { group, title: Some(title), bytes_sent: 0, bytes_missed: 2_000_000_000 };
        let (without, with) = (learned(vec![]), learned(vec![many]));
        assert!(with.0 > 2.0 * without.0, "{without:?} {with:?}");
        assert!((with.1 / without.1 - 1.0).abs() < 0.05, "{without:?} {with:?}");
    }

    #[test]
    fn what_nobody_has_watched_is_wanted_as_is_expected() {
        let mut forecaster = learned();
        let expected = |share| Expected { share, ..Expected::default() };
        let new = |name, share| KnownTitle { expected: expected(share), ..known(name, 1005) };
        forecaster.know([new("small", Some(0.01)), new("huge", Some(0.5))].into_iter());
        let wanted = forecast(&forecaster, 1005);
        let north = &wanted.regions[&Some("north".to_owned())];
        let (small, huge, all) = (north[3], north[4], north.iter().sum::<f64>());
        assert!(small > 0.0 && huge > 20.0 * small, "{north:?}");
        assert!((0.2..0.7).contains(&(huge / all)), "{north:?}");
    }

    #[test]
    fn what_comes_within_days_is_there_before_and_what_comes_later_is_not() {
        let mut forecaster = learned();
        forecaster.know([known("soon", 1007), known("later", 1030)].into_iter());
        let wanted = forecast(&forecaster, 1005);
        let north = &wanted.regions[&Some("north".to_owned())];
        assert!(north[3] > 0.0 && north[4] == 0.0, "{north:?}");
        assert_eq!(forecaster.number(&key("later")), Some(4));
    }

    #[test]
    fn nothing_known_is_nothing_wanted() {
        let wanted = forecast(&Forecaster::default(), 1000);
        assert_eq!(wanted.regions[&Some("north".to_owned())], Vec::<f64>::new());
        assert!(wanted.sites.is_empty());
    }
}
