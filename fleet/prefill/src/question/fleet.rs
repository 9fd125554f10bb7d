//! The question in the planner's words: places for names.

use super::answer::{Before, held_before};
use super::asked::{Budgets, Question, Said, SiteAsked, Tuning, Unasked};
use crate::cluster::{Bitmap, ClusterBox, Deviation, Pin};
use crate::plan::{
    Audience, BoxPlace, Cluster, FleetProblem, HardwareClass, InForce, PlannedBox, Policy, Region,
    Report, Rights,
};
use contract::names::DeviceName;
use std::sync::Arc;

/// A title's place that is free: it takes up nothing that counts, and nobody wants it.
const NO_TITLE_BYTES: u64 = 1;

/// What a question is made of, with lists that the planner borrows.
pub(super) struct Lists {
    sizes_bytes: Vec<u64>,
    rights: Vec<Rights>,
}

impl Lists {
    pub(super) fn of(question: &Question) -> Self {
        let sizes = question.titles.iter();
        let size = |title: &Option<super::asked::TitleAsked>| {
            title.as_ref().map_or(NO_TITLE_BYTES, |title| title.size_bytes.max(1))
        };
        let files = question.titles.len();
        let rights = question.lacking.iter().map(|lacking| {
            let mut banned = Bitmap::new(files);
            let known = lacking.iter().filter(|title| (**title as usize) < files);
            known.for_each(|title| banned.insert(*title));
            Rights { name: "what may not be held".into(), banned }
        });
        Self { sizes_bytes: sizes.map(size).collect(), rights: rights.collect() }
    }

    /// Puts the question to `ask`.
    pub(super) fn with<T>(
        &self,
        question: &Question,
        beside: Beside,
        ask: impl FnOnce(&FleetProblem) -> Result<T, Unasked>,
    ) -> Result<T, Unasked> {
        question.check()?;
        let mut regions = Vec::new();
        for region in &question.regions {
            let name = region.region.as_deref().unwrap_or("in no region");
            regions.push(Region::new(name, &self.sizes_bytes, &region.demand_bytes_per_s)?);
        }
        let cluster = |(at, site): (usize, &SiteAsked)| {
            let tuning = question.tuning_of(site);
            let mut cluster = cluster(site, tuning);
            let more = beside.pins.iter().filter(|pin| pin.0 == at).map(|pin| pin.1);
            cluster.pins = pins(site, more);
            let boxes = cluster.classes.iter_mut().flat_map(|class| &mut class.boxes);
            let reserved_percent = if beside.is_reserved { tuning.somewhere_percent } else { 0 };
            boxes.for_each(|one| {
                one.budget.room_bytes -= part(one.budget.room_bytes, reserved_percent);
            });
            Arc::new(cluster)
        };
        ask(&FleetProblem {
            sizes_bytes: &self.sizes_bytes,
            regions: &regions,
            rights: &self.rights,
            clusters: question.sites.iter().enumerate().map(cluster).collect(),
        })
    }

    pub(super) fn size_bytes(&self, title: u32) -> u64 {
        self.sizes_bytes.get(title as usize).copied().unwrap_or(0)
    }

    pub(super) fn files(&self) -> usize {
        self.sizes_bytes.len()
    }
}

/// What is asked beside the question.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    /// Titles that sites must hold, by their places.
    pub(super) pins: &'a [(usize, u32)],
    /// Whether a part of disks is left alone, for what must be somewhere.
    pub(super) is_reserved: bool,
}

/// A part of some bytes.
pub(super) fn part(bytes: u64, percent: u32) -> u64 {
    let part = u128::from(bytes) * u128::from(percent.min(100)) / 100;
    u64::try_from(part).unwrap_or(bytes)
}

fn cluster(site: &SiteAsked, tuning: Tuning) -> Cluster {
    let class = |class: &super::asked::ClassAsked| HardwareClass {
        name: class.class.as_str().into(),
        boxes: class.boxes.iter().map(planned_box).collect(),
    };
    let deviation =
        |(ordinal, demand): &(u32, f32)| Deviation { ordinal: *ordinal, demand: *demand };
    Cluster {
        name: site.site.as_str().into(),
        audience: Some(Audience {
            region: site.region,
            share: site.share,
            deviations: site.deviations.iter().map(deviation).collect(),
        }),
        classes: site.classes.iter().map(class).collect(),
        rights: site.lacking,
        pins: Vec::new(),
        more_copies: site.more_copies.clone(),
        churn_price: site.byte_worth * f64::from(tuning.rest_percent) / 100.0,
        policy: Policy {
            least_copies: tuning.least_copies.max(1),
            copy_share: f64::from(tuning.copy_share_percent.max(1)) / 100.0,
        },
        parent: site.parent,
    }
}

/// Pins are of a class: the one with the most room.
fn pins(site: &SiteAsked, more: impl Iterator<Item = u32>) -> Vec<Pin> {
    let Some(class) = site.roomiest() else { return Vec::new() };
    let mut titles: Vec<u32> = site.pins.iter().copied().chain(more).collect();
    titles.sort_unstable();
    titles.dedup();
    titles.into_iter().map(|ordinal| Pin { ordinal, class }).collect()
}

fn planned_box(asked: &Budgets) -> PlannedBox {
    PlannedBox {
        device: asked.device.as_str().into(),
        budget: ClusterBox {
            seed: seed(&asked.device),
            room_bytes: asked.room_bytes,
            throughput_bytes_per_s: asked.throughput_bytes_per_s as f64,
            fill_bytes: asked.fill_bytes.unwrap_or(u64::MAX),
            endurance_bytes: asked.endurance_bytes.unwrap_or(u64::MAX),
        },
        report: match asked.said {
            None => Report::Fresh,
            Some(Said::Stale { age_s }) => Report::Stale { age_s },
            Some(Said::OutOfService) => Report::Lost,
        },
    }
}

/// A number of a box's own, from its name (FNV-1a).
fn seed(device: &DeviceName) -> u64 {
    hash(device.as_str().bytes(), OFFSET_BASIS)
}

/// Where FNV-1a begins.
pub(crate) const OFFSET_BASIS: u64 = 0xCBF2_9CE4_8422_2325;

/// FNV-1a (Fowler, Noll and Vo), on from a state.
pub(crate) fn hash(bytes: impl Iterator<Item = u8>, state: u64) -> u64 {
    bytes.fold(state, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// What boxes hold, asked for by their places.
pub(super) struct Held<'a> {
    pub(super) question: &'a Question,
    pub(super) before: &'a dyn Before,
}

impl InForce for Held<'_> {
    fn read(&self, place: BoxPlace, into: &mut Bitmap) {
        let files = into.files();
        let held = budgets(self.question, place).and_then(|it| held_before(self.before, it));
        let titles = held.into_iter().flatten().filter(|title| (*title as usize) < files);
        titles.for_each(|title| into.insert(title));
    }
}

/// The box at a place.
pub(super) fn budgets(question: &Question, place: BoxPlace) -> Option<&Budgets> {
    let class = question.sites.get(place.cluster)?.classes.get(place.class)?;
    class.boxes.get(place.index)
}
