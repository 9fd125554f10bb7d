//! SIGHUP: certificates, the disks, and when, from how far and how fast to fill are read again.
//! What cannot be read, or makes no sense, stays as it was.

use crate::check;
use crate::identity::Identity;
use crate::kept_out::KeptOut;
use crate::opening::{disk_setups, ratings};
use cache::{Cache, DiskRefused, DiskSetup};
use contract::config::ApplianceConfig;
use contract::time::TimeUs;
use fill::Filler;
use serve::Certificates;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::signal::unix::Signal;

/// What is read again, and who is told.
pub(crate) struct Reload {
    /// The configuration.
    pub(crate) file: PathBuf,
    pub(crate) certificates: Certificates,
    pub(crate) identity: Identity,
    pub(crate) filler: Arc<Filler>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) kept_out: KeptOut,
}

impl Reload {
    /// Reads when told to, and once for all that was told since `told` was made.
    pub(crate) async fn when_told(self, mut told: Signal) {
        while told.recv().await.is_some() {
            self.read_again().await;
        }
    }

    async fn read_again(&self) {
        match self.certificates.reload() {
            Ok(()) => tracing::info!("certificates were read again"),
            Err(err) => tracing::error!(%err, key = err.path(), "the old certificates stay"),
        }
        match check::read_again(&self.file) {
            Ok((config, rules)) => {
                if let Err(err) = self.identity.read_again(&config.identity) {
                    tracing::error!("the old identity stays: {err:#}");
                }
                self.filler.set_rules(rules);
                tracing::info!("windows and caps were read again");
                self.set_disks(&config).await;
            }
            Err(problems) => tracing::error!(%problems, "the old windows, caps and disks stay"),
        }
    }

    /// New disks are taken into use, missing ones ejected; those that were ejected and are
    /// named still have been mended, somebody says: but for those that somebody else keeps out.
    async fn set_disks(&self, config: &ApplianceConfig) {
        let read_p99 = config.read_p99;
        let (cache, setups) = (Arc::clone(&self.cache), disk_setups(config));
        let (ratings, kept_out) = (ratings(config), self.kept_out.clone());
        let use_them = move || {
            cache.set_read_p99(read_p99);
            cache.set_ratings(ratings, TimeUs::from(SystemTime::now()));
            use_disks(&cache, setups, &kept_out)
        };
        let done = tokio::task::spawn_blocking(use_them).await;
        match done {
            Ok(Ok(())) => tracing::info!("the disks are those of the configuration"),
            Ok(Err(err)) => tracing::error!(%err, "the old disks stay"),
            Err(err) => tracing::error!(%err, "setting the disks was not finished"),
        }
    }
}

fn use_disks(cache: &Cache, setups: Vec<DiskSetup>, kept_out: &KeptOut) -> Result<(), DiskRefused> {
    let refused = cache.set_disks(setups)?;
    kept_out.enforce(cache);
    for slot in cache.disk_slots().iter().filter(|slot| slot.in_use().is_none()) {
        let folder = &slot.setup.folder;
        if kept_out.has(folder) || refused.iter().any(|(setup, _)| setup.folder == *folder) {
            continue;
        }
        if let Err(err) = cache.readmit(folder) {
            tracing::error!(%err, folder = %folder.display(), "the disk stays ejected");
        }
    }
    for (setup, err) in refused {
        tracing::error!(%err, folder = %setup.folder.display(), "the disk is not used");
    }
    Ok(())
}
