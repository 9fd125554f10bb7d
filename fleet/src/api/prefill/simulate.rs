//! What would be different, if.

use super::placement::{Placement, aside};
use crate::api::Problem;
use crate::api::body::Body;
use crate::planner::threads;
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use prefill::question::{Effect, NoSuchPlace, ScaledBudget, SiteEffect, Sums, WhatIf, what_if};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The most changes of one question.
const MOST_CHANGES: usize = 1000;

/// What is to be different.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimulateRequest {
    /// The changes, made one after the other.
    #[schema(min_items = 1, max_items = 1000)]
    pub(crate) changes: Vec<ChangeRequest>,
    /// In that placement, in place of the one in force.
    #[serde(default)]
    pub(crate) at: Option<u64>,
}

/// One change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ChangeRequest {
    /// One more box beside this one, and like it.
    #[schema(value_type = String)]
    AddBox(DeviceName),
    /// A box less.
    #[schema(value_type = String)]
    LoseBox(DeviceName),
    /// A disk less.
    LoseDisk {
        /// Of which box.
        #[schema(value_type = String)]
        device: DeviceName,
        /// How large the disk is.
        disk_bytes: u64,
    },
    /// One more site beside this one, and like it; half of the viewers are its.
    #[schema(value_type = String)]
    AddSite(SiteName),
    /// A site without boxes.
    #[schema(value_type = String)]
    LoseSite(SiteName),
    /// All sites of a provider without boxes.
    LoseProvider(String),
    /// A title that is wanted so many times as much, everywhere.
    Title {
        /// Its content group.
        #[schema(value_type = String)]
        group: GroupName,
        /// The title.
        #[schema(value_type = String)]
        title: TitleName,
        /// How many times.
        #[schema(minimum = 0, maximum = 1000)]
        times: f64,
    },
    /// A budget of all boxes that is so many times what it is.
    Budget {
        /// Which.
        budget: BudgetName,
        /// How many times.
        #[schema(minimum = 0, maximum = 1000)]
        times: f64,
    },
}

/// A budget of boxes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BudgetName {
    /// Disks.
    Room,
    /// What they can send.
    Throughput,
    /// What fill windows let in.
    Fill,
    /// What disks may be written.
    Endurance,
}

/// What the changes do.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct EffectItem {
    /// The placement that was changed.
    pub(crate) version: u64,
    /// Without them.
    pub(crate) before: SumsItem,
    /// With them.
    pub(crate) after: SumsItem,
    /// Sites of which something is another.
    pub(crate) sites: Vec<SiteEffectItem>,
    /// How many sites had to be planned again.
    pub(crate) planned_again: usize,
}

/// A whole fleet.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SumsItem {
    /// What viewers want at the peak.
    pub(crate) wanted_bytes_per_s: f64,
    /// What origins are asked for.
    pub(crate) origin_bytes_per_s: f64,
    /// The part that they are spared.
    pub(crate) offload: f64,
    /// What boxes hold.
    pub(crate) held_bytes: u64,
    /// What is new to them.
    pub(crate) new_bytes: u64,
}

/// One site, without and with the changes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SiteEffectItem {
    /// The site.
    pub(crate) site: String,
    /// What it serves.
    pub(crate) served_bytes_per_s: [f64; 2],
    /// What it asks others for.
    pub(crate) missed_bytes_per_s: [f64; 2],
    /// What its boxes must fetch.
    pub(crate) new_bytes: [u64; 2],
}

impl From<Sums> for SumsItem {
    fn from(of: Sums) -> Self {
        let Sums { wanted_bytes_per_s, origin_bytes_per_s, offload, held_bytes, new_bytes } = of;
        Self { wanted_bytes_per_s, origin_bytes_per_s, offload, held_bytes, new_bytes }
    }
}

impl EffectItem {
    fn of(version: u64, effect: Effect) -> Self {
        let site = |it: SiteEffect| SiteEffectItem {
            site: it.site.to_string(),
            served_bytes_per_s: it.served_bytes_per_s,
            missed_bytes_per_s: it.missed_bytes_per_s,
            new_bytes: it.new_bytes,
        };
        Self {
            version,
            before: effect.before.into(),
            after: effect.after.into(),
            sites: effect.sites.into_iter().map(site).collect(),
            planned_again: effect.planned_again,
        }
    }
}

/// What would be different with some changes: nothing of it is carried out.
#[utoipa::path(post, path = "/api/v1/prefill/simulate", tag = "prefill",
    request_body = SimulateRequest, responses((status = 200, body = EffectItem)))]
pub(in crate::api) async fn simulate(
    State(app): State<Arc<App>>,
    Body(request): Body<SimulateRequest>,
) -> Result<Json<EffectItem>, Problem> {
    if !(1..=MOST_CHANGES).contains(&request.changes.len()) {
        return Err(Problem::new(422, format!("changes: expected 1 to {MOST_CHANGES}")));
    }
    let placement = Placement::read(&app, request.at).await?.worked_out()?;
    let mut changes = Vec::new();
    for change in request.changes {
        changes.extend(meant(&app, change).await?);
    }
    let before = placement.before(&app).await?;
    let pins = placement.somewhere();
    let (version, question) = (placement.run.version, placement.question);
    let effect = aside(&app, move || what_if(&question, &before, &pins, &changes, threads()));
    let effect = effect.await?;
    let refused = |err: NoSuchPlace| match err {
        NoSuchPlace::Unasked(_) => Problem::new(500, err),
        _ => Problem::new(422, err),
    };
    Ok(Json(EffectItem::of(version, effect.map_err(refused)?)))
}

/// In the planner's words.
async fn meant(app: &App, change: ChangeRequest) -> Result<Vec<WhatIf>, Problem> {
    Ok(match change {
        ChangeRequest::AddBox(like) => vec![WhatIf::AddBox { like }],
        ChangeRequest::LoseBox(device) => vec![WhatIf::LoseBox { device }],
        ChangeRequest::LoseDisk { device, disk_bytes } => {
            vec![WhatIf::LoseDisk { device, disk_bytes }]
        }
        ChangeRequest::AddSite(like) => vec![WhatIf::AddSite { like }],
        ChangeRequest::LoseSite(site) => vec![WhatIf::LoseSite { site }],
        ChangeRequest::LoseProvider(provider) => {
            let sites = app.inventory.sites().await?;
            let its = sites.into_iter().filter(|site| site.provider.as_deref() == Some(&provider));
            let its: Vec<WhatIf> = its.map(|site| WhatIf::LoseSite { site: site.name }).collect();
            if its.is_empty() {
                return Err(Problem::new(422, format!("there is no site of provider {provider}")));
            }
            its
        }
        ChangeRequest::Title { group, title, times } => vec![WhatIf::Title { group, title, times }],
        ChangeRequest::Budget { budget, times } => {
            let budget = match budget {
                BudgetName::Room => ScaledBudget::Room,
                BudgetName::Throughput => ScaledBudget::Throughput,
                BudgetName::Fill => ScaledBudget::Fill,
                BudgetName::Endurance => ScaledBudget::Endurance,
            };
            vec![WhatIf::Budget { budget, times }]
        }
    })
}
