//! What is looked at beside what boxes are told, and keeps nobody waiting: what viewers were sent elsewhere for, how a
//! trial goes, what will not be enough, and what another policy would do.

use super::elsewhere::{Elsewhere, PlayBytes};
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
    elsewhere: Elsewhere,
}

impl Following {
    pub(in crate::planner) fn new(app: Arc<App>, news: watch::Receiver<News>) -> Self {
        Self { app, news, beside: Beside::default(), elsewhere: Elsewhere::default() }
    }

    /// Looks until `stop` changes; then takes down what would be forgotten with this process.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            self.look().await;
            tokio::select! {
                biased;
                _ = stop.changed() => break,
                changed = self.news.changed() => if changed.is_err() { break },
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        let news = self.news.borrow().clone();
        said(
            "plays of the last minute",
            Elsewhere::default().tell(&self.app, &news.play_bytes).await,
        );
    }

    /// One that fails keeps the others from nothing.
    async fn look(&mut self) {
        let news = self.news.borrow_and_update().clone();
        let app = &self.app;
        said("plays elsewhere", self.elsewhere.tell(app, &news.play_bytes).await);
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
