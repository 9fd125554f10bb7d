use super::*;
use proptest::prelude::*;

const BUDGET: Budget = Budget { per_hour: 5, per_day: 20, first_pause: Duration::from_secs(600) };

fn at(s: i64) -> TimeUs {
    TimeUs(1_000_000_000_000_000).plus_s(s)
}

fn failed_at(s: i64, fault: Fault, retry_s: i64) -> Past {
    let problem = "so".to_owned();
    let ended = Some(Ended::Failed { fault, problem, retry_at: at(retry_s) });
    Past { begun_at: at(s), ended }
}

fn issued_at(s: i64) -> Past {
    Past { begun_at: at(s), ended: Some(Ended::Issued) }
}

fn waits(history: &History, s: i64) -> Option<(Waits, TimeUs)> {
    admit(&BUDGET, history, at(s)).err().map(|later| (later.waits, later.until))
}

#[test]
fn one_order_of_a_box_is_under_way_and_a_few_of_all() {
    let begun = |s| Past { begun_at: at(s), ended: None };
    let own = History { of_box: vec![begun(0)], of_all: vec![begun(0)], ..History::default() };
    assert_eq!(waits(&own, 1), Some((Waits::UnderWay, at(LONGEST_ORDER_S))));
    assert_eq!(waits(&own, LONGEST_ORDER_S), None, "cut off, and nobody has noticed");
    let others = |count| History { of_all: vec![begun(0); count], ..History::default() };
    assert_eq!(waits(&others(AT_ONCE - 1), 1), None);
    assert_eq!(waits(&others(AT_ONCE), 1), Some((Waits::OthersFirst, at(LONGEST_ORDER_S))));
}

#[test]
fn a_failure_of_one_box_is_not_the_others_and_one_of_the_authority_is() {
    let of = |fault| {
        let past = failed_at(0, fault, 600);
        let own = History { of_box: vec![past.clone()], of_all: vec![past], ..History::default() };
        let others = History { of_box: Vec::new(), ..own.clone() };
        [waits(&own, 10).is_some(), waits(&others, 10).is_some()]
    };
    assert_eq!(of(Fault::OfWish), [true, false]);
    assert_eq!(of(Fault::OfAuthority), [true, true]);
    let over = vec![issued_at(5), failed_at(0, Fault::OfAuthority, 600)];
    let over = History { of_all: over, ..History::default() };
    assert_eq!(waits(&over, 10), None, "it has issued since");
}

#[test]
fn what_it_waits_for_longest_says_when() {
    let history = History {
        fills_hour: Some(at(0)),
        of_box: vec![failed_at(0, Fault::OfWish, 60)],
        ..History::default()
    };
    let so = Waits::Failed { problem: "so".to_owned() };
    assert_eq!(waits(&history, 10), Some((so, at(3600))));
    assert_eq!(waits(&history, 61), Some((Waits::HourIsFull(5), at(3600))));
    assert_eq!(waits(&history, 3600), None);
}

#[test]
fn a_box_that_asks_for_more_and_more_waits() {
    let history = History { of_box: (0..3).rev().map(issued_at).collect(), ..History::default() };
    assert_eq!(waits(&history, 10), Some((Waits::BoxHasMany(OF_ONE_BOX), at(86_400))));
    assert_eq!(waits(&history, 86_400), None, "the first was a day ago");
}

#[test]
fn those_that_failed_side_by_side_count_once() {
    let fault = Fault::OfAuthority;
    let together =
        vec![failed_at(3, fault, 700), failed_at(2, fault, 620), failed_at(1, fault, 640)];
    assert_eq!(failures(&together, fault, at(0)), 0, "they are the same failure");
    assert_eq!(failures(&together, fault, at(700)), 1);
    assert_eq!(failures(&together, Fault::OfWish, at(700)), 0);
    let again = [vec![failed_at(800, fault, 2000)], together].concat();
    assert_eq!(failures(&again, fault, at(2000)), 2);
    let issued = [vec![issued_at(2100)], again].concat();
    assert_eq!(failures(&issued, fault, at(3000)), 0);
}

proptest! {
    #[test]
    fn pauses_grow_and_end(before in 0usize..1000, spread in -1.0..2.0) {
        let (this, next) = (pause(&BUDGET, before, spread), pause(&BUDGET, before + 1, spread));
        prop_assert!(BUDGET.first_pause <= this && this <= next);
        prop_assert!(next <= LONGEST_PAUSE.mul_f64(1.25));
    }

    /// Whoever asks whenever he is told to is let in at some time, and never more often than is
    /// allowed, whatever becomes of the orders.
    #[test]
    fn no_more_is_ordered_than_may_be(
        outcomes in proptest::collection::vec(0u8..4, 1..120),
        boxes in 1usize..6,
    ) {
        let mut world = World::new(boxes);
        for outcome in outcomes {
            world.order(outcome);
        }
        for span in [(HOUR_US, BUDGET.per_hour), (DAY_US, BUDGET.per_day)] {
            let most = usize::try_from(span.1).expect("few");
            for many in world.begun.windows(most + 1) {
                prop_assert!(many[most].0 - many[0].0 >= span.0, "{:?}", many);
            }
        }
    }
}

/// Boxes that ask in turn, each as soon as it may.
struct World {
    now: TimeUs,
    begun: Vec<TimeUs>,
    all: Vec<(usize, Past)>,
    boxes: usize,
}

impl World {
    fn new(boxes: usize) -> Self {
        Self { now: at(0), begun: Vec::new(), all: Vec::new(), boxes }
    }

    fn history(&self, of: usize) -> History {
        let nth = |count: u32| {
            let count = usize::try_from(count).expect("few");
            self.begun.len().checked_sub(count).map(|first| self.begun[first])
        };
        let last = |own: &dyn Fn(usize) -> bool| {
            let all = self.all.iter().rev().filter(|(device, _)| own(*device));
            all.map(|(_, past)| past.clone()).collect()
        };
        History {
            fills_hour: nth(BUDGET.per_hour),
            fills_day: nth(BUDGET.per_day),
            of_box: last(&|device| device == of),
            of_all: last(&|_| true),
        }
    }

    fn order(&mut self, outcome: u8) {
        let device = self.all.len() % self.boxes;
        while let Err(later) = admit(&BUDGET, &self.history(device), self.now) {
            assert!(later.until > self.now, "told to come at once: {later:?}");
            self.now = later.until;
        }
        self.begun.push(self.now);
        let history = self.history(device);
        let failed = |fault, orders: &[Past]| {
            let pause = pause(&BUDGET, failures(orders, fault, self.now), 0.0);
            let retry_at = self.now.plus_s(i64::try_from(pause.as_secs()).expect("hours"));
            Some(Ended::Failed { fault, problem: "so".to_owned(), retry_at })
        };
        let ended = match outcome {
            0 => failed(Fault::OfWish, &history.of_box),
            1 => failed(Fault::OfAuthority, &history.of_all),
            2 => Some(Ended::CutOff),
            _ => Some(Ended::Issued),
        };
        self.all.push((device, Past { begun_at: self.now, ended }));
    }
}
