//! Content that nobody ordered: kept as an origin gave it, because somebody asked for it.
//!
//! No catalogue knows its hash. What holds it together is one [`Validator`]: every slice came
//! with it, and an object of which its origin has another version by now is dropped as a whole.
//! Otherwise it is as any object: a file laid out at its full length, slices of 1 MiB, blocks
//! with checksums that are compared whenever they come off a disk, readers who wait for a slice
//! and have it when it has come. It never has a seal, may lack slices for ever, and nothing of
//! it is synchronised: what a crash tears is a slice that is missing.
//!
//! Not here: asking origins, and what their `Cache-Control` means (`fill`). The cache says what
//! it would like to have through a port, [`Bring`].
//!
//! Read in this order: [`facts`] (what is known of an object), `page` (how that stands on a disk),
//! [`bring`] (the port), `shelf` (which are here), `books` (who stays), [`demanded`] (what a
//! request finds), `withheld` (what it may not), [`arrival`] (how slices get there), `sight` (how
//! they go).

mod arrival;
mod books;
mod bring;
mod demanded;
mod facts;
mod page;
mod shelf;
mod sight;
mod withheld;

pub use arrival::{NotReceived, Since};
pub use bring::{Bring, Resolving, Ticket};
pub use demanded::{Absence, Demanded, Ordered};
pub use facts::{Facts, MAX_MEDIA_TYPE_LEN, MAX_VALIDATOR_LEN, Received, Terms, Validator};

pub(crate) use books::Books;
pub(crate) use page::{decode_page, is_page};
pub(crate) use shelf::Shelf;
use withheld::Withheld;

use contract::names::GroupName;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak, mpsc};

/// Requests that the books have not seen yet. Where more come between two looks at them, some
/// are not counted: a busy second is known well enough by 16,384 of its requests.
const MOST_TOUCHES: usize = 1 << 14;

/// All of it, on one box.
#[derive(Default)]
pub(crate) struct Stock {
    pub(crate) shelf: Shelf,
    books: Mutex<Books>,
    /// Keys that were asked for, on their way into the books: a hit takes no lock. Most boxes
    /// have no share for such content, and no memory for this.
    touches: OnceLock<mpsc::SyncSender<u64>>,
    /// Whoever it is has the cache, and not the other way round.
    bring: OnceLock<Weak<dyn Bring>>,
    withheld: Withheld,
    /// How often something was purged.
    pub(crate) purges: AtomicU64,
}

impl Stock {
    pub(crate) fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody was served it.
    pub(crate) fn touch(&self, key: u64) {
        if let Some(touches) = self.touches.get() {
            // A full queue is a busy second: see above.
            let _ = touches.try_send(key);
        }
    }

    /// From here on requests are booked.
    pub(crate) fn book_touches(&self, books: &mut Books) {
        self.touches.get_or_init(|| {
            let (touches, touched) = mpsc::sync_channel(MOST_TOUCHES);
            books.hear(touched);
            touches
        });
    }

    pub(crate) fn bring(&self) -> Option<Arc<dyn Bring>> {
        self.bring.get()?.upgrade()
    }

    pub(crate) fn set_bring(&self, bring: Weak<dyn Bring>) {
        // There is one filler in a process.
        let _ = self.bring.set(bring);
    }
}

/// What a group may take of the disks for content that nobody ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Whose.
    pub group: GroupName,
    /// The most, of all disks together.
    pub bytes: u64,
}
