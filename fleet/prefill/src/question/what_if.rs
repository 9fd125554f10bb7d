//! What would be different, if.

use super::answer::Before;
use super::asked::{Budgets, Question, SiteAsked, Unasked};
use super::fleet::{Beside, Held, Lists};
use crate::plan::{ClusterOutcome, Plan, PlannedCluster, Totals};
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use serde::{Deserialize, Serialize};

/// A change to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WhatIf {
    /// One more box beside one, and like it.
    AddBox {
        /// Like which.
        like: DeviceName,
    },
    /// A box less.
    LoseBox {
        /// Which.
        device: DeviceName,
    },
    /// A box with that much less room.
    LoseDisk {
        /// Which box.
        device: DeviceName,
        /// How large the disk is.
        disk_bytes: u64,
    },
    /// One more site beside one, and like it; its viewers are half of those.
    AddSite {
        /// Like which.
        like: SiteName,
    },
    /// A site without boxes; its viewers go on wanting what they want.
    LoseSite {
        /// Which.
        site: SiteName,
    },
    /// A title that is wanted so many times as much, everywhere.
    Title {
        /// Its content group.
        group: GroupName,
        /// Which.
        title: TitleName,
        /// How many times, 0 to 1000.
        times: f64,
    },
    /// Boxes of which a budget is so many times what it is.
    Budget {
        /// Which.
        budget: ScaledBudget,
        /// How many times, 0 to 1000.
        times: f64,
    },
}

/// A budget of all boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaledBudget {
    /// Disks.
    Room,
    /// What they can send.
    Throughput,
    /// What windows let in.
    Fill,
    /// What may be written.
    Endurance,
}

/// A change that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoSuchPlace {
    /// No such box, site or title.
    #[error("there is no {what} {name} in the plan")]
    Unknown {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A name that is too long for another one like it.
    #[error("no name is left for another one like {name}: it is too long")]
    NoName {
        /// Like which.
        name: String,
    },
    /// A factor that is none.
    #[error("{times} times is none of 0 to 1000")]
    Times {
        /// What was given.
        times: f64,
    },
    /// The question itself.
    #[error(transparent)]
    Unasked(#[from] Unasked),
}

/// What a change does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Without it.
    pub before: Sums,
    /// With it.
    pub after: Sums,
    /// Sites of which something is another.
    pub sites: Vec<SiteEffect>,
    /// How many sites had to be planned again.
    pub planned_again: usize,
}

/// A whole fleet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// What all viewers want, in bytes per second at the peak.
    pub wanted_bytes_per_s: f64,
    /// What of that the origin is asked for.
    pub origin_bytes_per_s: f64,
    /// The part that it is spared.
    pub offload: f64,
    /// What boxes are to hold.
    pub held_bytes: u64,
    /// What of that is new to them.
    pub new_bytes: u64,
}

/// One site, without and with a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteEffect {
    /// Which.
    pub site: SiteName,
    /// What it serves, in bytes per second at the peak.
    pub served_bytes_per_s: [f64; 2],
    /// What it asks others for.
    pub missed_bytes_per_s: [f64; 2],
    /// What its boxes must fetch.
    pub new_bytes: [u64; 2],
}

impl From<Totals> for Sums {
    fn from(of: Totals) -> Self {
        Self {
            wanted_bytes_per_s: of.wanted_bytes_per_s,
            origin_bytes_per_s: of.origin_bytes_per_s,
            offload: of.offload(),
            held_bytes: of.held_bytes,
            new_bytes: of.new_bytes,
        }
    }
}

/// What would be different with some changes, made one after the other. `pins` are what sites hold since no
/// other would, as the answer says; copies on what is left of disks are left out on both sides.
///
/// # Errors
/// A change to what is not there, or a question that makes no sense.
pub fn what_if(
    question: &Question,
    before: &dyn Before,
    pins: &[(usize, u32)],
    changes: &[WhatIf],
    threads: usize,
) -> Result<Effect, NoSuchPlace> {
    let mut changed = question.clone();
    for change in changes {
        change.apply(&mut changed)?;
    }
    let (lists, after_lists) = (Lists::of(question), Lists::of(&changed));
    let (held, after_held) = (Held { question, before }, Held { question: &changed, before });
    let solved = std::sync::atomic::AtomicUsize::new(0);
    let count = |_: &PlannedCluster| {
        solved.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    };
    let beside = Beside { pins, is_reserved: false };
    // What was somewhere on what has changed may not fit there any more.
    let stays = |pin: &&(usize, u32)| question.sites.get(pin.0) == changed.sites.get(pin.0);
    let pins_after: Vec<(usize, u32)> = pins.iter().filter(stays).copied().collect();
    let beside_after = Beside { pins: &pins_after, is_reserved: false };
    let (plan, after) = lists.with(question, beside, |problem| {
        let plan = Plan::new(problem, &held, threads, &|_: &PlannedCluster| {})?;
        let after = after_lists.with(&changed, beside_after, |changed_problem| {
            // Where regions want the same, only the sites that changed and those above them.
            if question.regions == changed.regions {
                let touched = touched(question, &changed);
                let both = (problem, changed_problem);
                return Ok(plan.replanned(both, &touched, &after_held, threads, &count)?);
            }
            Ok(Plan::new(changed_problem, &after_held, threads, &count)?)
        })?;
        Ok((plan, after))
    })?;
    Ok(Effect {
        before: plan.totals().into(),
        after: after.totals().into(),
        sites: effects(&changed, &plan, &after),
        planned_again: solved.into_inner(),
    })
}

/// Places of sites that are others, or new.
fn touched(before: &Question, after: &Question) -> Vec<usize> {
    let is_another = |at: &usize| before.sites.get(*at) != after.sites.get(*at);
    (0..after.sites.len()).filter(is_another).collect()
}

fn effects(after: &Question, before_plan: &Plan, after_plan: &Plan) -> Vec<SiteEffect> {
    let new_bytes = |outcome: &ClusterOutcome| -> u64 {
        outcome.classes.iter().flat_map(|class| &class.boxes).map(|one| one.new_bytes).sum()
    };
    let nothing = std::sync::Arc::new(ClusterOutcome::default());
    let sites = after.sites.iter().zip(&after_plan.outcomes).enumerate();
    let effect = |(at, (site, outcome)): (usize, (&SiteAsked, &std::sync::Arc<ClusterOutcome>))| {
        let both = [before_plan.outcomes.get(at).unwrap_or(&nothing), outcome];
        let missed = |it: &ClusterOutcome| (it.wanted_bytes_per_s - it.served_bytes_per_s).max(0.0);
        let effect = SiteEffect {
            site: site.site.clone(),
            served_bytes_per_s: both.map(|it| it.served_bytes_per_s),
            missed_bytes_per_s: both.map(|it| missed(it)),
            new_bytes: both.map(|it| new_bytes(it)),
        };
        let is_another = both[0] != both[1];
        is_another.then_some(effect)
    };
    sites.filter_map(effect).collect()
}

impl WhatIf {
    fn apply(&self, to: &mut Question) -> Result<(), NoSuchPlace> {
        match self {
            Self::AddBox { like } => {
                let device = another_box(to, like)?;
                let boxes = siblings(to, like)?;
                let one = boxes.iter().find(|it| it.device == *like).cloned();
                boxes.extend(one.map(|it| empty(&it, device)));
            }
            Self::LoseBox { device } => {
                siblings(to, device)?.retain(|it| it.device != *device);
            }
            Self::LoseDisk { device, disk_bytes } => {
                let boxes = siblings(to, device)?;
                for one in boxes.iter_mut().filter(|it| it.device == *device) {
                    one.room_bytes = one.room_bytes.saturating_sub(*disk_bytes);
                }
            }
            Self::AddSite { like } => {
                let half = site(to, like)?;
                half.share /= 2.0;
                half.deviations.iter_mut().for_each(|one| one.1 /= 2.0);
                let mut new = half.clone();
                new.site = another_site(to, like)?;
                for one in new.classes.iter_mut().flat_map(|class| &mut class.boxes) {
                    *one = empty(one, another_box(to, &one.device)?);
                }
                to.sites.push(new);
            }
            Self::LoseSite { site: name } => {
                site(to, name)?.classes.iter_mut().for_each(|class| class.boxes.clear());
            }
            Self::Title { group, title, times } => {
                let times = checked(*times)?;
                let number = to.number(group, title).ok_or_else(|| NoSuchPlace::Unknown {
                    what: "title",
                    name: format!("{group}/{title}"),
                })?;
                for region in &mut to.regions {
                    if let Some(demand) = region.demand_bytes_per_s.get_mut(number as usize) {
                        *demand = single(*demand, times);
                    }
                }
                let deviations = to.sites.iter_mut().flat_map(|site| &mut site.deviations);
                for deviation in deviations.filter(|it| it.0 == number) {
                    deviation.1 = single(deviation.1, times);
                }
            }
            Self::Budget { budget, times } => {
                let times = checked(*times)?;
                let classes = to.sites.iter_mut().flat_map(|site| &mut site.classes);
                let boxes = classes.flat_map(|class| &mut class.boxes);
                boxes.for_each(|one| budget.scale(one, times));
            }
        }
        Ok(())
    }
}

impl ScaledBudget {
    fn scale(self, one: &mut Budgets, times: f64) {
        let scaled = |bytes: u64| whole(bytes as f64 * times);
        match self {
            Self::Room => one.room_bytes = scaled(one.room_bytes),
            Self::Throughput => one.throughput_bytes_per_s = scaled(one.throughput_bytes_per_s),
            Self::Fill => one.fill_bytes = one.fill_bytes.map(scaled),
            Self::Endurance => one.endurance_bytes = one.endurance_bytes.map(scaled),
        }
    }
}

fn site<'a>(to: &'a mut Question, name: &SiteName) -> Result<&'a mut SiteAsked, NoSuchPlace> {
    let found = to.sites.iter_mut().find(|site| site.site == *name);
    found.ok_or_else(|| NoSuchPlace::Unknown { what: "site", name: name.to_string() })
}

/// The boxes of a box's class.
fn siblings<'a>(
    to: &'a mut Question,
    name: &DeviceName,
) -> Result<&'a mut Vec<Budgets>, NoSuchPlace> {
    let classes = to.sites.iter_mut().flat_map(|site| &mut site.classes);
    let mut boxes = classes.map(|class| &mut class.boxes);
    let found = boxes.find(|boxes| boxes.iter().any(|it| it.device == *name));
    found.ok_or_else(|| NoSuchPlace::Unknown { what: "box", name: name.to_string() })
}

/// A box like one, which is filled as far as it goes.
fn empty(like: &Budgets, device: DeviceName) -> Budgets {
    let (fill_bytes, endurance_bytes) = (None, None);
    Budgets { device, fill_bytes, endurance_bytes, said: None, held: None, ..like.clone() }
}

/// A name that no box has: what it holds is not known, and it draws for itself.
fn another_box(to: &Question, like: &DeviceName) -> Result<DeviceName, NoSuchPlace> {
    let is_free = |name: &DeviceName| to.boxes().all(|(_, one)| one.device != *name);
    let mut names = names(like.as_str()).map_while(|name| DeviceName::new(name).ok());
    names.find(is_free).ok_or_else(|| NoSuchPlace::NoName { name: like.to_string() })
}

/// A name that no site has.
fn another_site(to: &Question, like: &SiteName) -> Result<SiteName, NoSuchPlace> {
    let is_free = |name: &SiteName| to.sites.iter().all(|site| site.site != *name);
    let mut names = names(like.as_str()).map_while(|name| SiteName::new(name).ok());
    names.find(is_free).ok_or_else(|| NoSuchPlace::NoName { name: like.to_string() })
}

fn names(like: &str) -> impl Iterator<Item = String> + '_ {
    (1..).map(move |number| format!("new{number}-{like}"))
}

fn checked(times: f64) -> Result<f64, NoSuchPlace> {
    let is_good = (0.0..=1000.0).contains(&times);
    if is_good { Ok(times) } else { Err(NoSuchPlace::Times { times }) }
}

#[expect(clippy::cast_possible_truncation, reason = "demand is kept in single precision")]
fn single(demand: f32, times: f64) -> f32 {
    (f64::from(demand) * times) as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
