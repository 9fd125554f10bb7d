//! From records to documents: what every box should hold, and from whom it gets it.
//!
//! [`inputs`] gathers what is intended, [`placing`] says which title belongs on which box, [`cohorts`] are told the
//! same, [`plan`] decides what each box is told (pure), [`publish`] makes numbered documents of it, and the [`View`] lets steering and answers to boxes see the outcome
//! without a query. [`Commands`] are told to boxes as they are. The planner runs when something changed and now and then besides; it
//! takes nothing from the signal but the wish to look again.

mod cohorts;
mod commands;
mod documents;
mod inputs;
pub(crate) mod origin;
mod placing;
mod plan;
mod publish;
mod task;
mod view;

pub(crate) use commands::{CommandError, Commands, RecordedCommand};
pub(crate) use documents::{Documents, Head};
pub(crate) use placing::{
    Before, Expectation, Expectations, Expected, Frozen, Holds, Line, NotKept, Policies, Policy,
    PolicyVersion, Rule, RuleError, Rules, Run, Runs, Says, Scope, Shadow, Short, TrialSaid,
    candidates, digest_of, next_day, threads, usual_enough,
};
pub(crate) use task::Planner;
pub(crate) use view::View;
