//! What boxes say that their machines are made of. Each report says it by a digest: what is known already
//! costs nothing, and the parts are asked for where it is new.

use crate::api::Problem;
use crate::server::now;
use contract::names::DeviceName;
use contract::object::Digest;
use contract::report::Report;
use db::Db;
use inventory::changes::Author;
use inventory::observed::{Observed, serial};
use inventory::records::{Changing, known_hardware};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By what a machine is known.
type Known = (Digest, Option<String>);

/// Knows what each box has said last.
#[derive(Debug)]
pub(crate) struct Observing {
    db: Db,
    known: Mutex<HashMap<String, Known>>,
}

impl Observing {
    /// Knows what the database knows.
    pub(crate) async fn open(db: Db) -> Result<Self, db::Error> {
        let known = Mutex::new(known_hardware(&db).await?);
        Ok(Self { db, known })
    }

    /// Hears a report; gives whether the next one is to tell the parts.
    pub(crate) async fn hear(&self, report: &Report) -> bool {
        let Some(parts) = &report.parts else { return false };
        let said = (parts.digest, serial(report).map(str::to_owned));
        if self.known().get(report.device.as_str()) == Some(&said) {
            return false;
        }
        let Some(observed) = Observed::of(report) else { return true };
        match self.keep(report, &observed).await {
            Ok(()) => {
                self.known().insert(observed.device, said);
                false
            }
            // It serves whatever becomes of this, and says it again.
            Err(problem) => {
                let device = &report.device;
                tracing::error!(%device, "what it is made of is not kept: {}", problem.detail);
                true
            }
        }
    }

    async fn keep(&self, report: &Report, observed: &Observed) -> Result<(), Problem> {
        let author = Author {
            who: format!("box {}", report.device),
            request_id: format!("{}-{}", report.boot_id, report.sequence),
            message: None,
        };
        let mut changing = Changing::begin(&self.db, author, now().0).await?;
        changing.observe(observed).await?;
        changing.commit().await?;
        Ok(())
    }

    /// A box that is no more, or is another machine from now on.
    pub(crate) fn forget(&self, device: &DeviceName) {
        self.known().remove(device.as_str());
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
