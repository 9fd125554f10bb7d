//! What is looked at beside what boxes are told, and keeps nobody waiting: how a trial goes, what will not be enough,
//! and what another policy would do; and, apart from these, what viewers were sent elsewhere for.

use super::elsewhere::{PlayBytes, tell_all};
use super::placed::Placed;
use super::shadow::{Beside, SitePins};
use super::{Overtaken, short, trial};
use crate::server::App;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it looks although nothing was placed anew.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What was placed last, and what it was made of.
#[derive(Debug, Clone, Default)]
pub(in crate::planner) struct News {
    pub(super) placed: Arc<Placed>,
    /// By site, what operators pin, whether it fits or not.
    pub(super) pins: Arc<Vec<SitePins>>,
    pub(super) play_bytes: Arc<PlayBytes>,
}

/// Follows what is placed.
#[derive(Debug)]
pub(crate) struct Following {
    app: Arc<App>,
    news: watch::Receiver<News>,
    beside: Beside,
}

impl Following {
    pub(in crate::planner) fn new(app: Arc<App>, news: watch::Receiver<News>) -> Self {
        Self { app, news, beside: Beside::default() }
    }

    /// Looks until `stop` changes, and tells of plays: also of the last ones.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let (app, news) = (Arc::clone(&self.app), self.news.clone());
        let play_bytes = move || Arc::clone(&news.borrow().play_bytes);
        let telling = tell_all(app, play_bytes, stop.clone());
        let looking = async {
            loop {
                tokio::select! {
                    biased;
                    _ = stop.changed() => return,
                    is_over = self.look_once() => if is_over { return },
                }
            }
        };
        tokio::join!(telling, looking);
    }

    /// Looks, and waits for something new; whether there will be nothing new any more.
    async fn look_once(&mut self) -> bool {
        self.look().await;
        tokio::select! {
            changed = self.news.changed() => changed.is_err(),
            () = tokio::time::sleep(LOOK_EVERY) => false,
        }
    }

    /// One that fails keeps the others from nothing.
    async fn look(&mut self) {
        let news = self.news.borrow_and_update().clone();
        let app = &self.app;
        if news.placed.version == 0 {
            return;
        }
        said("the trial", trial::look(app).await);
        said("what another policy would do", self.beside.follow(app, &news).await);
        said("what will not be enough", short::look_ahead(app, &news.placed).await);
    }
}

/// Another manager may do it.
fn said(what: &str, outcome: anyhow::Result<()>) {
    match outcome {
        Err(err) if err.is::<Overtaken>() => tracing::debug!("{what}: {err:#}"),
        Err(err) => tracing::error!("{what} was not looked at: {err:#}"),
        Ok(()) => {}
    }
}
