//! What is asked of the planner on a day, whole, so that it can be asked again; and what it answers.
//!
//! A [`Question`] is a document: it names titles, sites and boxes, holds their demand, budgets and
//! rights, and the number of the answer that is in force. Numbers that are not whole stand in it by
//! their bits, so that the same question, read back after a year, has the same answer to the last
//! bit. What boxes hold already is no part of it: it is the answer with that number ([`Before`]).
//!
//! What is placed as one is a title, all of its files: viewers are sent to a box with a title, and a
//! box that lacks some of its files is none for them.
//!
//! Read in this order: `asked` (the document), `fleet` (as a [`crate::plan::FleetProblem`]),
//! `answer`, with `somewhere` (what no site would hold) and `spare` (what is left of disks);
//! `put_back` (an older answer again); `numbering` (titles from day to day), `pins` (which of them can be kept), `explained` (why), `what_if`, `shortfall` (with `ahead`);
//! `derived` is what follows from the question alone.

mod ahead;
mod answer;
mod asked;
mod derived;
mod exact;
mod explained;
mod fleet;
mod numbering;
mod pins;
mod put_back;
mod shortfall;
mod somewhere;
mod spare;
mod what_if;

pub use ahead::{AheadAsked, AheadRegion};
pub use answer::{Answer, Before, BoxAnswer, Outcome, SiteOutcome, answer, held_before};
pub use asked::{
    Budgets, ClassAsked, Question, RegionAsked, Said, SiteAsked, TitleAsked, Tuning, Unasked,
};
pub use explained::{Explained, InClassExplained, explain};
pub(crate) use fleet::{OFFSET_BASIS, hash};
pub use numbering::numbered;
pub use pins::{PinLeftOut, fit_pins};
pub use shortfall::{Enough, MoreOf, ScarceBudget, SiteShort, short_ahead};
pub use what_if::{Effect, NoSuchPlace, ScaledBudget, SiteEffect, Sums, WhatIf, what_if};

#[cfg(test)]
mod tests;
