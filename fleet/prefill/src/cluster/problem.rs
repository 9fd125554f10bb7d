//! What is asked, and what is wrong with a question.

use super::bitmap::Bitmap;
use super::order::{RegionOrder, check_demand};
use super::solution::Holding;
use super::terms::MAX_CLASSES;
use contract::catalogue::Ordinal;

/// What one box sends, and what is wanted of one file, is at most this (a petabyte a second, a
/// thousand times what any does): sums of them then keep the digits that matter.
pub(super) const MAX_BYTES_PER_S: f64 = 1e15;

/// One cluster on one day: what its viewers want, what its boxes can do, what operators say.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The files, and what the region around the cluster wants of them.
    pub region: &'a RegionOrder<'a>,
    /// What part of the region's demand this cluster's viewers are, above 0.
    pub region_share: f64,
    /// Files that are wanted otherwise here, rising by ordinal, with their demand here in place
    /// of the region's.
    pub deviations: &'a [Deviation],
    /// The classes of hardware, 1 to [`MAX_CLASSES`].
    pub classes: &'a [Class<'a>],
    /// Files that the cluster must not hold (rights, an operator's ban). It speaks of all files
    /// or of none.
    pub bans: &'a Bitmap,
    /// Files that a class must hold, whatever they are worth, rising by ordinal, then by class.
    pub pins: &'a [Pin],
    /// How many copies a held file has at least, where a class has as many boxes, and these room
    /// for them ([`super::ClassSolution::short_files`]); 1 or more.
    pub least_copies: u16,
    /// Files of which there must be more, rising by ordinal.
    pub more_copies: &'a [(Ordinal, u16)],
    /// How much of one box's throughput one file may ask for before it gets another copy, above
    /// 0. Infinity: popularity makes no copies.
    pub copy_share: f64,
    /// What a new byte costs: bytes per second served that it must bring in, 0 or more. The more,
    /// the more what is there stays there.
    pub churn_price: f64,
}

impl<'a> Problem<'a> {
    /// One copy of each file, and nothing special.
    #[must_use]
    pub fn plain(region: &'a RegionOrder<'a>, classes: &'a [Class<'a>], bans: &'a Bitmap) -> Self {
        Self {
            region,
            region_share: 1.0,
            deviations: &[],
            classes,
            bans,
            pins: &[],
            least_copies: 1,
            more_copies: &[],
            copy_share: f64::INFINITY,
            churn_price: 0.0,
        }
    }
}

/// Boxes alike enough that which of them holds a file does not matter to its value.
#[derive(Debug, Clone, Copy)]
pub struct Class<'a> {
    /// The boxes. Their budgets add up to those of the class: the solver sees sums, and which box
    /// takes what is decided when the class is spread ([`super::Spread`]).
    pub boxes: &'a [ClusterBox],
    /// What the class holds today; `None` when nothing. A file of which it has fewer copies than
    /// of others (no box had room) counts as one that is not there: such files are few.
    pub resident: Option<&'a Holding>,
    /// What each box holds today, in their order. `None`: that is not known, and the class is
    /// spread as if boxes could take any number of new bytes.
    pub on_boxes: Option<&'a [Bitmap]>,
}

impl Class<'_> {
    /// How many copies of a file count as there today, where a file has so many now.
    pub(super) fn there(&self, ordinal: Ordinal, copies_each: u16) -> u16 {
        let Some(resident) = self.resident else { return 0 };
        let there = resident.copies(ordinal);
        if there < resident.copies_each.min(copies_each) { 0 } else { there }
    }
}

/// One box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClusterBox {
    /// Its own number for rendezvous hashing; never changes, and no two boxes of a class share
    /// one.
    pub seed: u64,
    /// What it may hold.
    pub room_bytes: u64,
    /// What it can send at the peak.
    pub throughput_bytes_per_s: f64,
    /// New bytes that its fill windows let in a day.
    pub fill_bytes: u64,
    /// Bytes that may be written to its disks a day, for them to last.
    pub endurance_bytes: u64,
}

impl ClusterBox {
    /// A box that takes as many new bytes as it has room for.
    #[must_use]
    pub fn unbound(seed: u64, room_bytes: u64, throughput_bytes_per_s: f64) -> Self {
        let (fill_bytes, endurance_bytes) = (u64::MAX, u64::MAX);
        Self { seed, room_bytes, throughput_bytes_per_s, fill_bytes, endurance_bytes }
    }

    /// The new bytes that it may take in a day.
    #[must_use]
    pub fn new_bytes(&self) -> u64 {
        self.fill_bytes.min(self.endurance_bytes)
    }
}

/// A file that is wanted otherwise in this cluster than in its region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// Which file.
    pub ordinal: Ordinal,
    /// What this cluster's viewers want of it, in bytes per second at the peak.
    pub demand: f32,
}

/// A file that a class must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin {
    /// Which file.
    pub ordinal: Ordinal,
    /// Which class, as a place in [`Problem::classes`].
    pub class: usize,
}

/// A file that cannot be planned with.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum BadFile {
    /// Sizes and demand speak of different files.
    #[error(
        "{sizes} sizes and {demand} demands: one of each for every file, fewer than 2^32 files"
    )]
    Lengths {
        /// How many sizes.
        sizes: usize,
        /// How many demands.
        demand: usize,
    },
    /// A file without bytes.
    #[error("file {ordinal} has no bytes: leave it out, or correct its size")]
    ZeroSize {
        /// Which.
        ordinal: Ordinal,
    },
    /// A demand that is none.
    #[error("file {ordinal} has a demand of {demand} bytes/s: it is finite and 0 or more")]
    Demand {
        /// Which file.
        ordinal: Ordinal,
        /// What was given.
        demand: f32,
    },
    /// More bytes than any cluster could name.
    #[error("{total_bytes} bytes of files are more than an exabyte: a size is wrong")]
    TooManyBytes {
        /// The sum of the sizes (or the greatest number there is).
        total_bytes: u64,
    },
}

/// Why a problem has no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Something about one file.
    #[error(transparent)]
    File(#[from] BadFile),
    /// No class, or too many.
    #[error("{classes} classes of hardware: 1 to {MAX_CLASSES}")]
    Classes {
        /// How many.
        classes: usize,
    },
    /// A class without boxes, or with more than copies can be counted for.
    #[error("class {class} has {boxes} boxes: 1 to 65535")]
    Boxes {
        /// Which class.
        class: usize,
        /// How many boxes.
        boxes: usize,
    },
    /// What boxes hold is told of more or fewer than there are.
    #[error("class {class} has {boxes} boxes, and holds files on {given}")]
    OnBoxes {
        /// Which class.
        class: usize,
        /// How many boxes it has.
        boxes: usize,
        /// Of how many is told what they hold.
        given: usize,
    },
    /// Two boxes that would draw the same for every file.
    #[error("two boxes of class {class} have the seed {seed}: each needs its own")]
    Seeds {
        /// Which class.
        class: usize,
        /// What both have.
        seed: u64,
    },
    /// A throughput that is none.
    #[error("box {index} of class {class} sends {bytes_per_s:e} bytes/s: 0 to {MAX_BYTES_PER_S:e}")]
    Throughput {
        /// Which class.
        class: usize,
        /// Which of its boxes.
        index: usize,
        /// What was given.
        bytes_per_s: f64,
    },
    /// More demand than any cluster could have.
    #[error("{demand:e} bytes/s are wanted of one file: at most {MAX_BYTES_PER_S:e}")]
    TooMuchDemand {
        /// What is wanted.
        demand: f64,
    },
    /// A number that is out of its range.
    #[error("{name} is {value}: {range}")]
    Number {
        /// Which field of [`Problem`].
        name: &'static str,
        /// What was given.
        value: f64,
        /// What may be given.
        range: &'static str,
    },
    /// A list that is out of order, or names a file twice.
    #[error("{name}: file {ordinal} is out of order, or there twice")]
    Order {
        /// Which field of [`Problem`].
        name: &'static str,
        /// At which file.
        ordinal: Ordinal,
    },
    /// A file that is not among the region's.
    #[error("{name}: file {ordinal} is none of the region's {files}")]
    Unknown {
        /// Which field of [`Problem`].
        name: &'static str,
        /// Which file.
        ordinal: Ordinal,
        /// How many there are.
        files: usize,
    },
    /// A set that speaks of other files than the region.
    #[error("{name} speaks of {given} files, the region of {files}")]
    Files {
        /// Which field of [`Problem`].
        name: &'static str,
        /// Of how many the set speaks.
        given: usize,
        /// How many there are.
        files: usize,
    },
    /// A pin on a class that is not there.
    #[error("file {ordinal} is pinned to class {class} of {classes}")]
    NoSuchClass {
        /// Which file.
        ordinal: Ordinal,
        /// The class that was named.
        class: usize,
        /// How many there are.
        classes: usize,
    },
    /// A file that must be held and must not.
    #[error("file {ordinal} is pinned and banned: lift one of the two")]
    PinnedAndBanned {
        /// Which.
        ordinal: Ordinal,
    },
    /// A pinned file for which no boxes are large enough, even empty.
    #[error("file {ordinal} is pinned to class {class}, where {copies} copies fit on no boxes")]
    PinTooLarge {
        /// Which file.
        ordinal: Ordinal,
        /// To which class.
        class: usize,
        /// How many copies it must have.
        copies: u16,
    },
    /// The pins of a class alone are more than its disks.
    #[error("the pins of class {class} are {over_bytes} bytes more than its disks hold")]
    PinsOverDisk {
        /// Which class.
        class: usize,
        /// By how much.
        over_bytes: u64,
    },
    /// The pins of a class that are not there yet are more than it may take in a day.
    #[error("the new pins of class {class} are {over_bytes} bytes more than it may take in a day")]
    PinsOverFill {
        /// Which class.
        class: usize,
        /// By how much.
        over_bytes: u64,
    },
}

impl Problem<'_> {
    /// What this cluster's viewers want of a file, in bytes per second at the peak.
    #[must_use]
    pub fn demand(&self, ordinal: Ordinal) -> f64 {
        match self.deviations.binary_search_by_key(&ordinal, |deviation| deviation.ordinal) {
            Ok(at) => f64::from(self.deviations[at].demand),
            Err(_) => self.region_share * self.region.demand(ordinal),
        }
    }

    /// All that this cluster's viewers want, in bytes per second at the peak.
    #[must_use]
    pub fn demand_in_all(&self) -> f64 {
        let mut wanted = self.region_share * self.region.demand_in_all();
        for deviation in self.deviations {
            let regional = self.region_share * self.region.demand(deviation.ordinal);
            wanted += f64::from(deviation.demand) - regional;
        }
        wanted.max(0.0)
    }

    /// What stands in the question itself. What pins ask for is seen when they are given room.
    pub(super) fn check(&self) -> Result<(), Refused> {
        self.check_classes()?;
        check_number("region_share", self.region_share, |v| v.is_finite() && v > 0.0, "above 0")?;
        check_number("copy_share", self.copy_share, |v| v > 0.0, "above 0")?;
        let is_price = |v: f64| v.is_finite() && v >= 0.0;
        check_number("churn_price", self.churn_price, is_price, "0 or more")?;
        check_number("least_copies", f64::from(self.least_copies), |v| v >= 1.0, "1 or more")?;
        self.check_files("bans", self.bans)?;
        self.check_rising("deviations", self.deviations.iter().map(|d| (d.ordinal, 0)))?;
        self.check_rising("more_copies", self.more_copies.iter().map(|more| (more.0, 0)))?;
        self.check_rising("pins", self.pins.iter().map(|pin| (pin.ordinal, pin.class)))?;
        for deviation in self.deviations {
            check_demand(deviation.ordinal, deviation.demand)?;
        }
        self.check_most_demand()?;
        self.check_pins()
    }

    fn check_most_demand(&self) -> Result<(), Refused> {
        let in_region = self.region.run.peak_demand.iter().copied().fold(0.0, f32::max);
        let deviated = self.deviations.iter().map(|deviation| f64::from(deviation.demand));
        let demand = deviated.fold(self.region_share * f64::from(in_region), f64::max);
        let is_countable = demand <= MAX_BYTES_PER_S;
        if is_countable { Ok(()) } else { Err(Refused::TooMuchDemand { demand }) }
    }

    fn check_classes(&self) -> Result<(), Refused> {
        let classes = self.classes.len();
        if !(1..=MAX_CLASSES).contains(&classes) {
            return Err(Refused::Classes { classes });
        }
        for (class, given) in self.classes.iter().enumerate() {
            let boxes = given.boxes.len();
            if boxes == 0 || u16::try_from(boxes).is_err() {
                return Err(Refused::Boxes { class, boxes });
            }
            for (index, one) in given.boxes.iter().enumerate() {
                let bytes_per_s = one.throughput_bytes_per_s;
                if !(0.0..=MAX_BYTES_PER_S).contains(&bytes_per_s) {
                    return Err(Refused::Throughput { class, index, bytes_per_s });
                }
            }
            check_seeds(class, given.boxes)?;
            if let Some(on_boxes) = given.on_boxes {
                if on_boxes.len() != boxes {
                    return Err(Refused::OnBoxes { class, boxes, given: on_boxes.len() });
                }
                on_boxes.iter().try_for_each(|held| self.check_files("on_boxes", held))?;
            }
            if let Some(resident) = given.resident {
                let more = resident.more.iter().map(|more| (more.0, 0));
                self.check_files("resident", &resident.held)?;
                self.check_rising("resident", more)?;
            }
        }
        Ok(())
    }

    fn check_files(&self, name: &'static str, set: &Bitmap) -> Result<(), Refused> {
        let (given, files) = (set.files(), self.region.files());
        if given == 0 || given == files {
            return Ok(());
        }
        Err(Refused::Files { name, given, files })
    }

    fn check_rising(
        &self,
        name: &'static str,
        keys: impl Iterator<Item = (Ordinal, usize)>,
    ) -> Result<(), Refused> {
        let files = self.region.files();
        let mut before = None;
        for key in keys {
            let ordinal = key.0;
            if before.is_some_and(|before| before >= key) {
                return Err(Refused::Order { name, ordinal });
            }
            if ordinal as usize >= files {
                return Err(Refused::Unknown { name, ordinal, files });
            }
            before = Some(key);
        }
        Ok(())
    }

    fn check_pins(&self) -> Result<(), Refused> {
        let classes = self.classes.len();
        for Pin { ordinal, class } in self.pins.iter().copied() {
            if class >= classes {
                return Err(Refused::NoSuchClass { ordinal, class, classes });
            }
            if self.bans.contains(ordinal) {
                return Err(Refused::PinnedAndBanned { ordinal });
            }
        }
        Ok(())
    }
}

fn check_seeds(class: usize, boxes: &[ClusterBox]) -> Result<(), Refused> {
    let mut seeds: Vec<u64> = boxes.iter().map(|one| one.seed).collect();
    seeds.sort_unstable();
    let twice = seeds.windows(2).find(|pair| pair[0] == pair[1]);
    twice.map_or(Ok(()), |pair| Err(Refused::Seeds { class, seed: pair[0] }))
}

fn check_number(
    name: &'static str,
    value: f64,
    is_good: impl Fn(f64) -> bool,
    range: &'static str,
) -> Result<(), Refused> {
    if is_good(value) { Ok(()) } else { Err(Refused::Number { name, value, range }) }
}
