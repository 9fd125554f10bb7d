//! What boxes have confirmed of the purges, by the planner's view and the collector's memory.

use crate::api::Problem;
use crate::planner::{Head, View};
use crate::server::App;
use catalog::RecordedPurge;
use contract::names::{DeviceName, GroupName};
use contract::report::Report;
use contract::time::TimeUs;

/// The last purge that a box has confirmed.
pub(crate) fn confirmed(app: &App, view: &View, device: &DeviceName) -> u64 {
    let latest = app.collector.latest(device);
    latest.map_or(0, |latest| by_report(view, &latest.report))
}

fn by_report(view: &View, report: &Report) -> u64 {
    view.purge_epoch(&report.device).map_or(0, |epoch| report.has_purged_up_to(epoch))
}

/// The purge because of which no viewer of a group is sent to a box: it has not confirmed it,
/// and had the time to.
pub(crate) fn doubt<'a>(
    app: &App,
    view: &'a View,
    device: &DeviceName,
    group: &GroupName,
    now: TimeUs,
) -> Option<&'a RecordedPurge> {
    let first = view.purge_beyond(group, confirmed(app, view, device))?;
    (!app.collector.is_within_grace(device, first.made_at, now)).then_some(first)
}

/// Why nothing can be purged: a box stands on what another fleet than this has issued. It would
/// take what is purged now for what it has carried out already, or refuse it.
///
/// # Errors
/// What is to be done about it.
pub(crate) fn check(app: &App) -> Result<(), Problem> {
    let view = app.view();
    for device in view.appliances.iter().map(|each| &each.name) {
        let Some(latest) = app.collector.latest(device) else { continue };
        let state = |kind| latest.report.documents.iter().find(|state| state.kind == kind);
        let doubt = |head: &Head| head.doubt(state(head.kind)?);
        if let Some(doubt) = view.documents(device).iter().find_map(doubt) {
            let what = format!("nothing can be purged: of what {device} has, {doubt}");
            return Err(Problem::new(409, what));
        }
    }
    Ok(())
}

/// Whether a box has confirmed less than its tombstones begin with: it has lost its state.
pub(crate) fn lacks(view: &View, report: &Report) -> bool {
    by_report(view, report) < view.purges_after(&report.device)
}

/// Whether there is such a box.
pub(crate) fn has_gap(app: &App, view: &View) -> bool {
    let latest = |device| app.collector.latest(device);
    let mut reports = view.appliances.iter().filter_map(|each| latest(&each.name));
    reports.any(|latest| lacks(view, &latest.report))
}
