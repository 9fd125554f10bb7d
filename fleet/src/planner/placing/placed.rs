//! What is placed where, by names; and what it was placed beside.

use super::packed;
use super::runs::{Holds, Runs};
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use prefill::question::{Answer, Question};
use std::io;

/// What is in force.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub(crate) version: u64,
    pub(crate) question: Box<Question>,
    /// By box, in the order in which it fetches what it lacks.
    boxes: Holds,
}

impl Placed {
    pub(super) fn new(version: u64, question: Question, answer: Answer) -> Self {
        let boxes = answer.boxes.into_iter().map(|one| (one.device, one.titles)).collect();
        Self { version, question: Box::new(question), boxes }
    }

    /// The sites with a box that is to hold a title.
    pub(crate) fn sites(&self, group: &GroupName, title: &TitleName) -> Vec<&SiteName> {
        let Some(number) = self.question.number(group, title) else { return Vec::new() };
        let holds = |device: &DeviceName| {
            self.boxes.get(device).is_some_and(|titles| titles.contains(&number))
        };
        let boxes = self.question.boxes().filter(|(_, budgets)| holds(&budgets.device));
        let mut sites: Vec<&SiteName> = boxes.map(|(site, _)| &site.site).collect();
        sites.dedup();
        sites
    }

    /// The titles that a box is to hold; `None` of one that is not known here, which keeps what it has.
    pub(crate) fn titles(
        &self,
        device: &DeviceName,
    ) -> Option<impl Iterator<Item = (&GroupName, &TitleName)>> {
        let numbers = self.boxes.get(device)?;
        let titles = numbers.iter().filter_map(|number| self.question.title(*number));
        Some(titles.map(|title| (&title.group, &title.title)))
    }
}

/// What boxes were to hold when something was asked: by the answer that the question names; those that are not
/// planned on, by what was in force last.
#[derive(Debug, Default)]
pub(crate) struct Before(Holds);

impl Before {
    /// Of a question, and of the run that was in force when it was asked.
    pub(crate) async fn of(
        runs: &Runs,
        question: &Question,
        parent: Option<u64>,
    ) -> Result<Self, db::Error> {
        let base = at(runs, question, question.base).await?;
        let last =
            if parent == question.base { None } else { Some(at(runs, question, parent).await?) };
        let titles = |(_, budgets): (_, &prefill::question::Budgets)| {
            let from = last.as_ref().filter(|_| budgets.said.is_some()).unwrap_or(&base);
            Some((budgets.device.clone(), from.get(&budgets.device)?.clone()))
        };
        Ok(Self(question.boxes().filter_map(titles).collect()))
    }
}

impl prefill::question::Before for Before {
    fn titles(&self, device: &DeviceName) -> Vec<u32> {
        self.0.get(device).cloned().unwrap_or_default()
    }
}

/// What boxes hold at a run, by the numbers of a question. A number whose title is another there is left out.
async fn at(runs: &Runs, question: &Question, version: Option<u64>) -> Result<Holds, db::Error> {
    let Some(version) = version else { return Ok(Holds::new()) };
    let Some(then) = runs.question(version).await? else { return Ok(Holds::new()) };
    let mut holds = runs.holds(version).await?;
    let is_same = |number: &u32| match (then.title(*number), question.title(*number)) {
        (Some(then), Some(now)) => then.group == now.group && then.title == now.title,
        _ => false,
    };
    holds.values_mut().for_each(|titles| titles.retain(is_same));
    Ok(holds)
}

/// What an answer hashes to: each box, and its titles in their order.
pub(crate) fn digest_of(answer: &Answer) -> io::Result<String> {
    let boxes: Vec<(&str, &[u32])> =
        answer.boxes.iter().map(|one| (one.device.as_str(), one.titles.as_slice())).collect();
    packed::digest(&boxes)
}
