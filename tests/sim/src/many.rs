//! Many seeds, on all processors, until one of them fails.

use crate::findings::Counts;
use crate::run::{Failure, run};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Lives through all of these seeds.
///
/// # Errors
/// The first failure, after which no seed is begun.
pub fn many(seeds: Range<u64>) -> Result<Counts, Box<Failure>> {
    let next = AtomicU64::new(seeds.start);
    let outcome = Mutex::new(Ok(Counts::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let one = run(seed, false);
            let mut all = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *all, one) {
                (Err(_), _) => break,
                (Ok(sum), Ok(counts)) => *sum += counts,
                (Ok(_), Err(failure)) => *all = Err(failure),
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
}
