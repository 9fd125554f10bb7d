//! Connections that wait for the next question, for a while.

use super::Place;
use super::connection::Connection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// For so long one is kept of which nobody makes use.
const KEPT: Duration = Duration::from_secs(20);

/// Those that are open, the one used last at the end.
#[derive(Default)]
pub(super) struct Idle(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    connections: HashMap<Place, Vec<(Instant, Connection)>>,
    is_swept: bool,
}

impl Idle {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One to there, if there is any.
    pub(super) fn take(&self, place: &Place) -> Option<Connection> {
        let mut waiting = self.waiting();
        waiting.drop_old();
        waiting.connections.get_mut(place)?.pop().map(|(_, connection)| connection)
    }

    /// Keeps one, if it can be used again.
    pub(super) fn put(self: &Arc<Self>, place: &Place, connection: Connection) {
        if !connection.may_go_on() {
            return;
        }
        let mut waiting = self.waiting();
        let there = waiting.connections.entry(place.clone()).or_default();
        there.push((Instant::now(), connection));
        if !std::mem::replace(&mut waiting.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }
}

impl Waiting {
    fn drop_old(&mut self) {
        self.connections.retain(|_, there| {
            there.retain(|(since, _)| since.elapsed() < KEPT);
            !there.is_empty()
        });
    }
}

/// Goes on as long as there are any.
async fn sweep(idle: std::sync::Weak<Idle>) {
    loop {
        sleep(KEPT).await;
        let Some(idle) = idle.upgrade() else { return };
        let mut waiting = idle.waiting();
        waiting.drop_old();
        if waiting.connections.is_empty() {
            waiting.is_swept = false;
            return;
        }
    }
}
