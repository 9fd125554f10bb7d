//! How often an object was asked for, about: a count-min sketch whose counts fade.

/// Rows: the least of as many counts is the estimate.
const ROWS: u64 = 4;

/// A count goes no further.
const MOST: u8 = 15;

/// Counts are halved after so many requests for each counter of a row.
const SAMPLE: usize = 10;

/// The sketch of TinyLFU: Einziger, Friedman, Manes, «TinyLFU: A Highly Efficient Cache
/// Admission Policy» (ACM ToS 2017).
#[derive(Debug)]
pub struct Sketch {
    counts: Vec<u8>,
    width: u64,
    seen: usize,
}

impl Sketch {
    /// For a cache of about so many objects.
    #[must_use]
    pub fn new(objects: usize) -> Self {
        let width = objects.max(64).next_power_of_two();
        Self { counts: vec![0; width * 4], width: width as u64, seen: 0 }
    }

    fn places(&self, object: u32) -> impl Iterator<Item = usize> + use<> {
        let width = self.width;
        (0..ROWS).map(move |row| {
            let hash = mix(u64::from(object) | ((row + 1) << 32));
            usize::try_from(row * width + hash % width).unwrap_or(0)
        })
    }

    /// Counts a request.
    pub fn add(&mut self, object: u32) {
        for place in self.places(object) {
            self.counts[place] = (self.counts[place] + 1).min(MOST);
        }
        self.seen += 1;
        if self.seen >= SAMPLE * self.counts.len() / 4 {
            self.counts.iter_mut().for_each(|count| *count /= 2);
            self.seen /= 2;
        }
    }

    /// How often, about; never too little since counts were last halved.
    #[must_use]
    pub fn count(&self, object: u32) -> u8 {
        self.places(object).map(|place| self.counts[place]).min().unwrap_or(0)
    }
}

/// The last steps of MurmurHash3: all bits of the result depend on all bits given.
fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}
