//! Sends without a copy: who tries them, and what is on its way.

use super::areas::Areas;
use super::batch::{Batch, Made};
use super::ring::Landed;
use super::slots::Slots;
use super::token::Place;
use crate::counters::ZeroCopyCounters;
use contract::config::ZeroCopy;

/// Below this a copy costs less than to be told that none was made.
const LEAST_BYTES: usize = 32 << 10;

/// So many tries in a row that were copied, and only every so many-th connection tries.
const PATIENCE: u32 = 16;

/// What a connection knows of its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Route {
    #[default]
    Untried,
    /// A try is on its way, or would be in vain.
    Copies,
    /// The network reads from where it stands.
    TakesAsIs,
    /// The kernel will have none of it.
    Refuses,
}

/// A send on its way.
struct Flight {
    area: usize,
    connection: Place,
}

/// All of one thread.
pub(super) struct Flights {
    choice: ZeroCopy,
    flights: Slots<Flight>,
    /// Tries in a row that were copied.
    copied: u32,
}

impl Flights {
    pub(super) fn new(choice: ZeroCopy) -> Self {
        Self { choice, flights: Slots::new(), copied: 0 }
    }

    /// Begins one, if this batch is to be sent so.
    pub(super) fn begin(
        &mut self,
        route: &mut Route,
        connection: Place,
        batch: &Batch,
        areas: &mut Areas,
    ) -> Option<Place> {
        // A kernel that seals copies in any case.
        let is_ours = matches!(batch.made, Made::Records { .. });
        let is_wanted = match (self.choice, *route) {
            (ZeroCopy::Off, _) | (_, Route::Refuses) | (ZeroCopy::Auto, Route::Copies) => false,
            (ZeroCopy::On, _) | (_, Route::TakesAsIs) => true,
            (ZeroCopy::Auto, Route::Untried) => self.may_try(connection),
        };
        let is_large = self.choice == ZeroCopy::On || batch.len() >= LEAST_BYTES;
        if !is_wanted || !is_ours || !is_large {
            return None;
        }
        let area = areas.hold()?;
        if *route == Route::Untried {
            *route = Route::Copies;
        }
        let place = self.flights.insert(Flight { area, connection });
        if place.is_none() {
            areas.let_go(area);
        }
        place
    }

    /// Where everybody's is copied, as on a loopback, few still try.
    fn may_try(&self, connection: Place) -> bool {
        self.copied < PATIENCE
            || (connection.index + connection.generation).is_multiple_of(PATIENCE)
    }

    /// Whose it is.
    pub(super) fn of(&mut self, flight: Place) -> Option<Place> {
        self.flights.get_mut(flight).map(|flight| flight.connection)
    }

    /// Nobody looks at its bytes any more. Gives what was learnt of the route.
    pub(super) fn end(
        &mut self,
        flight: Place,
        landed: Option<Landed>,
        areas: &mut Areas,
        counters: &ZeroCopyCounters,
    ) -> Route {
        if let Some(flight) = self.flights.remove(flight) {
            areas.let_go(flight.area);
        }
        let was_copied = landed.is_none_or(|landed| landed.was_copied);
        if was_copied {
            self.copied = self.copied.saturating_add(1);
            counters.copied.one();
            Route::Copies
        } else {
            self.copied = 0;
            counters.as_is.one();
            Route::TakesAsIs
        }
    }
}
