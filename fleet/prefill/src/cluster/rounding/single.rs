//! Files that are weighed one by one.

use super::super::copies::Exception;
use super::super::dual::Lagrangian;
use super::super::terms::MAX_CLASSES;
use super::mixed::Owed;
use super::{Offer, Rounding};

/// Where one exception is held, and who serves how much of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in super::super) struct Single {
    pub(in super::super) held: [bool; MAX_CLASSES],
    pub(in super::super) served: [f64; MAX_CLASSES],
}

impl Rounding {
    /// Places them, the densest first: pins where they must be, all others as the mixture has
    /// them.
    pub(super) fn place_singles(&mut self, lagrangian: &Lagrangian) {
        let files = lagrangian.exceptions;
        self.singles.clear();
        self.singles.extend(files.iter().map(|file| Single {
            held: file.choices.map(|choice| choice.is_pinned),
            ..Single::default()
        }));
        self.singles_order.clear();
        self.singles_order.extend(0..files.len());
        self.singles_order.sort_unstable_by(|a, b| {
            files[*b].density().total_cmp(&files[*a].density()).then(a.cmp(b))
        });
        let churn_price = lagrangian.terms.churn_price;
        let mut owed = Owed::of(&lagrangian.budgets());
        for at in 0..files.len() {
            let at = self.singles_order[at];
            let file = &files[at];
            let shares = self.shares(|prices| file.best(prices, churn_price));
            let offer = owed.settle((file.size_bytes, file.demand), &shares, |class| {
                self.offer_single(lagrangian, file, at, class)
            });
            if let Some(offer) = offer {
                self.take_single(at, &offer);
            }
        }
    }

    /// What is not served of them wholly goes to whoever has room.
    pub(super) fn fill_singles(&mut self, lagrangian: &Lagrangian) {
        for at in 0..lagrangian.exceptions.len() {
            let at = self.singles_order[at];
            let file = &lagrangian.exceptions[at];
            for _ in 0..lagrangian.terms.classes {
                let classes = 0..lagrangian.terms.classes;
                let offers =
                    classes.filter_map(|class| self.offer_single(lagrangian, file, at, class));
                let best = offers.max_by(Offer::against);
                let Some(offer) = best else { break };
                self.take_single(at, &offer);
            }
        }
    }

    fn offer_single(
        &self,
        lagrangian: &Lagrangian,
        file: &Exception,
        at: usize,
        class: usize,
    ) -> Option<Offer> {
        let (choice, single) = (&file.choices[class], &self.singles[at]);
        if !choice.is_open {
            return None;
        }
        let is_held = single.held[class];
        let disk_bytes = if is_held { 0 } else { choice.disk_bytes };
        let new_bytes = if is_held { 0 } else { choice.new_bytes };
        let unserved = file.demand - single.served.iter().sum::<f64>();
        let served = unserved.min(self.room.throughput[class]);
        let gain = served - lagrangian.terms.churn_price * new_bytes as f64;
        let offer = Offer { class, disk_bytes, new_bytes, served, gain, price: 0.0 };
        self.good(file.demand, offer)
    }

    fn take_single(&mut self, at: usize, offer: &Offer) {
        self.room.take(offer.class, offer.disk_bytes, offer.new_bytes, offer.served);
        let single = &mut self.singles[at];
        single.held[offer.class] = true;
        single.served[offer.class] += offer.served;
    }
}
