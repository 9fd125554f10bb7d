//! What the root has said, version by version, in SQL; and the last of it in mind.

use crate::CaError;
use arc_swap::ArcSwapOption;
use contract::envelope::Role;
use contract::time::TimeUs;
use contract::trust::{Authorities, Distrust, SignedTrust, Trust};
use db::Db;
use sqlx::Row;
use std::sync::Arc;
use x509_parser::pem::Pem;

/// A version of what the root says.
#[derive(Debug, Clone)]
pub struct Said {
    /// As it was signed: boxes are told this.
    pub signed: SignedTrust,
    /// What it says.
    pub trust: Trust,
    /// When the fleet was told.
    pub installed_at: TimeUs,
}

/// All versions. Whoever reads waits for no database, and copies none of them.
#[derive(Debug)]
pub struct SaidStore {
    db: Db,
    all: ArcSwapOption<Vec<Arc<Said>>>,
}

impl SaidStore {
    /// Reads what there is.
    ///
    /// # Errors
    /// When the database fails, or holds what the root has not said.
    pub async fn open(db: Db) -> Result<Self, CaError> {
        let store = Self { db, all: ArcSwapOption::empty() };
        store.read_again().await?;
        Ok(store)
    }

    /// Sees what another process has installed.
    ///
    /// # Errors
    /// As [`SaidStore::open`].
    pub async fn read_again(&self) -> Result<(), CaError> {
        // What is read follows this, whatever others store meanwhile.
        let mut all = self.all();
        let known = all.last().map_or(0, |it| it.trust.version);
        let rows = sqlx::query(
            "SELECT signed, installed_at_us FROM trust WHERE version > $1 ORDER BY version",
        )
        .bind(i64::try_from(known).unwrap_or(i64::MAX))
        .fetch_all(self.db.read())
        .await
        .map_err(db::Error::from)?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let text: String = row.try_get(0).map_err(db::Error::from)?;
            let installed_at = TimeUs(row.try_get(1).map_err(db::Error::from)?);
            let signed: SignedTrust = serde_json::from_str(&text)
                .map_err(|err| db::Error::corrupt("what the root said", err))?;
            let trust = opened(&signed, all.last())?;
            all.push(Arc::new(Said { signed, trust, installed_at }));
        }
        let all = Arc::new(all);
        self.all.rcu(|now| match now {
            Some(now) if now.len() >= all.len() => Some(Arc::clone(now)),
            _ => Some(Arc::clone(&all)),
        });
        Ok(())
    }

    /// All versions, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Said>> {
        self.all.load().as_ref().map_or(Vec::new(), |all| Vec::clone(all))
    }

    /// The last version.
    #[must_use]
    pub fn last(&self) -> Option<Arc<Said>> {
        self.all.load().as_ref()?.last().cloned()
    }

    /// A version.
    #[must_use]
    pub fn version(&self, version: u64) -> Option<Arc<Said>> {
        let all = self.all.load();
        all.as_ref()?.iter().find(|it| it.trust.version == version).cloned()
    }

    /// What follows a version, in order, and no more than `at_most` of it.
    #[must_use]
    pub fn after(&self, version: u64, at_most: usize) -> Vec<SignedTrust> {
        let all = self.all.load();
        let all = all.iter().flat_map(|all| all.iter());
        let newer = all.filter(|it| it.trust.version > version);
        newer.take(at_most).map(|it| it.signed.clone()).collect()
    }

    /// Takes the next version. The first is taken from whoever brings it: it says who the root
    /// is.
    ///
    /// # Errors
    /// When it does not follow what there is, or the database fails.
    pub async fn install(&self, signed: SignedTrust, now: TimeUs) -> Result<Trust, CaError> {
        self.read_again().await?;
        let trust = opened(&signed, self.last().as_ref())?;
        check_authorities(&trust)?;
        let text = serde_json::to_string(&signed)
            .map_err(|err| db::Error::corrupt("what the root said", err))?;
        let mut tx = self.db.begin().await?;
        let added =
            sqlx::query("INSERT INTO trust (version, signed, installed_at_us) VALUES ($1, $2, $3)")
                .bind(i64::try_from(trust.version).unwrap_or(i64::MAX))
                .bind(text)
                .bind(now.0)
                .execute(&mut *tx)
                .await
                .map_err(db::Error::from);
        if let Err(err) = added {
            // Two at once: one was faster.
            if err.is_duplicate() {
                let version = trust.version;
                return Err(Distrust::NotNext { offered: version, known: version }.into());
            }
            return Err(err.into());
        }
        tx.commit().await.map_err(db::Error::from)?;
        self.read_again().await?;
        Ok(trust)
    }
}

/// In which version a key of a role was dropped last: what was signed before is to be signed by
/// another.
#[must_use]
pub fn dropped_in(all: &[Arc<Said>], role: Role) -> Option<u64> {
    let drops = |pair: &&[Arc<Said>]| match pair {
        [before, after] => {
            let mut keys = before.trust.keys.iter().filter(|key| key.role == role);
            keys.any(|key| after.trust.key(&key.id).is_none())
        }
        _ => false,
    };
    all.windows(2).filter(drops).filter_map(|pair| pair.last()).map(|it| it.trust.version).max()
}

/// Each of them one certificate of an authority: what boxes would make of two nobody knows.
fn check_authorities(trust: &Trust) -> Result<(), CaError> {
    let Authorities { boxes, players } = &trust.authorities;
    for pem in boxes.iter().chain(players) {
        let mut blocks = Pem::iter_from_buffer(pem.as_bytes());
        let is_authority =
            |block: &Pem| block.parse_x509().is_ok_and(|certificate| certificate.is_ca());
        let first = blocks.next().and_then(Result::ok);
        if !first.is_some_and(|block| is_authority(&block)) || blocks.next().is_some() {
            let why = "the root names an authority that is not one certificate of one";
            return Err(CaError::Root(why.to_owned()));
        }
    }
    Ok(())
}

fn opened(signed: &SignedTrust, before: Option<&Arc<Said>>) -> Result<Trust, CaError> {
    if let Some(before) = before {
        return Ok(signed.open_after(&before.trust)?);
    }
    let first = signed.open_first()?;
    if first.version != 1 {
        return Err(Distrust::NotNext { offered: first.version, known: 0 }.into());
    }
    Ok(first)
}

#[cfg(test)]
mod tests;
