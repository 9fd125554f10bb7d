//! What operators say of where titles belong: rules, in SQL. Those of titles that do not exist are kept, and do
//! nothing.

use arc_swap::ArcSwap;
use contract::names::{GroupName, SiteName, TagName, TitleName};
use contract::time::TimeUs;
use db::Db;
use db::counters::{Counter, raise, value};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// More than anybody keeps in mind; each is weighed for each site.
const MOST_RULES: i64 = 10_000;

/// Where a rule counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// At all sites.
    Everywhere,
    /// At one.
    Site(SiteName),
    /// At those with a tag.
    Tag(TagName),
    /// At those in a region, and in its parts.
    Region(String),
}

/// What is said of a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// It must be there, in at least so many copies.
    Pin {
        /// From 1.
        copies: u16,
    },
    /// It must not be there.
    Ban,
}

/// What is said of a title, and where that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) group: GroupName,
    pub(crate) title: TitleName,
    pub(crate) scope: Scope,
    pub(crate) says: Says,
    pub(crate) made_at: TimeUs,
    pub(crate) made_by: String,
}

/// A pin that is not kept at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotKept {
    pub(crate) group: GroupName,
    pub(crate) title: TitleName,
    /// That of the rule.
    pub(crate) scope: Scope,
    pub(crate) site: SiteName,
    pub(crate) why: String,
}

/// What can be wrong with a rule.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RuleError {
    /// There are too many.
    #[error("there are {MOST_RULES} rules: unset some that are not needed")]
    Full,
    /// The database's.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// The rules of this fleet.
#[derive(Debug)]
pub(crate) struct Rules {
    db: Db,
    /// As the planner saw it last.
    not_kept: ArcSwap<Vec<NotKept>>,
}

impl Rules {
    pub(crate) fn new(db: Db) -> Self {
        Self { db, not_kept: ArcSwap::default() }
    }

    /// Rises with each change.
    pub(crate) async fn version(&self) -> Result<i64, db::Error> {
        value(&self.db, Counter::Rules).await
    }

    /// All, by title, then by where they count.
    pub(crate) async fn list(&self) -> Result<Vec<Rule>, db::Error> {
        let text = "SELECT content_group, title, scope, rule, copies, made_at_us, made_by
             FROM placement_rules ORDER BY content_group, title, scope";
        sqlx::query(text).fetch_all(self.db.read()).await?.iter().map(rule).collect()
    }

    /// Says something of a title somewhere, in place of what was said of it there.
    pub(crate) async fn put(&self, rule: &Rule) -> Result<(), RuleError> {
        let mut tx = self.db.begin().await?;
        raise(&mut tx, Counter::Rules, 1).await?;
        let (word, copies) = match rule.says {
            Says::Pin { copies } => ("pin", copies),
            Says::Ban => ("ban", 0),
        };
        sqlx::query(
            "INSERT INTO placement_rules (content_group, title, scope, rule, copies, made_at_us, made_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (content_group, title, scope) DO UPDATE SET rule = excluded.rule,
                 copies = excluded.copies, made_at_us = excluded.made_at_us, made_by = excluded.made_by",
        )
        .bind(rule.group.as_str())
        .bind(rule.title.as_str())
        .bind(kept(&rule.scope))
        .bind(word)
        .bind(i64::from(copies))
        .bind(rule.made_at.0)
        .bind(rule.made_by.as_str())
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        let count = sqlx::query("SELECT COUNT(*) FROM placement_rules").fetch_one(&mut *tx).await;
        let count: i64 = count.and_then(|row| row.try_get(0)).map_err(db::Error::from)?;
        if count > MOST_RULES {
            return Err(RuleError::Full);
        }
        tx.commit().await.map_err(db::Error::from)?;
        Ok(())
    }

    /// Takes back what was said of a title somewhere; whether something was.
    pub(crate) async fn remove(
        &self,
        group: &GroupName,
        title: &TitleName,
        scope: &Scope,
    ) -> Result<bool, db::Error> {
        let mut tx = self.db.begin().await?;
        raise(&mut tx, Counter::Rules, 1).await?;
        let text =
            "DELETE FROM placement_rules WHERE content_group = $1 AND title = $2 AND scope = $3";
        let query = sqlx::query(text).bind(group.as_str()).bind(title.as_str()).bind(kept(scope));
        let gone = query.execute(&mut *tx).await?.rows_affected() > 0;
        if gone {
            tx.commit().await?;
        }
        Ok(gone)
    }

    /// Pins that the planner could not keep when it looked last.
    pub(crate) fn not_kept(&self) -> Arc<Vec<NotKept>> {
        self.not_kept.load_full()
    }

    /// Takes down which pins are not kept now. Each is told once.
    pub(super) fn tell(&self, not_kept: Vec<NotKept>) {
        let now = Arc::new(not_kept);
        let before = self.not_kept.swap(Arc::clone(&now));
        let new = now.iter().filter(|it| !before.contains(it));
        for NotKept { group, title, site, why, .. } in new {
            tracing::warn!(%group, %title, %site, "a pin is not kept: {why}");
        }
    }
}

/// As it stands in SQL.
fn kept(scope: &Scope) -> String {
    match scope {
        Scope::Everywhere => String::new(),
        some => some.to_string(),
    }
}

fn rule(row: &AnyRow) -> Result<Rule, db::Error> {
    let (group, title, scope): (String, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let (word, copies): (String, i64) = (row.try_get(3)?, row.try_get(4)?);
    let says = match &*word {
        "pin" => Says::Pin { copies: u16::try_from(copies).map_err(corrupt)? },
        "ban" => Says::Ban,
        other => return Err(corrupt(other)),
    };
    let scope = match &*scope {
        "" => Scope::Everywhere,
        some => some.parse().map_err(corrupt)?,
    };
    Ok(Rule {
        group: GroupName::new(&group).map_err(corrupt)?,
        title: TitleName::new(&title).map_err(corrupt)?,
        scope,
        says,
        made_at: TimeUs(row.try_get(5)?),
        made_by: row.try_get(6)?,
    })
}

fn corrupt(why: impl ToString) -> db::Error {
    db::Error::corrupt("a rule of the placement", why)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("everywhere"),
            Self::Site(name) => write!(f, "site {name}"),
            Self::Tag(name) => write!(f, "tag {name}"),
            Self::Region(name) => write!(f, "region {name}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "everywhere" {
            return Ok(Self::Everywhere);
        }
        match text.split_once(' ') {
            Some(("site", name)) => {
                SiteName::new(name).map(Self::Site).map_err(|err| err.to_string())
            }
            Some(("tag", name)) => TagName::new(name).map(Self::Tag).map_err(|err| err.to_string()),
            Some(("region", name)) if !name.is_empty() => Ok(Self::Region(name.to_owned())),
            _ => Err(format!(
                "expected everywhere, site NAME, tag NAME or region NAME, not {text:?}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::testing;

    fn rule(title: &str, scope: &str, says: Says) -> Rule {
        Rule {
            group: GroupName::new("g").expect("name"),
            title: TitleName::new(title).expect("name"),
            scope: scope.parse().expect("a scope"),
            says,
            made_at: TimeUs(7),
            made_by: "ann".to_owned(),
        }
    }

    #[test]
    fn where_is_said_as_it_is_read() {
        for text in ["everywhere", "site oslo-1", "tag big", "region north"] {
            assert_eq!(text.parse::<Scope>().map(|it| it.to_string()).as_deref(), Ok(text));
        }
        for bad in ["", "site", "site ", "region ", "site A b", "town oslo"] {
            assert!(bad.parse::<Scope>().is_err(), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn what_was_said_last_counts_until_it_is_taken_back() {
        for test in testing::both().await {
            let rules = Rules::new(test.db.clone());
            let pin = |copies| Says::Pin { copies };
            let said = [
                rule("b", "everywhere", Says::Ban),
                rule("b", "site oslo-1", pin(1)),
                rule("a", "tag big", pin(2)),
                rule("a", "tag big", pin(3)),
            ];
            for rule in &said {
                rules.put(rule).await.expect(test.name);
            }
            let [banned, pinned, _, newest] = said;
            let list = rules.list().await.expect(test.name);
            assert_eq!(list, [newest, banned.clone(), pinned.clone()], "{}", test.name);
            assert_eq!(rules.version().await.expect(test.name), 4);
            let Rule { group, title, scope, .. } = &banned;
            assert!(rules.remove(group, title, scope).await.expect(test.name));
            assert!(!rules.remove(group, title, scope).await.expect(test.name));
            assert_eq!(rules.list().await.expect(test.name)[1..], [pinned], "{}", test.name);
            assert_eq!(rules.version().await.expect(test.name), 5);
        }
    }
}
