//! What is to be done now, and why not more.

use super::halt::{self, Halt};
use super::plan::{Change, Plan, Planned};
use super::progress::{Progress, State};
use super::waiting::{Waiting, WaitingOn};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What people want of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// That all have it.
    Go,
    /// That all is as it was before.
    Abort,
}

/// What is so at the time of the question.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Now, in microseconds since 1970.
    pub now_us: i64,
    /// What people want of it.
    pub wish: Wish,
    /// Whether nothing more is to begin: neither on nor back.
    pub is_paused: bool,
    /// Whether nothing is to change anywhere: not even back.
    pub is_frozen: bool,
}

/// A device that somebody is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnderWay {
    /// Which.
    pub device: String,
    /// Since when, in microseconds since 1970.
    pub since_us: i64,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Devices to begin with, in order.
    pub begin: Vec<String>,
    /// Devices to take it back from, in order.
    pub revert: Vec<String>,
    /// Devices that somebody is at: whoever comes back after a crash goes on with them.
    pub under_way: Vec<UnderWay>,
    /// All that wait, and why.
    pub waiting: Vec<Waiting>,
    /// Why it has stopped by itself, if it has.
    pub halt: Option<Halt>,
    /// Whether there is nothing more to do.
    pub is_over: bool,
    /// When to ask again though nothing was seen, in microseconds since 1970.
    pub ask_again_us: Option<i64>,
}

/// Decides.
#[must_use]
pub fn next(plan: &Plan, progress: &Progress, moment: Moment) -> Decision {
    let decision = match moment.wish {
        Wish::Abort => back(plan, progress, moment),
        Wish::Go => on(plan, progress, moment),
    };
    let devices = plan.devices.iter().map(|it| &it.change.device);
    let under_way = devices.filter_map(|device| {
        let since_us = progress.of(device)?.since_us()?;
        Some(UnderWay { device: device.clone(), since_us })
    });
    Decision { under_way: under_way.collect(), ..decision }
}

fn on(plan: &Plan, progress: &Progress, moment: Moment) -> Decision {
    let halt = halt::of(plan, progress);
    let stop = stop(moment, halt.as_ref());
    let gate = Gate::of(plan, progress, moment.now_us);
    // Who may be down serves nobody: another of his site is not to be down beside him.
    let mut room = Room::of(plan, progress, |state| {
        state.is_under_way() || matches!(state, State::Unknown { .. })
    });
    let mut decision =
        Decision { is_over: gate.is_over && halt.is_none(), halt, ..Decision::default() };
    let mut times = Vec::from_iter(gate.soaks_until_us);
    // Who was never tried comes before who is tried again: else some hundred that are gone for good take all room.
    let (again, first): (Vec<&Planned>, Vec<&Planned>) = plan
        .devices
        .iter()
        .partition(|it| matches!(progress.of(&it.change.device), Some(State::Unreachable { .. })));
    for Planned { change, wave } in first.into_iter().chain(again) {
        let retry = match progress.of(&change.device) {
            None => None,
            Some(State::Unreachable { tried_us }) => retry(plan, *tried_us, moment.now_us),
            Some(State::Unknown { why }) => {
                let on = WaitingOn::Person { why: why.clone() };
                decision.waiting.push(Waiting { device: change.device.clone(), on });
                continue;
            }
            Some(_) => continue,
        };
        if let Some(WaitingOn::Retry { at_us }) = retry {
            times.push(at_us);
        }
        let waits = stop.clone().or_else(|| gate.keeps(*wave)).or(retry);
        match waits.or_else(|| room.take(plan, change)) {
            Some(on) => decision.waiting.push(Waiting { device: change.device.clone(), on }),
            None => decision.begin.push(change.device.clone()),
        }
    }
    decision.ask_again_us = times.into_iter().filter(|at| *at > moment.now_us).min();
    decision
}

/// The last that got it is the first that is rid of it. What is being tried is waited for.
fn back(plan: &Plan, progress: &Progress, moment: Moment) -> Decision {
    let halt = halt::of_going_back(plan, progress);
    let stop = stop(moment, halt.as_ref());
    // Who may be down is perhaps so by what is taken back: he keeps nobody from it.
    let mut room = Room::of(plan, progress, State::is_under_way);
    let mut decision = Decision { is_over: true, halt, ..Decision::default() };
    for Planned { change, .. } in plan.devices.iter().rev() {
        let device = change.device.clone();
        let waits = match progress.of(&change.device) {
            Some(State::Done { .. }) => stop.clone().or_else(|| room.take(plan, change)),
            Some(state) if state.doubt().is_some() => {
                let why = state.doubt().unwrap_or_default().to_owned();
                Some(WaitingOn::Person { why })
            }
            Some(state) if state.is_under_way() => {
                decision.is_over = false;
                continue;
            }
            _ => continue,
        };
        decision.is_over = false;
        match waits {
            Some(on) => decision.waiting.push(Waiting { device, on }),
            None => decision.revert.push(device),
        }
    }
    decision
}

/// What keeps all from beginning.
fn stop(moment: Moment, halt: Option<&Halt>) -> Option<WaitingOn> {
    match (moment.is_frozen, halt, moment.is_paused) {
        (true, ..) => Some(WaitingOn::Frozen),
        (_, Some(halt), _) => Some(WaitingOn::Halted { halt: halt.clone() }),
        (_, _, true) => Some(WaitingOn::Paused),
        _ => None,
    }
}

fn retry(plan: &Plan, tried_us: i64, now_us: i64) -> Option<WaitingOn> {
    let at_us = tried_us.saturating_add(micros(plan.policy.retry_s));
    (at_us > now_us).then_some(WaitingOn::Retry { at_us })
}

fn micros(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

/// How far the waves are.
struct Gate {
    /// The last wave that may begin.
    open: usize,
    /// What those after it wait for.
    reason: WaitingOn,
    soaks_until_us: Option<i64>,
    is_over: bool,
}

impl Gate {
    fn of(plan: &Plan, progress: &Progress, now_us: i64) -> Self {
        let mut gate =
            Self { open: 0, reason: WaitingOn::Paused, soaks_until_us: None, is_over: false };
        // A wave that somebody has begun stays open, whoever of an earlier one is tried again.
        let is_begun = |state: &State| !matches!(state, State::Skipped { .. });
        let is_begun = |it: &&Planned| progress.of(&it.change.device).is_some_and(is_begun);
        let begun = plan.devices.iter().filter(is_begun);
        let begun = begun.map(|it| it.wave).max().unwrap_or(0);
        for wave in 0..plan.waves() {
            gate.open = wave;
            if wave < begun {
                continue;
            }
            let left = left(plan, progress, wave);
            if left > 0 {
                gate.reason = WaitingOn::Wave { wave, left };
                return gate;
            }
            let done_at_us = done_at(plan, progress, wave);
            if wave == 0 && plan.policy.canaries > 0 && done_at_us.is_none() {
                gate.reason = WaitingOn::Canaries;
                gate.is_over = plan.waves() == 1 && !plan.wave(0).any(is_behind(progress));
                return gate;
            }
            let until_us = done_at_us.map(|at| at.saturating_add(micros(plan.policy.soak_s)));
            if let Some(until_us) = until_us.filter(|it| *it > now_us) {
                gate.reason = WaitingOn::Soak { until_us };
                gate.soaks_until_us = Some(until_us);
                return gate;
            }
        }
        gate.is_over = !plan.devices.iter().any(is_behind(progress));
        gate
    }

    fn keeps(&self, wave: usize) -> Option<WaitingOn> {
        (wave > self.open).then(|| self.reason.clone())
    }
}

/// Whether something is still to come of a device.
fn is_behind(progress: &Progress) -> impl Fn(&Planned) -> bool {
    move |it| match progress.of(&it.change.device) {
        None | Some(State::Unreachable { .. } | State::Unknown { .. }) => true,
        Some(state) => state.is_under_way(),
    }
}

/// How many of a wave are not done before the next may begin: few that are out of reach are waited for
/// elsewhere, and what failed is looked at by [`halt::of`].
fn left(plan: &Plan, progress: &Progress, wave: usize) -> usize {
    let (mut all, mut unreachable, mut left) = (0_usize, 0, 0);
    for planned in plan.wave(wave) {
        all += 1;
        match progress.of(&planned.change.device) {
            Some(state) if state.is_away() => unreachable += 1,
            None | Some(State::Running { .. } | State::Reverting { .. }) => left += 1,
            Some(_) => {}
        }
    }
    let may = all * usize::from(plan.policy.most_unreachable_percent) / 100;
    if unreachable > may { left + unreachable } else { left }
}

/// When the last of a wave was done.
fn done_at(plan: &Plan, progress: &Progress, wave: usize) -> Option<i64> {
    let times = plan.wave(wave).filter_map(|it| match progress.of(&it.change.device) {
        Some(State::Done { at_us }) => Some(*at_us),
        _ => None,
    });
    times.max()
}

/// At how many more devices something may be in the making.
struct Room<'a> {
    all: usize,
    by_site: HashMap<&'a str, usize>,
    by_cluster: HashMap<&'a str, usize>,
}

impl<'a> Room<'a> {
    fn of(plan: &'a Plan, progress: &Progress, takes: impl Fn(&State) -> bool) -> Self {
        let mut room = Self { all: 0, by_site: HashMap::new(), by_cluster: HashMap::new() };
        let is_counted = |it: &&Planned| progress.of(&it.change.device).is_some_and(&takes);
        for planned in plan.devices.iter().filter(is_counted) {
            room.add(&planned.change);
        }
        room
    }

    fn add(&mut self, change: &'a Change) {
        self.all += 1;
        *self.by_site.entry(&change.site).or_default() += 1;
        if let Some(cluster) = &change.cluster {
            *self.by_cluster.entry(cluster).or_default() += 1;
        }
    }

    /// Takes room for one; what it waits for, where there is none.
    fn take(&mut self, plan: &Plan, change: &'a Change) -> Option<WaitingOn> {
        let policy = &plan.policy;
        if self.all >= policy.at_once {
            return Some(WaitingOn::AtOnce { most: policy.at_once });
        }
        if self.by_site.get(change.site.as_str()).is_some_and(|it| *it >= policy.per_site) {
            return Some(WaitingOn::Site { site: change.site.clone() });
        }
        let cluster = change.cluster.as_deref();
        if let Some(cluster) =
            cluster.filter(|it| self.by_cluster.get(it).is_some_and(|it| *it >= policy.per_cluster))
        {
            return Some(WaitingOn::Cluster { cluster: cluster.to_owned() });
        }
        self.add(change);
        None
    }
}
