//! The port to whoever asks origins.

use crate::cache::Cache;
use crate::object::Object;
use contract::object::ObjectKey;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// Brings what somebody asks for. No call blocks; all may come from any thread.
pub trait Bring: Send + Sync {
    /// Finds out what the origins say of a key, beginning with the slice that has byte
    /// `offset`: an object begins to arrive, or it is known that there is none. What was ordered
    /// and has not come is brought, up to that slice. Whoever asks for the same joins. `None`: too
    /// much is being asked already.
    fn resolve(&self, key: &ObjectKey, offset: u64) -> Option<Resolving>;

    /// Has what was ordered and has not come brought now, beginning with the slice that has byte
    /// `offset`, for a sibling that a viewer waits at; over as soon as it begins to arrive. `None`:
    /// too much is being asked already.
    fn hasten(&self, key: &ObjectKey, offset: u64) -> Option<Resolving>;

    /// Brings a slice that somebody waits for, unless it is being brought. However it ends,
    /// [`Cache::put_received`](crate::Cache::put_received) or
    /// [`Cache::not_coming`](crate::Cache::not_coming) is told.
    fn bring(&self, object: &Arc<Object>, slice: u32);

    /// Asks whether an object is still what its origin has; nobody waits for the answer.
    fn refresh(&self, object: &Arc<Object>);
}

#[derive(Debug, Default)]
struct State {
    is_over: bool,
    wakers: Vec<Waker>,
}

/// A question to origins, from the side of who asks it. Everybody who waits is woken when it is
/// dropped, so that nobody waits for a question that nobody asks any more.
#[derive(Debug, Default)]
pub struct Ticket(Arc<Mutex<State>>);

impl Ticket {
    /// One more who waits. `is_first`: the question is asked for his sake.
    #[must_use]
    pub fn join(&self, is_first: bool) -> Resolving {
        Resolving { state: Arc::clone(&self.0), is_first }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let wakers = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.is_over = true;
            std::mem::take(&mut state.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// A question to origins, from the side of who waits: a plain future that needs no particular
/// runtime. What came of it, the index knows.
#[derive(Debug)]
pub struct Resolving {
    state: Arc<Mutex<State>>,
    is_first: bool,
}

impl Resolving {
    /// Whether the question was asked for the sake of whoever has this; others joined it.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.is_first
    }

    /// There is nothing to wait for.
    #[must_use]
    pub fn over() -> Self {
        Ticket::default().join(false)
    }
}

impl Future for Resolving {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return Poll::Ready(());
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Cache {
    /// Somebody waits for a slice.
    pub(crate) fn bring_slice(&self, object: &Arc<Object>, slice: u32) {
        match self.stock.bring() {
            Some(bring) => bring.bring(object, slice),
            None => self.not_coming(object, slice),
        }
    }
}
