//! What operators say of how everything is placed: versions in SQL, each in place of the one before, all of them
//! kept.

use contract::names::SiteName;
use contract::time::TimeUs;
use db::Db;
use db::counters::{Counter, raise, value};
use prefill::question::Tuning;
use prefill::trial::{Judged, Trial};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

/// How everything is placed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Policy {
    /// How sites are planned.
    pub(crate) tuning: Tuning,
    /// What is worked out beside that, and told to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shadow: Option<Shadow>,
    /// Nothing is placed anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) frozen: Option<Frozen>,
    /// What is tried at some sites, or was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trial: Option<TrialSaid>,
}

impl Policy {
    /// The trial that is going on.
    pub(crate) fn trial(&self) -> Option<&TrialSaid> {
        self.trial.as_ref().filter(|trial| trial.is_going())
    }

    /// Ends it, if one is going on, and says why.
    pub(crate) fn end_trial(&mut self, why: String) -> bool {
        let going = self.trial.as_mut().filter(|trial| trial.is_going());
        going.is_some_and(|trial| trial.ended.replace(why).is_none())
    }
}

/// Another tuning at some sites, beside others that are alike and keep the usual one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrialSaid {
    pub(crate) tuning: Tuning,
    pub(crate) trial: Trial,
    /// What was seen of it by the last day that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<Judged>,
    /// Why it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<String>,
}

impl TrialSaid {
    pub(crate) fn is_going(&self) -> bool {
        self.ended.is_none()
    }

    /// How it goes, or ended.
    pub(crate) fn words(&self) -> String {
        let seen = self.last.as_ref().map(|last| last.verdict.to_string());
        match (&self.ended, seen) {
            (Some(why), _) => format!("over: {why}"),
            (None, Some(verdict)) => verdict,
            (None, None) => "nothing has been seen yet".to_owned(),
        }
    }

    /// How a site is planned on a day, where that is another than the usual.
    pub(crate) fn tuning_at(&self, site: &SiteName, day: i32) -> Option<Tuning> {
        let days = self.trial.first_day..=self.trial.last_day();
        let is_on = self.is_going() && days.contains(&day);
        let is_tried = is_on && self.trial.pairs.iter().any(|pair| pair.tried == *site);
        is_tried.then_some(self.tuning)
    }
}

/// Another tuning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shadow {
    /// The version of the policy that it came with: its runs are a line of that number.
    pub(crate) line: u64,
    pub(crate) tuning: Tuning,
}

/// What is in force stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frozen {
    pub(crate) why: String,
    /// The placement that is put in force again; without it, the one that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) put_back: Option<u64>,
}

/// A version of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PolicyVersion {
    /// 0 before anything was said.
    pub(crate) version: u64,
    pub(crate) made_at: TimeUs,
    pub(crate) made_by: String,
    pub(crate) policy: Policy,
}

/// The policies of this fleet.
#[derive(Debug, Clone)]
pub(crate) struct Policies {
    db: Db,
}

const SOME: &str = "SELECT version, made_at_us, made_by, policy FROM placement_policies
     WHERE version < $1 ORDER BY version DESC LIMIT $2";

impl Policies {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Rises with each change.
    pub(crate) async fn version(&self) -> Result<i64, db::Error> {
        value(&self.db, Counter::Policy).await
    }

    pub(crate) async fn in_force(&self) -> Result<PolicyVersion, db::Error> {
        Ok(self.list(None, 1).await?.pop().unwrap_or_default())
    }

    /// The newest, newest first.
    pub(crate) async fn list(
        &self,
        before: Option<u64>,
        most: i64,
    ) -> Result<Vec<PolicyVersion>, db::Error> {
        let before = before.map_or(i64::MAX, |it| i64::try_from(it).unwrap_or(i64::MAX));
        let rows = sqlx::query(SOME).bind(before).bind(most).fetch_all(self.db.read()).await?;
        rows.iter().map(version).collect()
    }

    /// Makes another of the one in force, with its number to come; what `change` refuses is not made. What is not
    /// another is none.
    pub(crate) async fn change<E: From<db::Error>>(
        &self,
        (made_by, made_at): (&str, TimeUs),
        change: impl FnOnce(&mut Policy, u64) -> Result<(), E>,
    ) -> Result<PolicyVersion, E> {
        let mut tx = self.db.begin().await?;
        let number = raise(&mut tx, Counter::Policy, 1).await?;
        let newest = sqlx::query(SOME).bind(i64::MAX).bind(1_i64).fetch_optional(&mut *tx).await;
        let newest = newest.map_err(db::Error::from)?;
        let before = newest.as_ref().map(version).transpose()?.unwrap_or_default();
        let mut policy = before.policy.clone();
        let number = u64::try_from(number).map_err(corrupt)?;
        change(&mut policy, number)?;
        if policy == before.policy {
            return Ok(before);
        }
        let made = PolicyVersion { version: number, made_at, made_by: made_by.to_owned(), policy };
        insert(&mut tx, &made).await?;
        tx.commit().await.map_err(db::Error::from)?;
        Ok(made)
    }
}

async fn insert(tx: &mut db::Tx, made: &PolicyVersion) -> Result<(), db::Error> {
    let text = serde_json::to_string(&made.policy).map_err(corrupt)?;
    sqlx::query(
        "INSERT INTO placement_policies (version, made_at_us, made_by, policy)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(i64::try_from(made.version).map_err(corrupt)?)
    .bind(made.made_at.0)
    .bind(made.made_by.as_str())
    .bind(text)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn version(row: &AnyRow) -> Result<PolicyVersion, db::Error> {
    let (number, text): (i64, String) = (row.try_get(0)?, row.try_get(3)?);
    Ok(PolicyVersion {
        version: u64::try_from(number).map_err(corrupt)?,
        made_at: TimeUs(row.try_get(1)?),
        made_by: row.try_get(2)?,
        policy: serde_json::from_str(&text).map_err(corrupt)?,
    })
}

fn corrupt(why: impl ToString) -> db::Error {
    db::Error::corrupt("a policy of the placement", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::testing;

    #[tokio::test]
    async fn versions_follow_one_another_and_a_refused_one_is_none() {
        for test in testing::both().await {
            let policies = Policies::new(test.db.clone());
            assert_eq!(policies.in_force().await.expect(test.name), PolicyVersion::default());
            let who = ("ann", TimeUs(7));
            let made = policies.change(who, |policy, line| {
                let tuning = Tuning { rest_percent: 50, ..Tuning::default() };
                policy.shadow = Some(Shadow { line, tuning });
                Ok::<(), db::Error>(())
            });
            let made = made.await.expect(test.name);
            assert_eq!(made.policy.shadow.map(|it| it.line), Some(made.version));
            let refused = policies.change(who, |policy, _| {
                policy.shadow = None;
                Err(db::Error::corrupt("a test", "refused"))
            });
            assert!(refused.await.is_err(), "{}", test.name);
            let same = policies.change(who, |_, _| Ok::<(), db::Error>(())).await;
            assert_eq!(same.expect(test.name).version, made.version);
            assert_eq!(
                policies.list(None, 10).await.expect(test.name),
                std::slice::from_ref(&made),
                "{}",
                test.name
            );
            assert_eq!(policies.version().await.expect(test.name), 1);
            let frozen = policies.change(("bob", TimeUs(9)), |policy, _| {
                let why = "launch day".to_owned();
                policy.frozen = Some(Frozen { why, put_back: Some(3) });
                Ok::<(), db::Error>(())
            });
            let frozen = frozen.await.expect(test.name);
            assert_eq!(frozen.policy.shadow, made.policy.shadow);
            assert_eq!(policies.in_force().await.expect(test.name), frozen, "{}", test.name);
        }
    }
}
