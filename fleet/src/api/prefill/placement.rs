//! A placement as it was taken down, and what is told of it.

use super::{BoxPlacement, PlacementDetail, RunItem, SitePlacement};
use crate::api::Problem;
use crate::api::status::rfc3339;
use crate::planner::{Before, Holds, Line, Run, digest_of, threads};
use crate::server::App;
use contract::progress::FillProgress;
use prefill::question::{Answer, Budgets, Question, SiteAsked, SiteOutcome, answer};

/// A placement, as it was taken down.
pub(super) struct Placement {
    pub(super) run: Run,
    pub(super) question: Question,
    pub(super) holds: Holds,
}

impl Placement {
    pub(super) async fn read(app: &App, at: Option<u64>) -> Result<Self, Problem> {
        let run = match at {
            Some(version) => app.runs.one(version).await?,
            None => app.runs.latest(Line::LIVE).await?,
        };
        let none = || match at {
            Some(version) => Problem::new(404, format!("there is no placement {version}")),
            None => Problem::new(
                404,
                "nothing has been placed yet: there is no content, or no appliance",
            ),
        };
        let run = run.ok_or_else(none)?;
        let question = app.runs.question(run.version).await?.ok_or_else(none)?;
        let holds = app.runs.holds(run.version).await?;
        Ok(Self { run, question, holds })
    }

    /// Nothing is worked out of one that was put back.
    pub(super) fn worked_out(self) -> Result<Self, Problem> {
        if !self.question.put_back {
            return Ok(self);
        }
        let (version, base) = (self.run.version, self.run.base);
        let why = format!("placement {version} is {base}, put back: name that one, or unfreeze");
        Err(Problem::new(409, why))
    }

    /// What boxes were to hold when it was asked.
    pub(super) async fn before(&self, app: &App) -> Result<Before, Problem> {
        Ok(Before::of(&app.runs, &self.question, self.run.parent()).await?)
    }

    /// What sites hold since no other would, by their places.
    pub(super) fn somewhere(&self) -> Vec<(usize, u32)> {
        self.run.outcome.somewhere().collect()
    }

    /// Whether it comes out the same.
    pub(super) async fn again(&self, app: &App) -> Result<bool, Problem> {
        let (before, question) = (self.before(app).await?, self.question.clone());
        let digest = aside(app, move || {
            let answer: Answer =
                answer(&question, &before, threads()).map_err(|it| it.to_string())?;
            digest_of(&question, &answer).map_err(|it| it.to_string())
        });
        let digest = digest.await?.map_err(|err| Problem::new(500, err))?;
        Ok(digest == self.run.answer_digest)
    }

    /// Site by site; with how far boxes have come, as this fleet has heard.
    pub(super) fn detail(self, recomputed: Option<bool>, heard: Option<&App>) -> PlacementDetail {
        let nowhere = self.run.outcome.nowhere.iter().take(100);
        let nowhere = nowhere.filter_map(|number| self.question.title(*number));
        let nowhere = nowhere.map(|title| format!("{}/{}", title.group, title.title)).collect();
        let sites = self.question.sites.iter().zip(&self.run.outcome.sites);
        let sites = sites.map(|(asked, outcome)| self.site(asked, outcome, heard)).collect();
        let put_back = self.question.put_back.then_some(self.run.base);
        let run = RunItem::of(self.run);
        let (short, frozen) = (Vec::new(), None);
        PlacementDetail { run, sites, nowhere, recomputed, put_back, short, frozen }
    }

    fn site(&self, asked: &SiteAsked, outcome: &SiteOutcome, heard: Option<&App>) -> SitePlacement {
        let question = &self.question;
        let boxes = asked.boxes();
        let none = Vec::new();
        let one = |it: &Budgets| {
            let titles = self.holds.get(&it.device).unwrap_or(&none);
            let sizes = titles.iter().filter_map(|number| question.title(*number));
            let new_bytes = outcome.new_bytes.iter().find(|new| new.0 == it.device);
            let latest = heard.and_then(|app| app.collector.latest(&it.device));
            let fill = latest.as_ref().map(|latest| &latest.report.fill);
            let is_missing = |fill: &&FillProgress| fill.bytes_missing > 0;
            BoxPlacement {
                device: it.device.to_string(),
                titles: titles.len(),
                held_bytes: sizes.map(|title| title.size_bytes).sum(),
                room_bytes: it.room_bytes,
                new_bytes: new_bytes.map_or(0, |new| new.1),
                fill_bytes: it.fill_bytes,
                missing_bytes: fill.map(|fill| fill.bytes_missing),
                finish_at: fill.filter(is_missing).and_then(|fill| fill.finish_at_us).map(rfc3339),
                not_planned: match question.put_back {
                    true => Some("an older placement is put back".to_owned()),
                    false => it.said.map(|said| said.to_string()),
                },
            }
        };
        SitePlacement {
            site: asked.site.to_string(),
            region: question.regions.get(asked.region).and_then(|it| it.region.clone()),
            parent: asked.parent.and_then(|at| Some(question.sites.get(at)?.site.to_string())),
            wanted_bytes_per_s: outcome.wanted_bytes_per_s,
            served_bytes_per_s: outcome.served_bytes_per_s,
            gap: outcome.gap,
            somewhere: outcome.somewhere.len(),
            refused: outcome.refused.clone(),
            boxes: boxes.map(one).collect(),
        }
    }
}

/// Does what takes a while and much memory where it keeps nobody waiting, one after the other.
pub(super) async fn aside<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let turn = app.solving.acquire().await.map_err(|err| Problem::new(503, err))?;
    let done = tokio::task::spawn_blocking(work).await.map_err(|err| Problem::new(500, err));
    drop(turn);
    done
}
