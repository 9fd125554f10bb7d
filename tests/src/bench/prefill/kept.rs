//! What the boxes of a fleet hold, in a file: twenty thousand sets of a million files are 2.5 GB.

use ::prefill::cluster::Bitmap;
use ::prefill::plan::{BoxPlace, FleetProblem, InForce, PlannedCluster, Sink};
use anyhow::{Context, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A place in the file for each box. What cannot be written or read is counted, not lost.
#[derive(Debug)]
pub struct Kept {
    file: File,
    /// By cluster, by class: the place of its first box.
    firsts: Vec<Vec<u64>>,
    set_bytes: usize,
    /// What went wrong.
    failures: AtomicUsize,
    /// Boxes that were shown.
    pub shown: AtomicUsize,
}

impl Kept {
    /// Room for the boxes of a fleet; none of them holds anything.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new(problem: &FleetProblem) -> Result<Self> {
        let mut boxes = 0;
        let mut firsts = Vec::new();
        for cluster in &problem.clusters {
            let mut of_cluster = Vec::new();
            for class in &cluster.classes {
                of_cluster.push(boxes);
                boxes += class.boxes.len() as u64;
            }
            firsts.push(of_cluster);
        }
        let file = tempfile::tempfile().context("a file of what boxes hold")?;
        let set_bytes = problem.sizes_bytes.len().div_ceil(64) * 8;
        file.set_len(boxes * set_bytes as u64)?;
        let (failures, shown) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Self { file, firsts, set_bytes, failures, shown })
    }

    /// Whether all was written and read.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.failures.load(Ordering::Relaxed) == 0
    }

    fn place(&self, place: BoxPlace) -> u64 {
        let first = self.firsts[place.cluster][place.class];
        (first + place.index as u64) * self.set_bytes as u64
    }
}

impl InForce for Kept {
    fn read(&self, place: BoxPlace, into: &mut Bitmap) {
        let mut bytes = vec![0; self.set_bytes];
        if self.file.read_exact_at(&mut bytes, self.place(place)).is_err() {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        let words = bytes.chunks_exact(8).map(|word| word.try_into().map_or(0, u64::from_le_bytes));
        into.set_words(into.files(), words);
    }
}

impl Sink for Kept {
    fn planned(&self, cluster: &PlannedCluster) {
        for (place, _, after) in cluster.boxes() {
            let bytes: Vec<u8> = after.words().iter().flat_map(|word| word.to_le_bytes()).collect();
            if self.file.write_all_at(&bytes, self.place(place)).is_err() {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            self.shown.fetch_add(1, Ordering::Relaxed);
        }
    }
}
