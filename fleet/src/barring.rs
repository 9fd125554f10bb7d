//! Boxes whose identity counts no more: revoked by an operator, taken over by another machine, or
//! shown by two machines at once. Boxes are told in lists that authorities sign; here, nobody is
//! let in who is on one.

use crate::server::App;
use arc_swap::ArcSwap;
use ca::CaError;
use contract::certificates::Revoked;
use contract::envelope::Generation;
use contract::names::DeviceName;
use contract::object::Digest;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Who is barred.
#[derive(Debug, Default)]
pub(crate) struct Barring {
    now: ArcSwap<Barred>,
}

/// Who is barred now.
#[derive(Debug, Default)]
pub(crate) struct Barred {
    /// Of what has been revoked, and of what the root says.
    versions: (u64, u64),
    revoked: Option<Revoked>,
    why: HashMap<DeviceName, String>,
}

impl Barred {
    /// Why a box is.
    pub(crate) fn why(&self, device: &DeviceName) -> Option<&str> {
        self.why.get(device).map(String::as_str)
    }

    /// The lists, for whoever knows older ones.
    pub(crate) fn news(&self, known: Option<Generation>) -> Option<&Revoked> {
        self.revoked.as_ref().filter(|it| known < Some(it.generation))
    }

    /// The lists, in PEM.
    pub(crate) fn lists(&self) -> &[String] {
        self.revoked.as_ref().map_or(&[], |it| &it.lists)
    }

    /// Tells one state from another.
    pub(crate) fn versions(&self) -> (u64, u64) {
        self.versions
    }
}

impl Barring {
    pub(crate) fn now(&self) -> Arc<Barred> {
        self.now.load_full()
    }

    /// Sees what was revoked since, here or by another process.
    ///
    /// # Errors
    /// When the database fails, or an authority cannot sign.
    pub(crate) async fn read_again(&self, app: &App) -> Result<(), CaError> {
        let Some(said) = app.said.last() else { return Ok(()) };
        let versions = (app.issued.revocations().await?, said.trust.version);
        if self.now.load().versions == versions {
            return Ok(());
        }
        let now = crate::server::now();
        let (all, barred) = (app.issued.revoked(now).await?, app.issued.barred(now).await?);
        let mut lists = Vec::new();
        for authority in app.ca.all_boxes(&said.trust) {
            lists.extend(authority.revoked(&all, versions.0, SystemTime::now())?);
        }
        let generation = Generation { epoch: said.trust.epoch, number: versions.0 };
        let revoked = (versions.0 > 0).then_some(Revoked { generation, lists });
        self.now.store(Arc::new(Barred { versions, revoked, why: barred.into_iter().collect() }));
        Ok(())
    }
}

/// Bars a box: none of its identities counts any more. Gives how many there were.
///
/// # Errors
/// When the database fails, or an authority cannot sign.
pub(crate) async fn bar(app: &App, device: &DeviceName, because: &str) -> Result<u64, CaError> {
    let revoked = app.issued.revoke(device, None, because, crate::server::now()).await?;
    tracing::warn!(%device, because, revoked, "identities count no more");
    app.barring.read_again(app).await?;
    Ok(revoked)
}

/// A machine with this key is the box from now on, and none that was so before.
///
/// # Errors
/// As [`bar`].
pub(crate) async fn take_over(app: &App, device: &DeviceName, key: Digest) -> Result<(), CaError> {
    let because = "another machine has joined as this box";
    app.issued.revoke(device, Some(key), because, crate::server::now()).await?;
    app.barring.read_again(app).await
}
