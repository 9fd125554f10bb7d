//! The boxes of a site: what they hold, and what they are to hold by tomorrow.

use super::Failed;
use crate::audience::WATCHED;
use prefill::cluster::{
    Bitmap, Class, ClusterBox, Holding, Problem, RegionOrder, Spread, Workspace,
};

const DAY_S: f64 = 86_400.0;

/// What boxes of a simulation send: more than anybody asks of them, so that disks alone bind.
const THROUGHPUT_BYTES_PER_S: f64 = 1e13;

/// What a site is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// How many boxes.
    pub boxes: usize,
    /// The room of all of them together.
    pub room_bytes: u64,
    /// Of its room, what a box may take in of new bytes a day; the first fill is not counted.
    pub fill: f64,
    /// By how much more a byte must be worth than the least that is held, to take its place.
    ///
    /// A price of new bytes says the same in the solver's words: `b` times what a byte of disk was
    /// worth yesterday. A new file comes from `λ (1 + b)` on, one that is there stays down to `λ`.
    pub rest: f64,
}

/// A site's boxes from day to day.
#[derive(Debug)]
pub struct Store {
    site: Site,
    workspace: Workspace,
    spread: Spread,
    /// By box.
    on_boxes: Vec<Bitmap>,
    /// Files that were ever there.
    ever: Bitmap,
    /// Planned so far.
    nights: usize,
    /// Yesterday's worth of a byte of disk, over the demand of all.
    disk_worth: Option<f64>,
}

/// What came in one night.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Night {
    /// Bytes written to disks that did not have them.
    pub written_bytes: u64,
    /// Bytes that came across the provider's edge: what no box of the site had. The boxes fetch
    /// the rest from each other.
    pub ingress_bytes: u64,
    /// Those of them that had never been there.
    pub first_bytes: u64,
    /// How far the placement is from the best, at most.
    pub gap: f64,
}

impl Store {
    /// Empty boxes.
    #[must_use]
    pub fn new(site: Site, files: usize) -> Self {
        Self {
            site,
            workspace: Workspace::default(),
            spread: Spread::default(),
            on_boxes: vec![Bitmap::new(files); site.boxes],
            ever: Bitmap::new(files),
            nights: 0,
            disk_worth: None,
        }
    }

    /// From the next night on it is planned otherwise. Boxes stay as many as they are.
    pub fn follow(&mut self, site: Site) {
        self.site = Site { boxes: self.site.boxes, ..site };
    }

    /// How many nights it was planned in.
    #[must_use]
    pub fn nights(&self) -> usize {
        self.nights
    }

    /// The files that boxes hold which are there.
    #[must_use]
    pub fn held(&self, is_up: &[bool]) -> Bitmap {
        let files = self.ever.files();
        let mut held = Bitmap::new(files);
        for (on_box, _) in self.on_boxes.iter().zip(is_up).filter(|(_, up)| **up) {
            on_box.ordinals().for_each(|file| held.insert(file));
        }
        held
    }

    /// Plans by a forecast, and fills. Boxes that are out stay as they are. `order` is of what is
    /// forecast, `all` the sum of it.
    ///
    /// # Errors
    /// What the solver refuses.
    pub fn plan(
        &mut self,
        order: &RegionOrder,
        (sizes_bytes, all): (&[u64], f64),
        is_up: &[bool],
    ) -> Result<Night, Failed> {
        let boxes: Vec<ClusterBox> = self.boxes(is_up);
        if boxes.is_empty() {
            return Ok(Night::default());
        }
        let held = Holding { held: self.held(is_up), copies_each: 1, more: vec![] };
        let up = self.on_boxes.iter().zip(is_up).filter(|(_, up)| **up);
        let on_boxes: Vec<Bitmap> = up.map(|(held, _)| held.clone()).collect();
        let classes = [Class {
            boxes: &boxes,
            resident: self.disk_worth.map(|_| &held),
            on_boxes: Some(&on_boxes),
        }];
        let bans = Bitmap::default();
        let churn_price = self.disk_worth.map_or(0.0, |worth| self.site.rest * worth * all);
        let problem = Problem { churn_price, ..Problem::plain(order, &classes, &bans) };
        self.workspace.solve(&problem)?;
        self.workspace.spread(&problem, 0, &mut self.spread);
        self.disk_worth =
            Some(self.workspace.solution().multipliers.disk_byte()[0] / all.max(1e-9));
        self.nights += 1;
        Ok(self.fill(sizes_bytes, &held.held, is_up))
    }

    /// The boxes that are there, with what they may take today.
    fn boxes(&self, is_up: &[bool]) -> Vec<ClusterBox> {
        let room_bytes = self.site.room_bytes / self.site.boxes.max(1) as u64;
        let is_first = self.disk_worth.is_none();
        let fill_bytes =
            if is_first { u64::MAX } else { whole(room_bytes as f64 * self.site.fill) };
        let of_seed = |seed| ClusterBox {
            seed,
            room_bytes,
            throughput_bytes_per_s: THROUGHPUT_BYTES_PER_S,
            fill_bytes,
            endurance_bytes: u64::MAX,
        };
        (0..).zip(is_up).filter(|(_, up)| **up).map(|(seed, _)| of_seed(seed)).collect()
    }

    fn fill(&mut self, sizes_bytes: &[u64], before: &Bitmap, is_up: &[bool]) -> Night {
        let mut night = Night {
            written_bytes: self.spread.new_bytes.iter().sum(),
            gap: self.workspace.solution().gap(),
            ..Night::default()
        };
        let up = self.on_boxes.iter_mut().zip(is_up).filter(|(_, up)| **up);
        for ((on_box, _), held) in up.zip(&self.spread.held) {
            on_box.clone_from(held);
        }
        for file in self.held(is_up).ordinals().filter(|file| !before.contains(*file)) {
            night.ingress_bytes += sizes_bytes[file as usize];
            if !self.ever.contains(file) {
                night.first_bytes += sizes_bytes[file as usize];
                self.ever.insert(file);
            }
        }
        night
    }
}

/// From plays a day to bytes a second at the peak, as the solver counts; and their sum.
pub fn rates_into(plays: &[f32], sizes_bytes: &[u64], peak: f64, rates: &mut Vec<f32>) -> f64 {
    let a_play = WATCHED * peak / DAY_S;
    let mut all = 0.0;
    rates.clear();
    rates.extend(plays.iter().zip(sizes_bytes).map(|(plays, size_bytes)| {
        let rate = f64::from(*plays) * *size_bytes as f64 * a_play;
        all += rate;
        single(rate)
    }));
    all
}

#[expect(clippy::cast_possible_truncation, reason = "the solver counts demand in these")]
fn single(rate: f64) -> f32 {
    rate as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of a disk")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
