//! What will not be enough on later days, and the cheapest of what would be.

use super::placement::{Placement, aside};
use crate::api::said::Query;
use crate::api::{List, Problem};
use crate::planner::{threads, usual_enough};
use crate::server::App;
use axum::Json;
use axum::extract::State;
use prefill::plan::Prices;
use prefill::question::{Enough, MoreOf, ScarceBudget, SiteShort, short_ahead};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

const TB: f64 = 1e12;
const GBIT_PER_S: f64 = 1e9 / 8.0;

/// A site that will be short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ShortItem {
    /// The site.
    pub(crate) site: String,
    /// In how many days.
    pub(crate) days: u32,
    /// What part of what is wanted it will serve.
    pub(crate) offload: f64,
    /// What part would be enough.
    pub(crate) enough: f64,
    /// What is scarce, as `class: room`, `class: throughput` or `class: fill`; the most worth for its price first.
    pub(crate) scarce: Vec<String>,
    /// The cheapest budget that alone would be enough, if any would.
    pub(crate) remedy: Option<RemedyItem>,
    /// Why it is not planned at all.
    pub(crate) refused: Option<String>,
}

/// More of one budget.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct RemedyItem {
    /// Of which class of boxes.
    pub(crate) class: String,
    /// `room`, `throughput` or `fill`.
    pub(crate) budget: String,
    /// How much more of it: bytes of disk, bytes per second, or bytes that windows let in a day.
    pub(crate) more: f64,
    /// What that costs.
    pub(crate) cost: f64,
}

/// When a site is short, and what more costs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Asked {
    at: Option<u64>,
    offload_percent: Option<f64>,
    price_disk_tb: Option<f64>,
    price_gbit_per_s: Option<f64>,
    price_fill_tb_per_day: Option<f64>,
}

impl ShortItem {
    pub(super) fn of(short: &SiteShort) -> Self {
        let scarce =
            short.binds.iter().map(|(class, budget)| format!("{class}: {}", word(*budget)));
        let remedy = |MoreOf { class, budget, more, cost }: &MoreOf| RemedyItem {
            class: class.clone(),
            budget: word(*budget).to_owned(),
            more: *more,
            cost: *cost,
        };
        Self {
            site: short.site.to_string(),
            days: short.days,
            offload: short.offload,
            enough: short.enough,
            scarce: scarce.collect(),
            remedy: short.remedy.as_ref().map(remedy),
            refused: short.refused.clone(),
        }
    }
}

fn word(budget: ScarceBudget) -> &'static str {
    match budget {
        ScarceBudget::Room => "room",
        ScarceBudget::Throughput => "throughput",
        ScarceBudget::Fill => "fill",
    }
}

impl Asked {
    fn enough(&self) -> Result<Enough, Problem> {
        let usual = usual_enough();
        let offload = self.offload_percent.map(|it| within("offload_percent", it, 100.0));
        let price = |name, given: Option<f64>, unit: f64, usual: f64| -> Result<f64, Problem> {
            match given {
                Some(price) => Ok(within(name, price, 1e12)? / unit),
                None => Ok(usual),
            }
        };
        let Prices { disk_byte, byte_per_s, new_byte } = usual.prices;
        Ok(Enough {
            offload: offload.transpose()?.map(|percent| percent / 100.0),
            prices: Prices {
                disk_byte: price("price_disk_tb", self.price_disk_tb, TB, disk_byte)?,
                byte_per_s: price(
                    "price_gbit_per_s",
                    self.price_gbit_per_s,
                    GBIT_PER_S,
                    byte_per_s,
                )?,
                new_byte: price("price_fill_tb_per_day", self.price_fill_tb_per_day, TB, new_byte)?,
            },
        })
    }
}

fn within(name: &str, given: f64, most: f64) -> Result<f64, Problem> {
    let is_good = given > 0.0 && given <= most;
    let bad = || Problem::new(422, format!("{name}: expected more than 0, up to {most}"));
    is_good.then_some(given).ok_or_else(bad)
}

/// Sites that will serve a smaller part of what is wanted than is enough in 3, 7 or 14 days, with what is scarce there
/// and the cheapest of what alone would be enough.
#[utoipa::path(get, path = "/api/v1/prefill/shortfall", tag = "prefill",
    params(("at" = Option<u64>, Query, description = "By that placement, in place of the one in force"),
        ("offload_percent" = Option<f64>, Query, description = "The part of what is wanted that is enough; without it, one percent less than today", exclusive_minimum = 0, maximum = 100),
        ("price_disk_tb" = Option<f64>, Query, description = "Of a TB of disk", exclusive_minimum = 0, maximum = 1e12),
        ("price_gbit_per_s" = Option<f64>, Query, description = "Of a Gb/s that boxes can send", exclusive_minimum = 0, maximum = 1e12),
        ("price_fill_tb_per_day" = Option<f64>, Query, description = "Of a TB a day that windows let in", exclusive_minimum = 0, maximum = 1e12)),
    responses((status = 200, body = List<ShortItem>)))]
pub(in crate::api) async fn list_shortfall(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<List<ShortItem>>, Problem> {
    let enough = asked.enough()?;
    let placement = Placement::read(&app, asked.at).await?.worked_out()?;
    let before = placement.before(&app).await?;
    let pins = placement.somewhere();
    let question = placement.question;
    let found = aside(&app, move || short_ahead(&question, &before, &pins, &enough, threads()));
    let found = found.await?.map_err(|err| Problem::new(500, err))?;
    Ok(Json(List { items: found.iter().map(ShortItem::of).collect() }))
}
