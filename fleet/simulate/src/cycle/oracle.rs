//! The best that could have been held, by who knows what will be wanted.
//!
//! Where only disks bind, that is the files with the most plays a byte of disk and byte of play,
//! which is the most plays, until the disk is full.

/// Files in falling order of a score of 0 and more; equal ones by number.
#[must_use]
pub fn ranked(scores: &[f32]) -> Vec<u32> {
    let keys = (0_u32..).zip(scores).filter(|(_, score)| **score > 0.0);
    // Of numbers from 0 on, bits have the same order.
    let mut keys: Vec<u64> =
        keys.map(|(file, score)| u64::from(!score.to_bits()) << 32 | u64::from(file)).collect();
    keys.sort_unstable();
    keys.into_iter().map(file).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is the file")]
fn file(key: u64) -> u32 {
    key as u32
}

/// The first of ranked files that fit, all together.
pub fn fitting<'a>(
    ranked: &'a [u32],
    sizes_bytes: &'a [u64],
    room_bytes: u64,
) -> impl Iterator<Item = u32> + 'a {
    let mut left_bytes = room_bytes;
    ranked.iter().copied().take_while(move |file| {
        let rest = left_bytes.checked_sub(sizes_bytes[*file as usize]);
        left_bytes = rest.unwrap_or(0);
        rest.is_some()
    })
}

/// Bytes of plays, with whole files counted, of the files given.
pub fn bytes(files: impl Iterator<Item = u32>, sizes_bytes: &[u64], plays: &[f32]) -> f64 {
    let of_file = |file: u32| f64::from(plays[file as usize]) * sizes_bytes[file as usize] as f64;
    files.map(of_file).sum()
}

/// Bytes of all plays.
#[must_use]
pub fn all_bytes(sizes_bytes: &[u64], plays: &[f32]) -> f64 {
    plays.iter().zip(sizes_bytes).map(|(plays, size)| f64::from(*plays) * *size as f64).sum()
}

/// Who knows what will be wanted over many days, and must hold the same all the time.
#[derive(Debug, Clone, Default)]
pub struct Static {
    plays: Vec<f32>,
}

impl Static {
    /// What is wanted on one more day.
    pub fn add(&mut self, wanted: &[f32]) {
        self.plays.resize(wanted.len(), 0.0);
        self.plays.iter_mut().zip(wanted).for_each(|(plays, wanted)| *plays += wanted);
    }

    /// Bytes of all that was wanted.
    #[must_use]
    pub fn bytes(&self, sizes_bytes: &[u64]) -> f64 {
        all_bytes(sizes_bytes, &self.plays)
    }

    /// Of all bytes, the share that it serves from disks of these sizes.
    #[must_use]
    pub fn hit_ratios(&self, sizes_bytes: &[u64], rooms_bytes: &[u64]) -> Vec<f64> {
        hit_ratios(sizes_bytes, &self.plays, rooms_bytes)
    }
}

/// The same of who holds on each day what is best for it.
#[must_use]
pub fn hit_ratios(sizes_bytes: &[u64], plays: &[f32], rooms_bytes: &[u64]) -> Vec<f64> {
    let (ranked, all) = (ranked(plays), all_bytes(sizes_bytes, plays));
    let of_room =
        |room: &u64| bytes(fitting(&ranked, sizes_bytes, *room), sizes_bytes, plays) / all;
    rooms_bytes.iter().map(of_room).collect()
}
