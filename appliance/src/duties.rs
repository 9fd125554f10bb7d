//! What only one process may do: fill the disks, move what is on them, speak to the fleet, and renew
//! certificates. Serving is not among it.

use crate::control::Control;
use crate::fleet_link::FleetLink;
use crate::moving::Moving;
use crate::renewing::Renewing;
use anyhow::{Context, Result};
use fill::Filler;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Nothing is filled, nobody spoken to.
pub(crate) struct Resting {
    pub(crate) control: Control,
    /// `None` for a box without a fleet.
    pub(crate) link: Option<Arc<FleetLink>>,
    pub(crate) filler: Arc<Filler>,
    pub(crate) moving: Moving,
    pub(crate) renewing: Renewing,
}

/// All of it goes on.
pub(crate) struct Busy {
    stop: watch::Sender<bool>,
    filler: Arc<Filler>,
    moving: Moving,
    filling: JoinHandle<()>,
    shifting: JoinHandle<()>,
    talking: JoinHandle<(Control, Option<Arc<FleetLink>>)>,
    renewing: Renewing,
    following: JoinHandle<()>,
}

/// Either.
pub(crate) enum Duties {
    Resting(Box<Resting>),
    Busy(Busy),
    /// On the way from one to the other, or lost there.
    Changing,
}

impl Duties {
    /// Hears from the fleet what was purged while no process of this box ran.
    pub(crate) async fn catch_up(&mut self) {
        if let Self::Resting(resting) = self
            && let Resting { control, link: Some(link), .. } = &mut **resting
        {
            control.catch_up(&**link).await;
        }
    }

    /// Begins, or begins again; what no viewer waits for, in the background.
    pub(crate) fn begin(&mut self, background: &Handle) {
        *self = match std::mem::replace(self, Self::Changing) {
            Self::Resting(resting) => Self::Busy(resting.begin(background)),
            other => other,
        };
    }

    /// Ends all of it, and waits until it has ended. What has arrived stays.
    ///
    /// # Errors
    /// When one of them has panicked.
    pub(crate) async fn cease(&mut self) -> Result<()> {
        *self = match std::mem::replace(self, Self::Changing) {
            Self::Busy(busy) => Self::Resting(Box::new(busy.cease().await?)),
            other => other,
        };
        Ok(())
    }
}

impl Resting {
    fn begin(self, background: &Handle) -> Busy {
        let Self { mut control, link, filler, moving, renewing } = self;
        let (stop, stopped) = watch::channel(false);
        let filling = background.spawn(Arc::clone(&filler).run(stopped.clone()));
        let shifting = background.spawn(moving.clone().run(stopped.clone()));
        let (follows, of, ends) = (renewing.clone(), link.clone(), stopped.clone());
        let following = tokio::spawn(async move {
            if let Some(link) = of {
                follows.run(&*link, ends).await;
            }
        });
        let talking = tokio::spawn(async move {
            if let Some(link) = &link {
                control.run(&**link, stopped).await;
            }
            (control, link)
        });
        Busy { stop, filler, moving, filling, shifting, talking, renewing, following }
    }
}

impl Busy {
    async fn cease(self) -> Result<Resting> {
        self.stop.send_replace(true);
        self.filling.await.context("filling")?;
        self.shifting.await.context("moving objects between disks")?;
        self.following.await.context("renewing certificates")?;
        let (control, link) = self.talking.await.context("talking to the fleet")?;
        let Self { filler, moving, renewing, .. } = self;
        Ok(Resting { control, link, filler, moving, renewing })
    }
}
