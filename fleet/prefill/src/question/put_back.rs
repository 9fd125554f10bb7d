//! An older placement is put back: nothing is worked out, each box is to hold what it held then. What that comes
//! to with what is wanted now is added up.

use super::answer::{Answer, Before, BoxAnswer, Outcome, SiteOutcome, held_before, kept};
use super::asked::{Question, Said, SiteAsked};
use super::fleet::Lists;
use std::collections::{BTreeMap, BTreeSet, HashMap};

impl Question {
    /// Whether it asks for an older placement: all boxes are to hold what they held then.
    #[must_use]
    pub fn is_put_back(&self) -> bool {
        let mut boxes = self.boxes().peekable();
        boxes.peek().is_some() && boxes.all(|(_, one)| one.said == Some(Said::PutBack))
    }
}

pub(super) fn put_back(question: &Question, before: &dyn Before, lists: &Lists) -> Answer {
    let mut boxes: Vec<BoxAnswer> = Vec::new();
    for (site, one) in question.boxes() {
        let held = held_before(before, one);
        boxes.extend(held.and_then(|titles| kept(question, site, one, titles, lists)));
    }
    boxes.sort_by(|a, b| a.device.cmp(&b.device));
    let outcome = Outcome {
        held_bytes: boxes.iter().map(|one| one.held_bytes).sum(),
        ..Served { question, boxes: &boxes }.outcome()
    };
    Answer { boxes, outcome }
}

struct Served<'a> {
    question: &'a Question,
    boxes: &'a [BoxAnswer],
}

/// By number of the title: bytes per second at the peak.
type Wanted = BTreeMap<u32, f64>;

impl Served<'_> {
    /// From the sites that nobody asks up to those that all ask.
    fn outcome(&self) -> Outcome {
        let mut asked: HashMap<usize, Wanted> = HashMap::new();
        let mut outcome = Outcome {
            sites: vec![SiteOutcome::default(); self.question.sites.len()],
            ..Outcome::default()
        };
        for at in self.upwards() {
            let mut wanted = asked.remove(&at).unwrap_or_default();
            outcome.wanted_bytes_per_s += self.add_own(at, &mut wanted);
            let missed = self.serve(at, wanted, &mut outcome.sites[at]);
            match self.question.sites[at].parent.filter(|at| *at < outcome.sites.len()) {
                None => outcome.origin_bytes_per_s += missed.values().sum::<f64>(),
                Some(parent) => {
                    let sums = asked.entry(parent).or_default();
                    missed.iter().for_each(|(title, it)| *sums.entry(*title).or_default() += it);
                }
            }
        }
        outcome
    }

    /// What the site's own viewers want, beside what it is asked for; and the sum.
    fn add_own(&self, at: usize, wanted: &mut Wanted) -> f64 {
        let mut all = 0.0;
        for number in self.numbers() {
            let own = self.question.wanted(&self.question.sites[at], number);
            if own > 0.0 {
                *wanted.entry(number).or_default() += own;
                all += own;
            }
        }
        all
    }

    /// What it does not hold.
    fn serve(&self, at: usize, mut wanted: Wanted, outcome: &mut SiteOutcome) -> Wanted {
        let site = &self.question.sites[at];
        let held = self.held(site);
        outcome.site = Some(site.site.clone());
        outcome.wanted_bytes_per_s = wanted.values().sum();
        wanted.retain(|title, _| !held.contains(title));
        outcome.served_bytes_per_s = outcome.wanted_bytes_per_s - wanted.values().sum::<f64>();
        wanted
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        let titles = (0..).zip(&self.question.titles);
        titles.filter(|(_, title)| title.is_some()).map(|(number, _)| number)
    }

    /// Those with the most sites above them first.
    fn upwards(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.question.sites.len()).collect();
        places.sort_by_key(|at| (std::cmp::Reverse(self.question.upwards(*at).count()), *at));
        places
    }

    fn held(&self, site: &SiteAsked) -> BTreeSet<u32> {
        let boxes = site.classes.iter().flat_map(|class| &class.boxes);
        let answer = |device| self.boxes.binary_search_by(|one| one.device.cmp(device)).ok();
        boxes
            .filter_map(|one| answer(&one.device))
            .flat_map(|at| &self.boxes[at].titles)
            .copied()
            .collect()
    }
}
