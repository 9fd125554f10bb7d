//! What is placed where, by names; and what it was placed beside.

use super::forecaster::Key;
use super::packed;
use super::runs::{Holds, Line, Runs};
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use contract::time::TimeUs;
use prefill::question::{Answer, Budgets, Question};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::Arc;

/// What is in force.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub(crate) version: u64,
    pub(crate) question: Arc<Question>,
    /// By number of the title, the places of sites with a box that is to hold it.
    sites: HashMap<u32, BTreeSet<usize>>,
    /// By box, in the order in which it fetches what it lacks.
    boxes: Holds,
}

impl Placed {
    pub(super) fn new(version: u64, question: Question, answer: Answer) -> Self {
        let boxes = answer.boxes.into_iter().map(|one| (one.device, one.titles)).collect();
        Self::of(version, question, boxes)
    }

    /// As it was taken down last; nothing, before anything was.
    pub(in crate::planner) async fn in_force(runs: &Runs) -> Result<Self, db::Error> {
        let Some(run) = runs.latest(Line::LIVE).await? else { return Ok(Self::default()) };
        let question = runs.question(run.version).await?.unwrap_or_default();
        Ok(Self::of(run.version, question, runs.holds(run.version).await?))
    }

    fn of(version: u64, question: Question, boxes: Holds) -> Self {
        let mut sites: HashMap<u32, BTreeSet<usize>> = HashMap::new();
        for (at, site) in question.sites.iter().enumerate() {
            let its = site.boxes();
            for number in its.filter_map(|it| boxes.get(&it.device)).flatten() {
                sites.entry(*number).or_default().insert(at);
            }
        }
        Self { version, question: Arc::new(question), sites, boxes }
    }

    /// The sites with a box that is to hold a title.
    pub(crate) fn sites(&self, group: &GroupName, title: &TitleName) -> Vec<&SiteName> {
        let number = self.question.number(group, title);
        let places = number.and_then(|number| self.sites.get(&number)).into_iter().flatten();
        places.filter_map(|at| self.question.sites.get(*at)).map(|site| &site.site).collect()
    }

    /// The titles that are about to be served, and when.
    pub(crate) fn due(&self) -> impl Iterator<Item = ((&GroupName, &TitleName), TimeUs)> {
        let titles = self.question.titles.iter().flatten();
        titles.filter_map(|title| Some((title.key(), title.due_us?)))
    }

    /// The titles that a box is to hold; `None` of one that is not known here, which keeps what it has.
    pub(crate) fn titles(
        &self,
        device: &DeviceName,
    ) -> Option<impl Iterator<Item = (&GroupName, &TitleName)>> {
        let numbers = self.boxes.get(device)?;
        let titles = numbers.iter().filter_map(|number| self.question.title(*number));
        Some(titles.map(|title| title.key()))
    }
}

/// What boxes were to hold when something was asked: by the answer that the question names; those that are not
/// planned on, by what was in force last. Where an older placement is put back, that is the one that is named; of
/// boxes that it does not know, what was in force last says it.
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
        let is_other = parent.is_some() && parent != question.base;
        let last = if is_other { Some(at(runs, question, parent).await?) } else { None };
        let titles = |(_, budgets): (_, &Budgets)| {
            let (device, last) = (&budgets.device, last.as_ref());
            let held = match question.put_back {
                true => base.get(device).or_else(|| last?.get(device)),
                false => last.filter(|_| budgets.said.is_some()).unwrap_or(&base).get(device),
            };
            Some((device.clone(), held?.clone()))
        };
        Ok(Self(question.boxes().filter_map(titles).collect()))
    }

    /// By box.
    pub(crate) fn into_holds(self) -> Holds {
        self.0
    }
}

impl prefill::question::Before for Before {
    fn titles(&self, device: &DeviceName) -> Option<Vec<u32>> {
        self.0.get(device).cloned()
    }
}

/// What boxes hold at a run, by the numbers of a question. Of a box that is to hold nothing, nothing is known:
/// it may have been away.
async fn at(runs: &Runs, question: &Question, version: Option<u64>) -> Result<Holds, db::Error> {
    let Some(version) = version else { return Ok(Holds::new()) };
    let Some(then) = runs.question(version).await? else { return Ok(Holds::new()) };
    let mut holds = runs.holds(version).await?;
    let numbers: HashMap<(&GroupName, &TitleName), u32> = (0..)
        .zip(&question.titles)
        .filter_map(|(number, title)| Some((title.as_ref()?, number)))
        .map(|(title, number)| (title.key(), number))
        .collect();
    let now = |number: u32| {
        let title = then.title(number)?;
        numbers.get(&title.key()).copied()
    };
    holds.retain(|_, titles| !titles.is_empty());
    for titles in holds.values_mut() {
        *titles = titles.iter().filter_map(|number| now(*number)).collect();
    }
    Ok(holds)
}

/// What sites were to hold on a day.
#[derive(Debug, Default)]
pub(super) struct HeldThen {
    version: Option<u64>,
    by_site: HashMap<SiteName, Arc<HashSet<Key>>>,
}

impl HeldThen {
    /// Reads what was in force at the end of a day, if that is another than what was read before.
    pub(super) async fn read(&mut self, runs: &Runs, day: i32) -> Result<(), db::Error> {
        let run = runs.before_day(Line::LIVE, day.saturating_add(1)).await?;
        let version = run.map(|run| run.version);
        if self.version == version {
            return Ok(());
        }
        (self.version, self.by_site) = (version, HashMap::new());
        let Some(version) = version else { return Ok(()) };
        let Some(question) = runs.question(version).await? else { return Ok(()) };
        let holds = runs.holds(version).await?;
        for site in &question.sites {
            let boxes = site.boxes();
            let numbers = boxes.filter_map(|it| holds.get(&it.device)).flatten();
            let titles = numbers.filter_map(|number| question.title(*number));
            let titles = titles.map(|title| (title.group.clone(), title.title.clone()));
            self.by_site.insert(site.site.clone(), Arc::new(titles.collect()));
        }
        Ok(())
    }

    /// Of a site; `None` where that is not known.
    pub(super) fn at(&self, site: &SiteName) -> Option<Arc<HashSet<Key>>> {
        self.by_site.get(site).cloned()
    }
}

/// What an answer hashes to: all titles by number, and of each box its titles in their order.
pub(crate) fn digest_of(question: &Question, answer: &Answer) -> io::Result<String> {
    let names: Vec<Option<(&GroupName, &TitleName)>> =
        question.titles.iter().map(|title| title.as_ref().map(|title| title.key())).collect();
    let boxes: Vec<(&DeviceName, &[u32])> =
        answer.boxes.iter().map(|one| (&one.device, one.titles.as_slice())).collect();
    packed::digest(&(names, boxes))
}
