//! What operators expect of titles that nobody has watched yet: the release calendar's priors, in SQL. Those of titles
//! that do not exist are kept, and do nothing.

use super::forecaster::Key;
use contract::names::{GroupName, TitleName};
use contract::time::TimeUs;
use db::Db;
use db::counters::{Counter, raise};
use prefill::demand::Kind;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

/// What is expected of a title.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    pub(crate) group: GroupName,
    pub(crate) title: TitleName,
    pub(crate) expected: Expected,
    pub(crate) made_at: TimeUs,
    pub(crate) made_by: String,
}

/// What a title is, and how much it will be watched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Expected {
    pub(crate) kind: Kind,
    /// The part of all that is watched that it will be in its first days, above 0 and below 1; without it, what
    /// others of its kind were.
    pub(crate) share: Option<f64>,
}

impl Default for Expected {
    fn default() -> Self {
        Self { kind: Kind::Film, share: None }
    }
}

/// By title.
pub(super) type ByTitle = HashMap<Key, Expected>;

/// The expectations of this fleet.
#[derive(Debug, Clone)]
pub(crate) struct Expectations {
    db: Db,
}

impl Expectations {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// All, by title.
    pub(crate) async fn list(&self) -> Result<Vec<Expectation>, db::Error> {
        let text = "SELECT content_group, title, kind, share, made_at_us, made_by
             FROM title_expectations ORDER BY content_group, title";
        sqlx::query(text).fetch_all(self.db.read()).await?.iter().map(expectation).collect()
    }

    pub(super) async fn by_title(&self) -> Result<ByTitle, db::Error> {
        let all = self.list().await?.into_iter();
        Ok(all.map(|it| ((it.group, it.title), it.expected)).collect())
    }

    /// Says what is expected of a title, in place of what was said before.
    pub(crate) async fn put(&self, said: &Expectation) -> Result<(), db::Error> {
        let mut tx = self.db.begin().await?;
        raise(&mut tx, Counter::Rules, 1).await?;
        // No number is written as such: bound, sqlx has PostgreSQL expect one of four octets from then on.
        let share = if said.expected.share.is_some() { "$6" } else { "NULL" };
        let text = format!(
            "INSERT INTO title_expectations (content_group, title, kind, made_at_us, made_by, share)
             VALUES ($1, $2, $3, $4, $5, {share})
             ON CONFLICT (content_group, title) DO UPDATE SET kind = excluded.kind,
                 share = excluded.share, made_at_us = excluded.made_at_us,
                 made_by = excluded.made_by"
        );
        let query = sqlx::query(AssertSqlSafe(text))
            .bind(said.group.as_str())
            .bind(said.title.as_str())
            .bind(word(said.expected.kind))
            .bind(said.made_at.0)
            .bind(said.made_by.as_str());
        let query = said.expected.share.into_iter().fold(query, |query, share| query.bind(share));
        query.execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// Takes back what was said of a title; whether something was.
    pub(crate) async fn remove(
        &self,
        group: &GroupName,
        title: &TitleName,
    ) -> Result<bool, db::Error> {
        let mut tx = self.db.begin().await?;
        raise(&mut tx, Counter::Rules, 1).await?;
        let text = "DELETE FROM title_expectations WHERE content_group = $1 AND title = $2";
        let query = sqlx::query(text).bind(group.as_str()).bind(title.as_str());
        let gone = query.execute(&mut *tx).await?.rows_affected() > 0;
        if gone {
            tx.commit().await?;
        }
        Ok(gone)
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Film => "film",
        Kind::Series => "series",
    }
}

fn expectation(row: &AnyRow) -> Result<Expectation, db::Error> {
    let (group, title, kind): (String, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let kind = match &*kind {
        "film" => Kind::Film,
        "series" => Kind::Series,
        other => return Err(corrupt(other)),
    };
    Ok(Expectation {
        group: GroupName::new(&group).map_err(corrupt)?,
        title: TitleName::new(&title).map_err(corrupt)?,
        expected: Expected { kind, share: row.try_get(3)? },
        made_at: TimeUs(row.try_get(4)?),
        made_by: row.try_get(5)?,
    })
}

fn corrupt(why: impl ToString) -> db::Error {
    db::Error::corrupt("what is expected of a title", why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::testing;

    #[tokio::test]
    async fn what_is_expected_counts_until_it_is_taken_back() {
        for test in testing::both().await {
            let expectations = Expectations::new(test.db.clone());
            let said = |title: &str, kind, share| Expectation {
                group: GroupName::new("g").expect("name"),
                title: TitleName::new(title).expect("name"),
                expected: Expected { kind, share },
                made_at: TimeUs(7),
                made_by: "ann".to_owned(),
            };
            let [first, film, series] = [
                said("b", Kind::Film, Some(0.25)),
                said("b", Kind::Film, None),
                said("a", Kind::Series, Some(0.02)),
            ];
            // What comes first decides what PostgreSQL takes from then on.
            for one in [&film, &first, &film, &series] {
                expectations.put(one).await.expect(test.name);
            }
            let all = expectations.list().await.expect(test.name);
            assert_eq!(all, [series, film.clone()], "{}", test.name);
            assert!(expectations.remove(&film.group, &film.title).await.expect(test.name));
            assert!(!expectations.remove(&film.group, &film.title).await.expect(test.name));
            assert_eq!(expectations.list().await.expect(test.name).len(), 1, "{}", test.name);
        }
    }
}
