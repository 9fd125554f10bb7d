//! An older placement is put back: nothing is worked out, each box is to hold what it held then. What that comes
//! to with what is wanted now is added up.

use super::answer::{Answer, Before, BoxAnswer, Outcome, SiteOutcome, held_before, kept};
use super::asked::{Budgets, Question, SiteAsked};
use super::fleet::Lists;
use super::somewhere::missing;
use crate::cluster::Bitmap;
use contract::names::DeviceName;
use std::collections::{BTreeMap, HashMap};

pub(super) fn put_back(question: &Question, before: &dyn Before, lists: &Lists) -> Answer {
    let kept = |(site, one): (&SiteAsked, &Budgets)| {
        let titles = held_before(before, one)?;
        Some((one.device.clone(), kept(question, site, one, titles, lists)?))
    };
    let boxes: BTreeMap<DeviceName, BoxAnswer> = question.boxes().filter_map(kept).collect();
    let mut held = Bitmap::new(lists.files());
    boxes.values().flat_map(|one| &one.titles).for_each(|title| held.insert(*title));
    let outcome = Outcome {
        held_bytes: boxes.values().map(|one| one.held_bytes).sum(),
        nowhere: missing(question, &held),
        ..Served { question, boxes: &boxes }.outcome()
    };
    Answer { boxes: boxes.into_values().collect(), outcome }
}

struct Served<'a> {
    question: &'a Question,
    boxes: &'a BTreeMap<DeviceName, BoxAnswer>,
}

/// By number of the title: bytes per second at the peak.
type Wanted = Vec<f64>;

impl Served<'_> {
    /// From the sites that nobody asks up to those that all ask.
    fn outcome(&self) -> Outcome {
        let titles = self.question.titles.len();
        let mut asked: HashMap<usize, Wanted> = HashMap::new();
        let mut outcome = Outcome {
            sites: vec![SiteOutcome::default(); self.question.sites.len()],
            ..Outcome::default()
        };
        for at in self.upwards() {
            let mut wanted = asked.remove(&at).unwrap_or_else(|| vec![0.0; titles]);
            outcome.wanted_bytes_per_s += self.add_own(at, &mut wanted);
            self.serve(at, &mut wanted, &mut outcome.sites[at]);
            match self.question.sites[at].parent.filter(|at| *at < outcome.sites.len()) {
                None => outcome.origin_bytes_per_s += wanted.iter().sum::<f64>(),
                Some(parent) => {
                    let sums = asked.entry(parent).or_insert_with(|| vec![0.0; titles]);
                    sums.iter_mut().zip(wanted).for_each(|(sum, missed)| *sum += missed);
                }
            }
        }
        outcome
    }

    /// What the site's own viewers want, beside what it is asked for; and the sum.
    fn add_own(&self, at: usize, wanted: &mut [f64]) -> f64 {
        let site = &self.question.sites[at];
        let regional = self.question.regions.get(site.region);
        let regional = regional.map_or(&[][..], |it| it.demand_bytes_per_s.as_slice());
        let mut deviations = site.deviations.iter().peekable();
        let mut all = 0.0;
        for ((number, wanted), demand) in (0_u32..).zip(wanted).zip(regional) {
            let own = deviations.next_if(|own| own.0 == number);
            let own = own.map_or(site.share * f64::from(*demand), |own| f64::from(own.1));
            *wanted += own;
            all += own;
        }
        all
    }

    /// Leaves what it does not hold.
    fn serve(&self, at: usize, wanted: &mut [f64], outcome: &mut SiteOutcome) {
        let site = &self.question.sites[at];
        outcome.site = Some(site.site.clone());
        outcome.byte_worth = site.byte_worth;
        outcome.has_boxes_out = site.boxes().any(|one| one.said.is_some());
        outcome.wanted_bytes_per_s = wanted.iter().sum();
        for number in self.held(site).ordinals() {
            let served = wanted.get_mut(number as usize).map(std::mem::take);
            outcome.served_bytes_per_s += served.unwrap_or(0.0);
        }
    }

    /// Those with the most sites above them first.
    fn upwards(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.question.sites.len()).collect();
        places.sort_by_key(|at| (std::cmp::Reverse(self.question.upwards(*at).count()), *at));
        places
    }

    fn held(&self, site: &SiteAsked) -> Bitmap {
        let mut held = Bitmap::new(self.question.titles.len());
        let answers = site.boxes().filter_map(|one| self.boxes.get(&one.device));
        answers.flat_map(|one| &one.titles).for_each(|title| held.insert(*title));
        held
    }
}
