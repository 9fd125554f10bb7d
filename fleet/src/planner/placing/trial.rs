//! Another policy at some sites, beside others that are alike: what was seen of them, judged once a day, and ended
//! where it hurts.

use super::policy::{Policy, TrialSaid};
use super::runs::{Line, Run};
use crate::server::{App, now};
use contract::demand::day_of;
use contract::names::SiteName;
use prefill::question::{SiteAsked, SiteOutcome};
use prefill::trial::{Candidate, Features, Judged, SiteDay, judge};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// Boxes have told of a day that is over by then.
const TOLD_AFTER_S: i64 = 3600;

/// Who writes down what was seen.
const PLANNER: &str = "planner";

/// Of so many days before a trial sites are compared.
const LOOK_BACK_DAYS: i32 = 14;

/// Judges the trial in force by the last day that is over, if it has not been.
pub(super) async fn look(app: &App) -> anyhow::Result<()> {
    let policy = app.policies.in_force().await?.policy;
    let Some(said) = policy.trial.filter(TrialSaid::is_going) else { return Ok(()) };
    let Some(day) = day_to_judge(&said) else { return Ok(()) };
    let sites = said.trial.pairs.iter().flat_map(|pair| [&pair.tried, &pair.usual]);
    let sites: BTreeSet<&SiteName> = sites.collect();
    let first = said.trial.first_day - i32::from(said.trial.rules.baseline_days);
    let mut days = seen(app, first..=day, said.trial.first_day).await?;
    days.retain(|one| sites.contains(&one.site));
    let judged = judge(&said.trial, &days, day)?;
    let verdict = judged.verdict;
    let write = |policy: &mut Policy, _: u64| {
        policy.judged(&said, judged);
        Ok::<(), db::Error>(())
    };
    app.policies.change((PLANNER, now()), write).await?;
    if verdict.is_end() {
        tracing::warn!(day, "the trial has ended: {verdict}");
    }
    app.changed.notify_one();
    Ok(())
}

/// The last day that all boxes have told of, if the trial was not judged by it.
fn day_to_judge(said: &TrialSaid) -> Option<i32> {
    let over = day_of(now().plus_s(-TOLD_AFTER_S)).saturating_sub(1);
    let day = over.min(said.trial.last_day());
    let is_new = said.last.as_ref().is_none_or(|last| last.day < day);
    (day >= said.trial.first_day && is_new).then_some(day)
}

impl Policy {
    /// Another look at a trial, if it is still the one that was looked at.
    fn judged(&mut self, said: &TrialSaid, judged: Judged) {
        let same = |it: &&mut TrialSaid| it.is_going() && it.trial == said.trial;
        if let Some(trial) = self.trial.as_mut().filter(same) {
            trial.ended = judged.verdict.is_end().then(|| judged.verdict.to_string());
            trial.last = Some(judged);
        }
    }
}

/// What sites did on days: what boxes counted, and what placements had them fetch. Of a day on which nothing was placed
/// nothing was to be fetched, at no site. What sites did that were tried on before a trial began says nothing of how they
/// are by themselves.
async fn seen(
    app: &App,
    days: RangeInclusive<i32>,
    first_day: i32,
) -> anyhow::Result<Vec<SiteDay>> {
    let mut all = Vec::new();
    let mut out_before = BTreeSet::new();
    for day in days {
        let runs = app.runs.of_day(Line::LIVE, day).await?;
        let out = out(&runs, day < first_day);
        let filled = runs.first().map(filled).unwrap_or_default();
        for demand in app.collector.demand_of(day).await? {
            let served = demand.rows.iter().map(|row| row.bytes_sent);
            let served_bytes = served.fold(0, u64::saturating_add);
            let not_served = demand.rows.iter().chain(&demand.elsewhere);
            let missed = not_served.map(|row| row.bytes_missed);
            all.push(SiteDay {
                day,
                wanted_bytes: missed.fold(served_bytes, u64::saturating_add),
                served_bytes,
                filled_bytes: filled.get(&demand.site).copied().unwrap_or(0),
                is_impaired: out.contains(&demand.site) || out_before.contains(&demand.site),
                site: demand.site,
            });
        }
        out_before = out;
    }
    Ok(all)
}

/// Sites with boxes that were out at any time of a day, and those that were tried on where nobody should have been.
fn out(runs: &[Run], is_before: bool) -> BTreeSet<SiteName> {
    let sites = runs.iter().flat_map(|run| run.outcome.named());
    let out = sites.filter(|(_, it)| it.has_boxes_out || (is_before && it.is_tried_on));
    out.map(|(name, _)| name.clone()).collect()
}

fn filled(run: &Run) -> BTreeMap<&SiteName, u64> {
    let new = |(name, site)| {
        let site: &SiteOutcome = site;
        (name, site.new_bytes.iter().map(|it| it.1).sum())
    };
    run.outcome.named().map(new).collect()
}

/// All sites that are placed, with what was seen of them lately; those that `is_open` names may be tried on.
pub(crate) async fn candidates(
    app: &App,
    is_open: impl Fn(&SiteName) -> bool,
) -> anyhow::Result<Vec<Candidate>> {
    let Some(run) = app.runs.latest(Line::LIVE).await? else { return Ok(Vec::new()) };
    let question = app.runs.question(run.version).await?.unwrap_or_default();
    let today = day_of(now());
    let days = seen(app, today - LOOK_BACK_DAYS..=today - 1, today).await?;
    let days: Vec<SiteDay> = days.into_iter().filter(|day| !day.is_impaired).collect();
    let mut by_site: BTreeMap<&SiteName, Vec<&SiteDay>> = BTreeMap::new();
    days.iter().for_each(|day| by_site.entry(&day.site).or_default().push(day));
    let candidate = |site: &SiteAsked| {
        let days = by_site.get(&site.site).map_or(&[][..], Vec::as_slice);
        let room_bytes: u64 = site.boxes().map(|one| one.room_bytes).sum();
        let parent = site.parent.and_then(|at| question.sites.get(at));
        Candidate {
            site: site.site.clone(),
            region: question.regions.get(site.region).and_then(|it| it.region.clone()),
            parent: parent.map(|parent| parent.site.clone()),
            is_open: is_open(&site.site),
            features: Features::seen(days, room_bytes as f64),
        }
    };
    Ok(question.sites.iter().map(candidate).collect())
}

/// The first day that a trial which is agreed on now can change.
pub(crate) fn next_day() -> i32 {
    day_of(now()).saturating_add(1)
}
