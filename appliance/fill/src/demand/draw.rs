//! Content as the caps allow: slice by slice.

use crate::admission::Urgency;
use crate::buffers::Room;
use crate::caps::Caps;
use crate::failure::Failure;
use crate::grant::{Grant, Revoked};
use crate::upstream::{Body, FetchFailed};
use bytes::Bytes;
use contract::slices::SLICE_BYTES;
use contract::sources::Source;

/// What an answer may be read with.
pub(super) struct Draw<'a> {
    caps: &'a Caps,
    source: &'a Source,
    grant: Grant<'a>,
}

impl<'a> Draw<'a> {
    /// Waits until so many bytes may be drawn, or a slice of them.
    pub(super) async fn granted(
        caps: &'a Caps,
        source: &'a Source,
        bytes: u64,
    ) -> Result<Self, Failure> {
        // What a source is asked for arrives, all of it.
        let all = caps.acquire_all(source, bytes.clamp(1, SLICE_BYTES), Urgency::Urgent);
        Ok(Self { caps, source, grant: all.await.map_err(Failure::Waiting)? })
    }

    /// Waits for something, unless what was granted is taken back before.
    pub(super) async fn unless_revoked<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        tokio::select! {
            // In this order: nothing is read once a window has closed.
            biased;
            revoked = self.grant.revoked() => Err(match revoked {
                Revoked::Closed(waiting) => Failure::Waiting(waiting),
                Revoked::Capped => Failure::Interrupted,
            }),
            done = work => Ok(done),
        }
    }

    /// Reads so many bytes, a slice at the most, into room that is empty, and what belongs to the
    /// next stays in `rest`. Fewer come at the end of the answer.
    pub(super) async fn read(
        &mut self,
        body: &mut dyn Body,
        rest: &mut Bytes,
        bytes: usize,
        mut all: Room,
    ) -> Result<Room, Failure> {
        let bytes = bytes.min(usize::try_from(SLICE_BYTES).unwrap_or(usize::MAX));
        let mut len = 0;
        loop {
            let taken = rest.split_to(rest.len().min(bytes - len));
            all.append(&taken);
            len += taken.len();
            if len == bytes {
                return Ok(all);
            }
            let missing = (bytes - len) as u64;
            if self.grant.left() == 0 {
                let more = acquire(self.caps, self.source, missing).await?;
                self.grant.add(more);
            }
            match self.unless_revoked(body.next()).await?? {
                Some(piece) => {
                    self.grant.arrived(piece.len() as u64);
                    *rest = piece;
                }
                None => return Ok(all),
            }
        }
    }

    /// No more than so many bytes are still to come.
    pub(super) fn keep_only(&mut self, bytes: u64) {
        self.grant.keep_only(bytes);
    }

    /// Nothing comes of what was granted and did not come.
    pub(super) fn end(self) {
        self.grant.give_back();
    }
}

async fn acquire<'a>(caps: &'a Caps, source: &Source, bytes: u64) -> Result<Grant<'a>, Failure> {
    caps.acquire(source, bytes, Urgency::Urgent).await.map_err(Failure::Waiting)
}

/// An answer that ended before its end.
pub(super) fn ended_early(received: usize, expected: usize) -> Failure {
    let [received, expected] = [received as u64, expected as u64];
    FetchFailed::EndedEarly { received, expected }.into()
}
