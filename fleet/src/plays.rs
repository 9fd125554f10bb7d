//! Whom viewers are sent away from: what they began to watch that their own site does not hold.
//!
//! Boxes count what they are asked for. What a site does not hold nobody asks its boxes for: that it is wanted there
//! is known only to whoever sends viewers elsewhere. No address is kept, and nobody counts often: viewers are told
//! apart by a hash that no other process makes, and who asks for the same again and again is one play.

use contract::demand::FEWEST_SESSIONS;
use contract::names::{GroupName, SiteName, TitleName};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// More titles of one site are not told apart on one day.
const MOST_TITLES: usize = 20_000;

/// Who is among so many that asked for a title last asks for the same again.
const LAST: usize = 32;

/// A group and a title of it.
pub(crate) type Key = (GroupName, TitleName);

/// Those who began to watch something.
#[derive(Debug, Clone, Default)]
pub(crate) struct Viewers {
    pub(crate) plays: u64,
    /// Some of them, until they are enough.
    some: HashSet<u64>,
    last: VecDeque<u64>,
}

/// The plays of viewers of a site, of a day.
#[derive(Debug, Clone, Default)]
pub(crate) struct OfSite {
    pub(crate) titles: HashMap<Key, Viewers>,
    /// Of all titles of a group.
    pub(crate) groups: HashMap<GroupName, Viewers>,
    /// Rises with each play.
    changes: u64,
    told: u64,
}

/// The plays of a day, and of the one before until it has been told.
#[derive(Debug, Default)]
pub(crate) struct Plays {
    days: Mutex<Days>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Days {
    day: i32,
    sites: HashMap<SiteName, OfSite>,
    over: Vec<(i32, HashMap<SiteName, OfSite>)>,
}

/// Days that are over and have not been told are kept so long.
const MOST_OVER: usize = 2;

impl Viewers {
    /// Whether it is another play.
    fn count(&mut self, viewer: u64) -> bool {
        if self.last.contains(&viewer) {
            return false;
        }
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(viewer);
        if !self.are_many() {
            self.some.insert(viewer);
        }
        self.plays += 1;
        true
    }

    /// Whether they are as many as may be told of.
    pub(crate) fn are_many(&self) -> bool {
        self.some.len() >= FEWEST_SESSIONS
    }
}

impl Plays {
    /// Counts a viewer of a site who is sent elsewhere for a title.
    pub(crate) fn count(&self, day: i32, site: &SiteName, title: &Key, client: IpAddr) {
        let viewer = self.hasher.hash_one(network(client));
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.begin(day);
        let of_site = match days.sites.get_mut(site) {
            Some(of_site) => of_site,
            None => days.sites.entry(site.clone()).or_default(),
        };
        of_site.count(title, viewer);
    }

    /// The sites of which something is to be told, with the days.
    pub(crate) fn untold(&self, day: i32) -> Vec<(i32, SiteName)> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.begin(day);
        let today = (days.day, &days.sites);
        let over = days.over.iter().map(|(day, sites)| (*day, sites));
        let all = over.chain([today]).flat_map(|(day, sites)| {
            let untold = sites.iter().filter(|(_, it)| it.changes != it.told);
            untold.map(move |(site, _)| (day, site.clone()))
        });
        all.collect()
    }

    /// What was counted at one of them.
    pub(crate) fn of_site(&self, day: i32, site: &SiteName) -> Option<OfSite> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.at(day).and_then(|sites| sites.get(site)).cloned()
    }

    /// That it was told, as it was then.
    pub(crate) fn told(&self, day: i32, site: &SiteName, as_it_was: &OfSite) {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_site) = days.at(day).and_then(|sites| sites.get_mut(site)) {
            of_site.told = as_it_was.changes;
        }
        let is_told =
            |sites: &HashMap<SiteName, OfSite>| sites.values().all(|it| it.changes == it.told);
        days.over.retain(|(_, sites)| !is_told(sites));
    }
}

impl OfSite {
    fn count(&mut self, title: &Key, viewer: u64) {
        if self.titles.len() >= MOST_TITLES && !self.titles.contains_key(title) {
            return;
        }
        if self.titles.entry(title.clone()).or_default().count(viewer) {
            // One who watches many titles is one of those who watch the group.
            self.groups.entry(title.0.clone()).or_default().count(viewer);
            self.changes += 1;
        }
    }
}

impl Days {
    /// Another day. A clock that goes back counts for the day that has begun.
    fn begin(&mut self, day: i32) {
        if day <= self.day {
            return;
        }
        let sites = std::mem::take(&mut self.sites);
        if !sites.is_empty() {
            self.over.push((self.day, sites));
        }
        let too_many = self.over.len().saturating_sub(MOST_OVER);
        self.over.drain(..too_many);
        self.day = day;
    }

    fn at(&mut self, day: i32) -> Option<&mut HashMap<SiteName, OfSite>> {
        if day == self.day {
            return Some(&mut self.sites);
        }
        self.over.iter_mut().find(|over| over.0 == day).map(|over| &mut over.1)
    }
}

/// What a viewer has to himself: of IPv6 a network, since its addresses change.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(title: &str) -> Key {
        (GroupName::new("g").expect("name"), TitleName::new(title).expect("name"))
    }

    fn client(number: u8) -> IpAddr {
        [192, 0, 2, number].into()
    }

    #[test]
    fn who_comes_again_and_again_is_one() {
        let plays = Plays::default();
        let site = SiteName::new("oslo-1").expect("name");
        let networks: [IpAddr; 2] =
            ["2001:db8::1", "2001:db8::2"].map(|it| it.parse().expect("one"));
        for _ in 0..50 {
            plays.count(7, &site, &key("a"), client(1));
            networks.iter().for_each(|network| plays.count(7, &site, &key("a"), *network));
        }
        let viewers = plays.of_site(7, &site).expect("counted").titles[&key("a")].clone();
        assert_eq!((viewers.plays, viewers.are_many()), (2, false));
        for number in 0..20 {
            plays.count(7, &site, &key("a"), client(number + 2));
            // One viewer of many titles is no crowd.
            plays.count(7, &site, &key(&format!("t{number}")), client(1));
        }
        let of_site = plays.of_site(7, &site).expect("counted");
        assert!(of_site.titles[&key("a")].are_many());
        assert_eq!(of_site.titles[&key("t3")].plays, 1);
        assert!(of_site.groups[&key("a").0].are_many(), "they are, with the others");
    }

    #[test]
    fn a_day_is_told_when_it_has_changed_and_once_more_when_it_is_over() {
        let plays = Plays::default();
        let site = SiteName::new("oslo-1").expect("name");
        assert_eq!(plays.untold(7), []);
        plays.count(7, &site, &key("a"), client(1));
        assert_eq!(plays.untold(7), [(7, site.clone())]);
        let as_it_was = plays.of_site(7, &site).expect("counted");
        plays.count(7, &site, &key("a"), client(2));
        // What came meanwhile has not been told.
        plays.told(7, &site, &as_it_was);
        assert_eq!(plays.untold(7), [(7, site.clone())]);
        let tell = |day| {
            let as_it_was = plays.of_site(day, &site).expect("counted");
            plays.told(day, &site, &as_it_was);
            as_it_was.titles[&key("a")].plays
        };
        assert_eq!(tell(7), 2);
        assert_eq!(plays.untold(7), []);
        plays.count(7, &site, &key("a"), client(3));
        plays.count(8, &site, &key("a"), client(1));
        // The clock goes back a little: it is the same day.
        plays.count(7, &site, &key("a"), client(4));
        assert_eq!(plays.untold(8), [(7, site.clone()), (8, site.clone())]);
        assert_eq!((tell(7), tell(8)), (3, 2));
        assert_eq!(plays.untold(8), []);
        assert!(plays.of_site(7, &site).is_none(), "it is over, and told");
    }
}
