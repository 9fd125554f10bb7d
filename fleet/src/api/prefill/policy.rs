//! How everything is placed: the policy in force, and those before it.

use super::{FrozenItem, Page};
use crate::api::said::Query;
use crate::api::status::rfc3339;
use crate::api::{List, Problem};
use crate::planner::{Policy, PolicyVersion, TrialSaid};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use prefill::question::Tuning;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::sync::Arc;
use utoipa::ToSchema;

const COPIES: RangeInclusive<u16> = 1..=64;
const COPY_SHARE: RangeInclusive<u32> = 1..=100;
const REST: RangeInclusive<u32> = 0..=10_000;
const SOMEWHERE: RangeInclusive<u32> = 0..=100;

/// How sites are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TuningItem {
    /// Copies that a site has of a title at least, where it has as many boxes.
    pub(crate) least_copies: u16,
    /// What part of a box's throughput one title may ask for before it gets another copy.
    pub(crate) copy_share_percent: u32,
    /// By how much more than yesterday's least a new byte must be worth to take the place of one that is there.
    pub(crate) rest_percent: u32,
    /// What part of a box's disks may go to titles that no site would hold by itself.
    pub(crate) somewhere_percent: u32,
}

/// What is to be otherwise than in the policy in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TuningRequest {
    /// Copies that a site has of a title at least, where it has as many boxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 64)]
    pub(crate) least_copies: Option<u16>,
    /// What part of a box's throughput one title may ask for before it gets another copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub(crate) copy_share_percent: Option<u32>,
    /// By how much more than yesterday's least a new byte must be worth to take the place of one that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub(crate) rest_percent: Option<u32>,
    /// What part of a box's disks may go to titles that no site would hold by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) somewhere_percent: Option<u32>,
}

/// A version of the policy.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PolicyItem {
    /// It rises; 0 before anything was said.
    pub(crate) version: u64,
    /// When it was made (RFC 3339).
    pub(crate) made_at: Option<String>,
    /// Who made it.
    pub(crate) made_by: Option<String>,
    /// How sites are planned.
    pub(crate) tuning: TuningItem,
    /// What is worked out beside that, and told to nobody.
    pub(crate) shadow: Option<TuningItem>,
    /// Whether nothing is placed anew.
    pub(crate) frozen: Option<FrozenItem>,
    /// How the trial goes, or ended, in words; nothing where nothing has been tried.
    #[serde(default)]
    pub(crate) trial: Option<String>,
}

impl From<Tuning> for TuningItem {
    fn from(of: Tuning) -> Self {
        let Tuning { least_copies, copy_share_percent, rest_percent, somewhere_percent } = of;
        Self { least_copies, copy_share_percent, rest_percent, somewhere_percent }
    }
}

impl TuningRequest {
    pub(super) fn of(self, in_force: Tuning) -> Result<Tuning, Problem> {
        Ok(Tuning {
            least_copies: within("least_copies", self.least_copies, COPIES, in_force.least_copies)?,
            copy_share_percent: within(
                "copy_share_percent",
                self.copy_share_percent,
                COPY_SHARE,
                in_force.copy_share_percent,
            )?,
            rest_percent: within("rest_percent", self.rest_percent, REST, in_force.rest_percent)?,
            somewhere_percent: within(
                "somewhere_percent",
                self.somewhere_percent,
                SOMEWHERE,
                in_force.somewhere_percent,
            )?,
        })
    }
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    name: &str,
    given: Option<T>,
    range: RangeInclusive<T>,
    in_force: T,
) -> Result<T, Problem> {
    let value = given.unwrap_or(in_force);
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = (range.start(), range.end());
    Err(Problem::new(422, format!("{name}: expected {least} to {most}, not {value}")))
}

impl From<PolicyVersion> for PolicyItem {
    fn from(of: PolicyVersion) -> Self {
        let is_said = of.version > 0;
        let trial = of.policy.trial.as_ref().map(TrialSaid::words);
        Self {
            version: of.version,
            made_at: is_said.then(|| rfc3339(of.made_at)),
            made_by: is_said.then_some(of.made_by),
            tuning: of.policy.tuning.into(),
            shadow: of.policy.shadow.map(|it| it.tuning.into()),
            frozen: of.policy.frozen.map(FrozenItem::from),
            trial,
        }
    }
}

/// The policy in force.
#[utoipa::path(get, path = "/api/v1/prefill/policy", tag = "prefill",
    responses((status = 200, body = PolicyItem)))]
pub(in crate::api) async fn show_policy(
    State(app): State<Arc<App>>,
) -> Result<Json<PolicyItem>, Problem> {
    Ok(Json(app.policies.in_force().await?.into()))
}

/// The newest policies, newest first.
#[utoipa::path(get, path = "/api/v1/prefill/policies", tag = "prefill",
    params(("limit" = Option<i64>, Query, description = "At most so many: 20 without it.", minimum = 1, maximum = 1000),
        ("before" = Option<u64>, Query, description = "Those before this version.")),
    responses((status = 200, body = List<PolicyItem>)))]
pub(in crate::api) async fn list_policies(
    State(app): State<Arc<App>>,
    Query(page): Query<Page>,
) -> Result<Json<List<PolicyItem>>, Problem> {
    let all = app.policies.list(page.before, page.limit()).await?;
    Ok(Json(List { items: all.into_iter().map(PolicyItem::from).collect() }))
}

/// Makes another policy of the one in force, and has it looked at.
pub(super) async fn changed(
    app: &App,
    made_by: &str,
    change: impl FnOnce(&mut Policy, u64) -> Result<(), Problem>,
) -> Result<PolicyVersion, Problem> {
    let made = app.policies.change((made_by, now()), change).await?;
    app.changed.notify_one();
    Ok(made)
}
