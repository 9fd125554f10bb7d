//! What follows from the question alone.

use super::asked::{Budgets, Question, SiteAsked, TitleAsked, Tuning};
use contract::names::{GroupName, TitleName};

impl Question {
    /// How a site is planned.
    #[must_use]
    pub fn tuning_of(&self, site: &SiteAsked) -> Tuning {
        site.tuning.unwrap_or(self.tuning)
    }

    /// The place in [`Question::lacking`] says what a site must not hold: whether this is none of it.
    pub(super) fn may_hold(&self, lacking: Option<usize>, number: u32) -> bool {
        let lacking = lacking.and_then(|at| self.lacking.get(at));
        lacking.is_none_or(|lacking| lacking.binary_search(&number).is_err())
    }

    /// What a site's own viewers want of a title: bytes per second at the peak.
    pub(super) fn wanted(&self, site: &SiteAsked, number: u32) -> f64 {
        if let Ok(own) = site.deviations.binary_search_by_key(&number, |own| own.0) {
            return f64::from(site.deviations[own].1);
        }
        let regional = self.regions.get(site.region);
        let regional = regional.and_then(|it| it.demand_bytes_per_s.get(number as usize));
        site.share * regional.copied().map_or(0.0, f64::from)
    }

    /// The places of a site and of those above it, the nearest first.
    pub(super) fn upwards(&self, site: usize) -> impl Iterator<Item = usize> {
        let above = |at: &usize| self.sites.get(*at).and_then(|site| site.parent);
        // There are no circles; where one was made, it ends.
        std::iter::successors(Some(site), above).take(self.sites.len())
    }
}

impl SiteAsked {
    /// Its boxes, of all classes.
    pub fn boxes(&self) -> impl Iterator<Item = &Budgets> {
        self.classes.iter().flat_map(|class| &class.boxes)
    }

    /// The class with the most room on boxes that are planned on.
    pub(super) fn roomiest(&self) -> Option<usize> {
        let classes =
            self.classes.iter().map(|class| class.boxes.iter().filter(|it| it.said.is_none()));
        let rooms = classes.map(|boxes| boxes.map(|it| it.room_bytes).sum::<u64>());
        let rooms = rooms.enumerate().filter(|(_, room)| *room > 0);
        rooms.max_by_key(|(at, room)| (*room, std::cmp::Reverse(*at))).map(|(at, _)| at)
    }

    /// The boxes of that class that are planned on: pins go to them.
    pub(super) fn roomiest_boxes(&self) -> impl Iterator<Item = &Budgets> {
        let class = self.roomiest().map(|at| &self.classes[at]);
        class.into_iter().flat_map(|class| &class.boxes).filter(|one| one.said.is_none())
    }
}

impl TitleAsked {
    /// What it is known by.
    #[must_use]
    pub fn key(&self) -> (&GroupName, &TitleName) {
        (&self.group, &self.title)
    }
}

impl Budgets {
    /// New bytes of a day: what windows let in, and what its disks may be written.
    pub(super) fn most_new_bytes(&self) -> u64 {
        self.fill_bytes.unwrap_or(u64::MAX).min(self.endurance_bytes.unwrap_or(u64::MAX))
    }
}
