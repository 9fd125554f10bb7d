//! Settings that nobody reads are slips: they are refused when they are written.

use crate::api::Problem;
use config_render::values::Known;
use inventory::Complaint;
use inventory::kinds::CONFIG_CONTEXT;
use inventory::records::{Changing, Refused};

/// Looks at the settings that a change has written.
pub(in crate::api) fn check(known: &Known, changing: &Changing) -> Result<(), Problem> {
    let written =
        changing.touched(&CONFIG_CONTEXT).filter_map(|(key, _, after)| Some((key, after?)));
    let wrong = written.flat_map(|(key, context)| {
        let wrong = known.check(context.get("data"));
        wrong.into_iter().map(move |it| {
            Complaint::new(
                format!("data.{}", it.path),
                format!("{} (config context {key})", it.message),
            )
        })
    });
    let wrong: Vec<Complaint> = wrong.collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refused::Invalid(wrong).into()) }
}
