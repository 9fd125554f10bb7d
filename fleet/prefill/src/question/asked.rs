//! The document.

use super::ahead::AheadAsked;
use super::exact;
use contract::names::{DeviceName, GroupName, SiteName, TitleName};
use contract::time::TimeUs;
use serde::{Deserialize, Serialize};

/// All that one answer follows from, but for what boxes hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The day that is planned for, in days since 1970-01-01 (UTC).
    pub day: i32,
    /// The answer that says what boxes hold; `None` before the first.
    pub base: Option<u64>,
    /// Whether that answer is put back: nothing is worked out, boxes are to hold what it says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub put_back: bool,
    /// Of the inventory.
    pub inventory_version: i64,
    /// Of the catalogue.
    pub catalogue_version: u64,
    /// How sites are planned.
    pub tuning: Tuning,
    /// By number. Numbers stay from day to day ([`super::numbered`]); that of a title that has gone
    /// is free.
    pub titles: Vec<Option<TitleAsked>>,
    /// What viewers want, region by region.
    pub regions: Vec<RegionAsked>,
    /// Titles that must not be held, rising: sites name one of these lists.
    pub lacking: Vec<Vec<u32>>,
    /// The sites.
    pub sites: Vec<SiteAsked>,
    /// What is expected on later days: nothing is placed by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ahead: Vec<AheadAsked>,
}

/// How sites are planned, as operators say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Copies that a site has of a title at least, where it has as many boxes.
    pub least_copies: u16,
    /// What part of a box's throughput one title may ask for before it gets another copy.
    pub copy_share_percent: u32,
    /// By how much more than yesterday's least a new byte must be worth to take the place of one
    /// that is there.
    pub rest_percent: u32,
    /// What part of a box's disks may go to titles that no site would hold by itself.
    pub somewhere_percent: u32,
}

impl Default for Tuning {
    /// As the simulator finds them good: see `docs/prefill.md`.
    fn default() -> Self {
        Self { least_copies: 1, copy_share_percent: 5, rest_percent: 30, somewhere_percent: 20 }
    }
}

/// A title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleAsked {
    /// Its content group.
    pub group: GroupName,
    /// The title.
    pub title: TitleName,
    /// What all of it takes on disks.
    pub size_bytes: u64,
    /// When it is to be there: it is served from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_us: Option<TimeUs>,
}

/// Viewers who want the same, on another scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionAsked {
    /// Its name; none of sites that are in no region.
    pub region: Option<String>,
    /// By number of the title: bytes per second at the peak.
    #[serde(with = "exact::all")]
    pub demand_bytes_per_s: Vec<f32>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteAsked {
    /// Its name.
    pub site: SiteName,
    /// Its viewers' region: a place in [`Question::regions`].
    pub region: usize,
    /// What part of the region's demand they are.
    #[serde(with = "exact::one")]
    pub share: f64,
    /// Titles that are wanted otherwise here, rising: bytes per second at the peak.
    #[serde(with = "exact::by_title", default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<(u32, f32)>,
    /// What it must not hold: a place in [`Question::lacking`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking: Option<usize>,
    /// Titles that it must hold, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<u32>,
    /// Titles of which it must have more copies, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_copies: Vec<(u32, u16)>,
    /// Who is asked for what it does not hold: a place in [`Question::sites`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    /// What a byte of its disks was worth in the base: bytes per second served.
    #[serde(with = "exact::one")]
    pub byte_worth: f64,
    /// How it is planned, where that is tried beside how all sites are ([`Question::tuning`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// Its boxes, by class.
    pub classes: Vec<ClassAsked>,
}

/// Boxes of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassAsked {
    /// Its name.
    pub class: String,
    /// Its boxes.
    pub boxes: Vec<Budgets>,
}

/// A box, what it can do, and whether it is planned on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    /// Its name.
    pub device: DeviceName,
    /// What it may hold.
    pub room_bytes: u64,
    /// What it can send.
    pub throughput_bytes_per_s: u64,
    /// New bytes that its windows let in a day; any number without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_bytes: Option<u64>,
    /// Bytes that may be written to its disks a day for them to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endurance_bytes: Option<u64>,
    /// Why it is not planned on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// What it holds by its own word, by number of the title, where no answer before says it: before the
    /// first, and of a box that has come since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Vec<u32>>,
}

/// Why a box is not planned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It has not reported for so long; what it holds stays.
    Stale {
        /// For how long at least.
        age_s: u64,
    },
    /// It is out of service.
    OutOfService,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stale { age_s } => write!(f, "no report for {} h and more", age_s / 3600),
            Self::OutOfService => f.write_str("out of service"),
        }
    }
}

/// What is wrong with a question.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unasked {
    /// The planner says so.
    #[error(transparent)]
    Fleet(#[from] crate::plan::BadFleet),
    /// A region without a demand for each title.
    #[error("region {region}: {demands} demands for {titles} titles")]
    Lengths {
        /// Which, as a place.
        region: usize,
        /// How many demands.
        demands: usize,
        /// How many titles.
        titles: usize,
    },
    /// A demand for what is no title.
    #[error("number {number} is wanted, and is that of no title")]
    NoTitle {
        /// Which.
        number: u32,
    },
}

impl Question {
    /// A title by its number.
    #[must_use]
    pub fn title(&self, number: u32) -> Option<&TitleAsked> {
        self.titles.get(number as usize)?.as_ref()
    }

    /// The number of a title.
    #[must_use]
    pub fn number(&self, group: &GroupName, title: &TitleName) -> Option<u32> {
        let is_it = |it: &Option<TitleAsked>| {
            it.as_ref().is_some_and(|it| it.group == *group && it.title == *title)
        };
        self.titles.iter().position(is_it).and_then(|at| u32::try_from(at).ok())
    }

    /// What planners do not see: names and numbers that do not go together.
    pub(super) fn check(&self) -> Result<(), Unasked> {
        let titles = self.titles.len();
        for (region, asked) in self.regions.iter().enumerate() {
            let demands = asked.demand_bytes_per_s.len();
            if demands != titles {
                return Err(Unasked::Lengths { region, demands, titles });
            }
        }
        let of_regions =
            self.regions.iter().flat_map(|region| (0..).zip(&region.demand_bytes_per_s));
        let of_sites =
            self.sites.iter().flat_map(|site| &site.deviations).map(|(at, it)| (*at, it));
        let free = |number: u32| self.titles.get(number as usize).is_some_and(Option::is_none);
        let wanted = of_regions.chain(of_sites).filter(|(_, demand)| **demand != 0.0);
        let mut wrong = wanted.map(|(number, _)| number).filter(|number| free(*number));
        wrong.next().map_or(Ok(()), |number| Err(Unasked::NoTitle { number }))
    }

    /// Every box, with its site.
    pub fn boxes(&self) -> impl Iterator<Item = (&SiteAsked, &Budgets)> {
        let classes = |site: &'_ SiteAsked| site.classes.len();
        self.sites.iter().flat_map(move |site| {
            (0..classes(site))
                .flat_map(move |at| site.classes[at].boxes.iter().map(move |it| (site, it)))
        })
    }
}
