//! Holds a connection to the pace of its answers. The kernel does the pacing
//! (`SO_MAX_PACING_RATE`, with or without the fq discipline); here stands when to tell it,
//! and how much it is given at a time.
//!
//! The kernel does not pace the first ten segments of a connection.

use super::connection::{Connection, Stage, Stand};
use super::core::Core;
use super::output::{MOST_RECORDS, RECORD_ROOM};
use crate::counters::{Counters, PacedConnection};
use crate::http::cmcd::Cmcd;
use crate::http::pace::{self as paces, Known, Pace};
use crate::http::request::Request;
use crate::sockopt;
use contract::config::ListenerRole;
use contract::quantity::BitRate;
use records::frame::MAX_PLAIN_LEN;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;

/// Shorter answers go at whatever pace is in force: playlists and initialisation segments,
/// which say nothing of a bitrate, would else lift it and the next segment set it again.
pub(super) const SHORT_BYTES: u64 = 64 << 10;

/// A batch is an eighth of a second's worth: eight wake-ups a second, or fewer where the
/// fewest records last longer.
const BATCHES_PER_S: u64 = 8;

/// So many at least. For 10,000 connections at 1 Mb/s the bench case `paced-10k` prints 0.8 GB
/// of TCP's memory with two, and 1.4 GB with four, which spare a few hundredths of the core.
const FEWEST_RECORDS: usize = 2;

/// How an answer is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// As the one before it.
    AsBefore,
    /// At a pace, or as fast as the path takes it.
    At(Option<Pace>),
}

impl Wish {
    /// For an answer with so many bytes of content, of an object with this bitrate. `said` is
    /// what the request says, where somebody has read it already.
    pub(super) fn of(
        core: &Core,
        role: ListenerRole,
        request: &Request<'_>,
        said: Option<Option<Cmcd>>,
        content_bytes: u64,
        title: Option<BitRate>,
    ) -> Self {
        let pacing = &core.shared.pacing;
        if !pacing.enabled || content_bytes < SHORT_BYTES {
            return Self::AsBefore;
        }
        if role == ListenerRole::Peer {
            return Self::At(paces::of_peer(pacing));
        }
        let said = said.unwrap_or_else(|| Cmcd::of(request));
        Self::At(paces::of_player(pacing, Known { said: said.as_ref(), title }))
    }
}

/// The pace of one connection.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    in_force: Option<InForce>,
}

#[derive(Debug)]
struct InForce {
    rate: BitRate,
    /// What the kernel is given at once.
    records: usize,
    _counted: PacedConnection,
}

impl Pacer {
    /// How many records the next batch has; `None` where nothing is paced.
    pub(super) fn records(&self) -> Option<usize> {
        self.in_force.as_ref().map(|pace| pace.records)
    }

    /// Tells the kernel, where the pace has changed by more than a tenth.
    fn follow(&mut self, wish: Wish, socket: RawFd, counters: &Arc<Counters>) {
        let Wish::At(wanted) = wish else { return };
        if wanted.is_some_and(|pace| pace.is_box_bound) {
            counters.pacing.box_bound.one();
        }
        let wanted = wanted.map(|pace| pace.rate);
        if !differs(self.in_force.as_ref().map(|pace| pace.rate), wanted) {
            return;
        }
        let records = wanted.map(batch_records);
        if let Err(err) = tell(socket, wanted, records, self.records()) {
            // Only a socket that is gone, or a filter that forbids it: the kernels that this
            // engine runs on have both options.
            tracing::debug!(%err, "a connection cannot be paced");
            return;
        }
        counters.pacing.changes.one();
        let counted = self.in_force.take().map(|pace| pace._counted);
        self.in_force = wanted.zip(records).map(|(rate, records)| InForce {
            rate,
            records,
            _counted: counted.unwrap_or_else(|| counters.paced()),
        });
    }
}

impl Connection {
    /// An answer begins: at its pace.
    pub(super) fn set_pace(&mut self, core: &Core) {
        let socket = self.socket();
        if let Stage::Open(open) = &self.stage
            && let Stand::Answering(sending) = &open.stand
        {
            self.pacer.follow(sending.pace, socket, &core.shared.counters);
        }
    }

    /// Whether the next batch waits until the kernel has sent most of the last: it would
    /// take more at once, and hold megabytes for a connection that needs them in seconds.
    pub(super) fn waits_for_its_turn(&self) -> bool {
        let has_more = match &self.stage {
            Stage::Open(open) => match &open.stand {
                Stand::Answering(sending) => sending.at < sending.total(),
                _ => false,
            },
            _ => false,
        };
        has_more && self.pacer.in_force.is_some()
    }
}

/// One call, and a second where the length of a batch changes with the rate. Room for two
/// batches: the kernel asks for more when less than one is unsent, and then takes a whole
/// one, so that none is sealed in vain.
fn tell(
    socket: RawFd,
    rate: Option<BitRate>,
    records: Option<usize>,
    records_before: Option<usize>,
) -> io::Result<()> {
    sockopt::set_max_pacing_rate(socket, rate)?;
    if records == records_before {
        return Ok(());
    }
    let room = records.map_or(sockopt::MOST_UNSENT, |records| 2 * records * RECORD_ROOM);
    sockopt::set_most_unsent(socket, room)
}

fn differs(in_force: Option<BitRate>, wanted: Option<BitRate>) -> bool {
    match (in_force, wanted) {
        (None, None) => false,
        (Some(BitRate(old)), Some(BitRate(new))) => old.abs_diff(new) > old / 10,
        _ => true,
    }
}

fn batch_records(rate: BitRate) -> usize {
    let bytes = usize::try_from(rate.bytes_per_s() / BATCHES_PER_S).unwrap_or(usize::MAX);
    (bytes / MAX_PLAIN_LEN).clamp(FEWEST_RECORDS, MOST_RECORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_changes_are_no_changes() {
        let mbits = |count: u64| Some(BitRate(count * 1_000_000));
        assert!(differs(None, mbits(10)) && differs(mbits(10), None));
        assert!(!differs(None, None) && !differs(mbits(10), mbits(10)));
        assert!(!differs(mbits(10), mbits(11)) && !differs(mbits(10), mbits(9)));
        assert!(differs(mbits(10), mbits(12)) && differs(mbits(10), mbits(8)));
    }

    #[test]
    fn batches_last_an_eighth_of_a_second_or_are_the_fewest() {
        assert_eq!(batch_records(BitRate(1_000_000)), FEWEST_RECORDS);
        assert_eq!(batch_records(BitRate(16_000_000)), 15);
        assert_eq!(batch_records(BitRate(u64::MAX)), MOST_RECORDS);
    }
}
