//! Another policy at some sites, beside others that are alike.

use super::policy::{TuningItem, TuningRequest, changed};
use crate::api::Problem;
use crate::api::body::Body;
use crate::api::caller::Operator;
use crate::api::status::rfc3339;
use crate::planner::{Policy, TrialSaid, candidates, next_day};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::demand::day_begins;
use contract::names::{SiteName, TagName};
use prefill::trial::{Difference, Judged, Limits, Matched, Pair, Rules, Trial, Why, matched};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;
use utoipa::ToSchema;

/// With the two weeks before it, as long as counters are kept.
const DAYS: RangeInclusive<u16> = 3..=46;

/// Fewer say nothing, whatever is seen.
const LEAST_PAIRS: usize = 4;

/// What is to be tried, on whom, and for how long.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialRequest {
    /// What is otherwise than in the policy in force.
    pub(crate) tuning: TuningRequest,
    /// For how many days; 14 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 3, maximum = 46)]
    pub(crate) days: Option<u16>,
    /// How many pairs of sites at most; 50 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 4, maximum = 10_000)]
    pub(crate) pairs: Option<usize>,
    /// What part of all demand may be tried on; 10 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub(crate) demand_percent: Option<u8>,
    /// Only sites with this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) tag: Option<TagName>,
    /// How much less offload is borne, in hundredths of a percent of what viewers want; 20 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 5000)]
    pub(crate) offload_tolerance_bp: Option<u16>,
    /// How much more fill is borne, in hundredths of a percent of what viewers want; 50 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 5000)]
    pub(crate) fill_tolerance_bp: Option<u16>,
    /// Draws who of each pair is tried on; 1 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// Say who would be tried on, and begin nothing.
    #[serde(default)]
    pub(crate) dry_run: bool,
}

/// A trial, and what was seen of it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TrialItem {
    /// How sites that are tried on are planned.
    pub(crate) tuning: TuningItem,
    /// The first day that is planned like that.
    pub(crate) first_day: String,
    /// The last.
    pub(crate) last_day: String,
    /// Who is tried on, and who stands beside it.
    pub(crate) pairs: Vec<PairItem>,
    /// What was seen by the last day that is over.
    pub(crate) seen: Option<SeenItem>,
    /// Why it is over; nothing while it goes on.
    pub(crate) ended: Option<String>,
    /// How it goes, or ended, in words.
    pub(crate) state: String,
    /// How many sites are in no pair, by the reason; only when a trial begins.
    #[serde(default)]
    pub(crate) left: BTreeMap<String, usize>,
}

/// Two sites that are alike.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PairItem {
    /// It is tried on this one.
    pub(crate) tried: String,
    /// This one keeps what is usual.
    pub(crate) usual: String,
}

/// What was seen of a trial.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SeenItem {
    /// By this day.
    pub(crate) day: String,
    /// What follows, in words.
    pub(crate) verdict: String,
    /// The part of what viewers wanted that sites served where it is tried.
    pub(crate) tried_offload: Option<f64>,
    /// Where it is not.
    pub(crate) usual_offload: Option<f64>,
    /// How much more of what viewers wanted was served where it is tried.
    pub(crate) offload: Option<DifferenceItem>,
    /// How much more was to be fetched there, as a part of what viewers wanted.
    pub(crate) fill: Option<DifferenceItem>,
    /// Pairs that say something.
    pub(crate) pairs: usize,
    /// Days of pairs that say nothing: of these a side is not known, or its boxes were out.
    pub(crate) left_out: u32,
}

/// A difference, with an interval; those of all days of a trial hold together.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DifferenceItem {
    /// How much.
    pub(crate) by: f64,
    /// At least.
    pub(crate) least: f64,
    /// At most.
    pub(crate) most: f64,
}

impl From<Difference> for DifferenceItem {
    fn from(of: Difference) -> Self {
        Self { by: of.by, least: of.daily.low, most: of.daily.high }
    }
}

impl From<Judged> for SeenItem {
    fn from(of: Judged) -> Self {
        let out = of.left_out;
        let missing = out.tried_missing + out.usual_missing;
        let left_out =
            missing + out.tried_impaired + out.usual_impaired + out.too_little + out.impossible;
        Self {
            day: date(of.day),
            verdict: of.verdict.to_string(),
            tried_offload: of.tried_offload,
            usual_offload: of.usual_offload,
            offload: of.offload.map(DifferenceItem::from),
            fill: of.fill.map(DifferenceItem::from),
            pairs: of.pairs,
            left_out,
        }
    }
}

impl From<TrialSaid> for TrialItem {
    fn from(of: TrialSaid) -> Self {
        let (first_day, last_day) = (date(of.trial.first_day), date(of.trial.last_day()));
        let pair = |Pair { tried, usual }| PairItem {
            tried: String::from(tried),
            usual: String::from(usual),
        };
        Self {
            state: of.words(),
            tuning: of.tuning.into(),
            first_day,
            last_day,
            pairs: of.trial.pairs.into_iter().map(pair).collect(),
            seen: of.last.map(SeenItem::from),
            ended: of.ended,
            left: BTreeMap::new(),
        }
    }
}

fn date(day: i32) -> String {
    let text = rfc3339(day_begins(day));
    text.get(..10).unwrap_or(&text).to_owned()
}

/// The trial that is going on, or the last one.
#[utoipa::path(get, path = "/api/v1/prefill/trial", tag = "prefill",
    responses((status = 200, body = TrialItem)))]
pub(in crate::api) async fn show_trial(
    State(app): State<Arc<App>>,
) -> Result<Json<TrialItem>, Problem> {
    tried(app.policies.in_force().await?.policy).map(Json)
}

fn tried(policy: Policy) -> Result<TrialItem, Problem> {
    let none = || Problem::new(404, "nothing has been tried yet");
    policy.trial.map(TrialItem::from).ok_or_else(none)
}

/// Try another policy from tomorrow on, at some sites, beside others that are alike: it ends by itself where it hurts.
#[utoipa::path(put, path = "/api/v1/prefill/trial", tag = "prefill", request_body = TrialRequest,
    responses((status = 200, body = TrialItem)))]
pub(in crate::api) async fn start_trial(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
    Body(request): Body<TrialRequest>,
) -> Result<Json<TrialItem>, Problem> {
    let days = request.days.unwrap_or(14);
    if !DAYS.contains(&days) {
        let (least, most) = (DAYS.start(), DAYS.end());
        return Err(Problem::new(422, format!("days: expected {least} to {most}, not {days}")));
    }
    let rules = rules(&request)?;
    let limits = limits(&request)?;
    let open = open(&app, request.tag.as_ref()).await?;
    let all = candidates(&app, |site| open.contains(site)).await.map_err(Problem::internal)?;
    let matched = matched(&all, &limits).map_err(Problem::internal)?;
    let left = left(&matched);
    let pairs = matched.pairs;
    let trial = Trial { pairs, first_day: next_day(), days, rules };
    trial.check().map_err(|err| Problem::new(422, err))?;
    if trial.pairs.len() < LEAST_PAIRS {
        return Err(too_few(trial.pairs.len(), &left));
    }
    let begin = |policy: &mut Policy| {
        let tuning = request.tuning.of(policy.tuning)?;
        if tuning == policy.tuning {
            return Err(Problem::new(422, "that is how everything is placed already"));
        }
        if policy.trial().is_some() {
            return Err(Problem::new(409, "a trial is going on: stop it first"));
        }
        if policy.frozen.is_some() {
            return Err(Problem::new(409, "nothing is placed anew: unfreeze first"));
        }
        policy.trial = Some(TrialSaid { tuning, trial, last: None, ended: None });
        Ok(())
    };
    let policy = match request.dry_run {
        true => {
            let mut policy = app.policies.in_force().await?.policy;
            begin(&mut policy)?;
            policy
        }
        false => {
            let begin = |policy: &mut Policy, _: u64| begin(policy);
            changed(&app, caller.name.as_str(), begin).await?.policy
        }
    };
    Ok(Json(TrialItem { left, ..tried(policy)? }))
}

/// End the trial: all sites are planned as usual from the next look on.
#[utoipa::path(delete, path = "/api/v1/prefill/trial", tag = "prefill",
    responses((status = 200, body = TrialItem)))]
pub(in crate::api) async fn stop_trial(
    State(app): State<Arc<App>>,
    Operator(caller): Operator,
) -> Result<Json<TrialItem>, Problem> {
    let who = caller.name.to_string();
    let none = || Problem::new(404, "nothing is being tried");
    let why = format!("stopped by {who}");
    let end = |policy: &mut Policy, _: u64| policy.end_trial(why).then_some(()).ok_or_else(none);
    tried(changed(&app, &who, end).await?.policy).map(Json)
}

fn rules(request: &TrialRequest) -> Result<Rules, Problem> {
    let usual = Rules::default();
    let borne = |name: &str, given: Option<u16>, usual: u16| match given {
        Some(more @ 5001..) => {
            Err(Problem::new(422, format!("{name}: expected 0 to 5000, not {more}")))
        }
        Some(given) => Ok(given),
        None => Ok(usual),
    };
    Ok(Rules {
        offload_tolerance_bp: borne(
            "offload_tolerance_bp",
            request.offload_tolerance_bp,
            usual.offload_tolerance_bp,
        )?,
        fill_tolerance_bp: borne(
            "fill_tolerance_bp",
            request.fill_tolerance_bp,
            usual.fill_tolerance_bp,
        )?,
        ..usual
    })
}

fn limits(request: &TrialRequest) -> Result<Limits, Problem> {
    let usual = Limits::default();
    let most_pairs = request.pairs.unwrap_or(usual.most_pairs);
    let most_demand_percent = request.demand_percent.unwrap_or(usual.most_demand_percent);
    if !(LEAST_PAIRS..=10_000).contains(&most_pairs) {
        return Err(Problem::new(422, "pairs: expected 4 to 10000"));
    }
    if !(1..=100).contains(&most_demand_percent) {
        return Err(Problem::new(422, "demand_percent: expected 1 to 100"));
    }
    let seed = request.seed.unwrap_or(usual.seed);
    Ok(Limits { seed, most_pairs, most_demand_percent, ..usual })
}

/// Sites that may be tried on.
async fn open(app: &App, tag: Option<&TagName>) -> Result<BTreeSet<SiteName>, Problem> {
    let sites = app.inventory.sites().await?;
    let has = |tags: &[String]| tag.is_none_or(|tag| tags.iter().any(|it| it == tag.as_str()));
    let open = sites.into_iter().filter(|site| has(&site.tags)).map(|site| site.name);
    Ok(open.collect())
}

fn left(matched: &Matched) -> BTreeMap<String, usize> {
    let mut left = BTreeMap::new();
    for it in &matched.left {
        let why = match it.why {
            Why::NotOpen => "may not be tried on",
            Why::IsParent => "others ask it",
            Why::NotKnown => "too little was seen of it",
            Why::NoLike => "none is like it",
            Why::Enough => "enough are tried on without it",
        };
        *left.entry(why.to_owned()).or_default() += 1;
    }
    left
}

fn too_few(pairs: usize, left: &BTreeMap<String, usize>) -> Problem {
    if left.is_empty() {
        return Problem::new(409, "no site has a box that anything is placed on");
    }
    let left = left.iter().map(|(why, count)| format!("{count}: {why}"));
    let left = left.collect::<Vec<_>>().join("; ");
    Problem::new(
        409,
        format!(
            "only {pairs} pairs of sites are alike, {LEAST_PAIRS} are the fewest. Sites left out, {left}"
        ),
    )
}
