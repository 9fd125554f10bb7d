//! When the next certificate may be ordered: pure.
//!
//! Authorities count what they are asked, and those who ask too much are refused for a week. So the
//! fleet counts first, leaves an authority alone that is in trouble, and one box's trouble is not
//! the others'.

use ca::Fault;
use contract::time::TimeUs;
use std::fmt;
use std::time::Duration;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// So many orders are under way at once: each holds a record in DNS, and an authority that is slow
/// is not made faster by more of them.
pub const AT_ONCE: usize = 4;

/// An order takes no longer than this, whatever becomes of it: what is still under way then was cut
/// off.
const LONGEST_ORDER_S: i64 = 900;

/// So many certificates a box is obtained in a day: one that asks for more has lost its keys thrice,
/// or is not what it says, and must not take the orders of all others.
pub const OF_ONE_BOX: usize = 3;

/// The longest pause after failures. An authority that was away for days is asked four times a day;
/// boxes have weeks left.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// How much may be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Orders within an hour.
    pub per_hour: u32,
    /// Orders within a day.
    pub per_day: u32,
    /// The pause after a failure; twice as long after each one that follows.
    pub first_pause: Duration,
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// There is a certificate.
    Issued,
    /// There is none.
    Failed {
        /// By whose fault.
        fault: Fault,
        /// In words.
        problem: String,
        /// When to try again.
        retry_at: TimeUs,
    },
    /// The fleet ended before the order did.
    CutOff,
}

/// An order that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// When.
    pub begun_at: TimeUs,
    /// What became of it; nothing while it is under way.
    pub ended: Option<Ended>,
}

/// What was ordered of an authority, as far as it matters for the next order of a box.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// When the order was begun with which an hour's orders are used up, counted back from the last.
    pub fills_hour: Option<TimeUs>,
    /// The same of a day's.
    pub fills_day: Option<TimeUs>,
    /// Of this box, the last first.
    pub of_box: Vec<Past>,
    /// Of all boxes, the last first.
    pub of_all: Vec<Past>,
}

/// What an order waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// The box's own, which has begun.
    UnderWay,
    /// Others, which have.
    OthersFirst,
    /// So many were ordered within an hour.
    HourIsFull(u32),
    /// So many were ordered within a day.
    DayIsFull(u32),
    /// So many the box itself was issued within a day.
    BoxHasMany(usize),
    /// The last came to nothing.
    Failed {
        /// Why.
        problem: String,
    },
}

impl fmt::Display for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnderWay => f.write_str("it is being obtained"),
            Self::OthersFirst => f.write_str("others are being obtained first"),
            Self::HourIsFull(count) => write!(
                f,
                "{count} certificates were ordered within an hour: --acme-orders-per-hour allows no more"
            ),
            Self::DayIsFull(count) => write!(
                f,
                "{count} certificates were ordered within a day: --acme-orders-per-day allows no more"
            ),
            Self::BoxHasMany(count) => write!(
                f,
                "the box was issued {count} certificates within a day: see why it asks for more"
            ),
            Self::Failed { problem } => f.write_str(problem),
        }
    }
}

/// Why not now, and when to ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// What it waits for.
    pub waits: Waits,
    /// Until when, as far as can be known.
    pub until: TimeUs,
}

/// Whether an order may begin now.
///
/// # Errors
/// What it waits for.
pub fn admit(budget: &Budget, history: &History, now: TimeUs) -> Result<(), Later> {
    let mut all = [
        under_way(history, now),
        failed(&history.of_box, Fault::OfWish, now),
        failed(&history.of_all, Fault::OfAuthority, now),
        box_has_many(history, now),
        full(history.fills_day, DAY_US, Waits::DayIsFull(budget.per_day), now),
        full(history.fills_hour, HOUR_US, Waits::HourIsFull(budget.per_hour), now),
    ]
    .into_iter()
    .flatten();
    // The first says most; what it waits for longest says when.
    let Some(first) = all.next() else { return Ok(()) };
    let until = all.map(|later| later.until).fold(first.until, TimeUs::max);
    Err(Later { until, ..first })
}

/// How long to leave it after a failure, with `before` that went before it without a success between.
/// `spread`, from 0 to 1, keeps those apart that have failed together.
#[must_use]
pub fn pause(budget: &Budget, before: usize, spread: f64) -> Duration {
    let doubled = u32::try_from(before).ok().and_then(|before| 2u32.checked_pow(before));
    let longer = budget.first_pause.saturating_mul(doubled.unwrap_or(u32::MAX));
    longer.min(LONGEST_PAUSE).mul_f64(1.0 + spread.clamp(0.0, 1.0) / 4.0)
}

/// How often it has failed by somebody's fault since the last that was issued, and was left alone
/// before an order began at `begun_at`: those that failed side by side count once.
#[must_use]
pub fn failures(orders: &[Past], whose: Fault, begun_at: TimeUs) -> usize {
    let since: Vec<&Past> = since_issued(orders).collect();
    let (mut count, mut round_ends) = (0, TimeUs(i64::MIN));
    for past in since.into_iter().rev() {
        if let Some(Ended::Failed { fault, retry_at, .. }) = &past.ended
            && *fault == whose
            && *retry_at <= begun_at
        {
            count += usize::from(past.begun_at >= round_ends);
            round_ends = round_ends.max(*retry_at);
        }
    }
    count
}

fn since_issued(orders: &[Past]) -> impl Iterator<Item = &Past> {
    orders.iter().take_while(|past| past.ended != Some(Ended::Issued))
}

fn under_way(history: &History, now: TimeUs) -> Option<Later> {
    let is_under_way =
        |past: &&Past| past.ended.is_none() && now < past.begun_at.plus_s(LONGEST_ORDER_S);
    let until = |past: &Past| past.begun_at.plus_s(LONGEST_ORDER_S);
    if let Some(own) = history.of_box.iter().find(is_under_way) {
        return Some(Later { waits: Waits::UnderWay, until: until(own) });
    }
    let mut others = history.of_all.iter().filter(is_under_way);
    let last = others.nth(AT_ONCE - 1)?;
    Some(Later { waits: Waits::OthersFirst, until: until(last) })
}

fn failed(orders: &[Past], whose: Fault, now: TimeUs) -> Option<Later> {
    let mut ended = since_issued(orders).filter_map(|past| past.ended.as_ref());
    let failed = |ended: &Ended| match ended {
        Ended::Failed { fault, problem, retry_at } if *fault == whose && now < *retry_at => {
            Some(Later { waits: Waits::Failed { problem: problem.clone() }, until: *retry_at })
        }
        _ => None,
    };
    ended.find_map(failed)
}

fn box_has_many(history: &History, now: TimeUs) -> Option<Later> {
    let issued = history.of_box.iter().filter(|past| past.ended == Some(Ended::Issued));
    let until = issued.map(|past| TimeUs(past.begun_at.0.saturating_add(DAY_US)));
    let until = until.take_while(|until| now < *until).nth(OF_ONE_BOX - 1)?;
    Some(Later { waits: Waits::BoxHasMany(OF_ONE_BOX), until })
}

fn full(filled: Option<TimeUs>, span_us: i64, waits: Waits, now: TimeUs) -> Option<Later> {
    let until = TimeUs(filled?.0.saturating_add(span_us));
    (now < until).then_some(Later { waits, until })
}

#[cfg(test)]
mod tests;
