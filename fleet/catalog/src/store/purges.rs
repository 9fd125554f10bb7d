//! Purges in SQL: recorded, kept for a while, folded after that.

use super::{Store, unsigned};
use crate::CatalogError;
use crate::purge::{MAX_TARGETS, PurgeHistory, PurgePreview, PurgeTarget, RecordedPurge};
use contract::names::GroupName;
use contract::object::Digest;
use contract::time::TimeUs;
use contract::tombstones::{MAX_PURGES, Purge, Purged};
use db::Tx;
use db::counters::{self, Counter};
use sqlx::Row;
use sqlx::any::AnyRow;

/// A purge is kept for longer than any document lives (45 days): a box that was away for longer
/// holds no manifest in force either, and begins anew.
const PURGE_LIFE_S: i64 = 60 * 86_400;

/// The newest that are kept however many come. Beside them stands one folded purge a group, so
/// that a thousand groups still fit into what one document lists.
const KEPT_PURGES: i64 = 3072;

const _: () = assert!(KEPT_PURGES + 1024 <= MAX_PURGES as i64);

/// Enough to see whether it is what was meant.
const SAMPLE: usize = 10;

/// The least of a digest that names a version: as much as `content show` prints, or half of it.
const LEAST_VERSION_CHARS: usize = 8;

impl Store {
    /// Records purges; gives the version of the last. Boxes carry them out in this order.
    ///
    /// # Errors
    /// When a target cannot be meant, there are none or too many, the group is unknown, or the
    /// database fails; nothing is purged then.
    pub async fn purge(
        &self,
        group: &GroupName,
        targets: &[PurgeTarget],
        now: TimeUs,
    ) -> Result<u64, CatalogError> {
        check_targets(targets)?;
        self.check_group(group).await?;
        let mut tx = self.db.begin().await?;
        let version = record(&mut tx, group, targets, now).await?;
        tx.commit().await?;
        Ok(unsigned("a purge", version)?)
    }

    /// What purges would take of the catalogue.
    ///
    /// # Errors
    /// As [`Store::purge`].
    pub async fn preview_purge(
        &self,
        group: &GroupName,
        targets: &[PurgeTarget],
    ) -> Result<PurgePreview, CatalogError> {
        check_targets(targets)?;
        self.check_group(group).await?;
        let mut all = PurgePreview::default();
        for target in targets {
            let one = self.preview_one(group, target).await?;
            all.objects += one.objects;
            all.bytes += one.bytes;
            all.sample.extend(one.sample);
        }
        all.sample.truncate(SAMPLE);
        Ok(all)
    }

    async fn preview_one(
        &self,
        group: &GroupName,
        target: &PurgeTarget,
    ) -> Result<PurgePreview, CatalogError> {
        let Selection { count, sample, values } = Selection::of(group, target);
        let (mut counting, mut sampling) = (sqlx::query(count), sqlx::query(sample));
        for value in values {
            counting = counting.bind(value.clone());
            sampling = sampling.bind(value);
        }
        let row = counting.fetch_one(self.db.read()).await?;
        let rows = sampling.fetch_all(self.db.read()).await?;
        Ok(PurgePreview {
            objects: unsigned("a count", row.try_get(0)?)?,
            bytes: unsigned("a sum", row.try_get(1)?)?,
            sample: rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?,
        })
    }

    /// The version of an object that the beginning of its digest names, of all that the
    /// catalogue ever had under this path.
    ///
    /// # Errors
    /// When it names none or several, is no beginning of a digest, or the database fails.
    pub async fn version_of(
        &self,
        group: &GroupName,
        path: &str,
        version: &str,
    ) -> Result<Digest, CatalogError> {
        let is_hex = version.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_hex || !(LEAST_VERSION_CHARS..=64).contains(&version.len()) {
            let message = format!("{version:?}: expected 8 to 64 hex digits of a BLAKE3 digest");
            return Err(CatalogError::invalid("version", message));
        }
        if let Ok(whole) = version.parse() {
            return Ok(whole);
        }
        let rows = sqlx::query(
            "SELECT DISTINCT blake3 FROM objects
             WHERE content_group = $1 AND path = $2 AND substr(blake3, 1, $3) = $4",
        )
        .bind(group.as_str())
        .bind(path)
        .bind(i32::try_from(version.len()).unwrap_or(64))
        .bind(version)
        .fetch_all(self.db.read())
        .await?;
        let [row] = &rows[..] else {
            let (path, version) = (path.to_owned(), version.to_owned());
            return Err(CatalogError::NoVersion { path, version, found: rows.len() });
        };
        let digest: String = row.try_get(0)?;
        Ok(digest.parse().map_err(|err| db::Error::corrupt("an object", err))?)
    }

    /// All purges that are kept. The version is read first: what comes meanwhile is left out
    /// whole, and never skipped.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn purges(&self) -> Result<PurgeHistory, CatalogError> {
        let version = counters::value(&self.db, Counter::Purge).await?;
        let rows = sqlx::query(
            "SELECT version, content_group, what, made_at_us, folded, subject FROM purges
             WHERE version <= $1 ORDER BY version",
        )
        .bind(version)
        .fetch_all(self.db.read())
        .await?;
        let purges = rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(PurgeHistory { version: unsigned("the purges' version", version)?, purges })
    }

    /// The version of the last purge.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_version(&self) -> Result<u64, CatalogError> {
        Ok(unsigned("the purges' version", counters::value(&self.db, Counter::Purge).await?)?)
    }

    async fn check_group(&self, group: &GroupName) -> Result<(), CatalogError> {
        let query = sqlx::query("SELECT 1 FROM content_groups WHERE \"key\" = $1");
        let found = query.bind(group.as_str()).fetch_optional(self.db.read()).await?;
        match found {
            Some(_) => Ok(()),
            None => Err(CatalogError::UnknownGroup(group.to_string())),
        }
    }
}

fn check_targets(targets: &[PurgeTarget]) -> Result<(), CatalogError> {
    if !(1..=MAX_TARGETS).contains(&targets.len()) {
        let message =
            format!("expected 1 to {MAX_TARGETS} at once; for more use a prefix or a tag");
        return Err(CatalogError::invalid("what", message));
    }
    targets.iter().try_for_each(PurgeTarget::check)
}

/// Writes purges down; gives the version of the last.
pub(super) async fn record(
    tx: &mut Tx,
    group: &GroupName,
    targets: &[PurgeTarget],
    now: TimeUs,
) -> Result<i64, CatalogError> {
    let mut version = 0;
    for target in targets {
        version = counters::raise(tx, Counter::Purge, 1).await?;
        let what = serde_json::to_string(&target.in_group(group))
            .map_err(|err| db::Error::corrupt("a purge", err))?;
        sqlx::query(
            "INSERT INTO purges (version, content_group, what, subject, made_at_us)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(version)
        .bind(group.as_str())
        .bind(what)
        .bind(target.to_string())
        .bind(now.0)
        .execute(&mut **tx)
        .await?;
    }
    fold(tx, version, now).await?;
    Ok(version)
}

/// What is older than the history becomes one purge a group, of everything in it: a box that
/// has confirmed less cannot know any more what it must not serve.
async fn fold(tx: &mut Tx, newest: i64, now: TimeUs) -> Result<(), CatalogError> {
    let (old_us, old_version) = (now.plus_s(-PURGE_LIFE_S).0, newest - KEPT_PURGES);
    sqlx::query(
        "DELETE FROM purges WHERE (made_at_us < $1 OR version <= $2) AND EXISTS (
             SELECT 1 FROM purges later
             WHERE later.content_group = purges.content_group AND later.version > purges.version
                 AND (later.made_at_us < $3 OR later.version <= $4))",
    )
    .bind(old_us)
    .bind(old_version)
    .bind(old_us)
    .bind(old_version)
    .execute(&mut **tx)
    .await?;
    let everything = serde_json::to_string(&Purged::Prefix("/".to_owned()))
        .map_err(|err| db::Error::corrupt("a purge", err))?;
    sqlx::query(
        "UPDATE purges SET what = $1, subject = 'everything until here', folded = 1
         WHERE folded = 0 AND (made_at_us < $2 OR version <= $3)",
    )
    .bind(everything)
    .bind(old_us)
    .bind(old_version)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Statements about the objects that a purge names.
struct Selection {
    count: &'static str,
    sample: &'static str,
    values: Vec<String>,
}

macro_rules! selection {
    ($values:expr, $named:literal) => {
        Selection {
            count: concat!(
                "SELECT COUNT(*), CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM objects \
                 WHERE content_group = $1 AND removed_at_us IS NULL AND ",
                $named
            ),
            sample: concat!(
                "SELECT path FROM objects \
                 WHERE content_group = $1 AND removed_at_us IS NULL AND ",
                $named,
                " ORDER BY path LIMIT 10"
            ),
            values: $values,
        }
    };
}

impl Selection {
    fn of(group: &GroupName, target: &PurgeTarget) -> Self {
        let group = group.to_string();
        match target {
            PurgeTarget::Object { path, version: None } => {
                selection!(vec![group, path.clone()], "path = $2")
            }
            PurgeTarget::Object { path, version: Some(version) } => {
                let values = vec![group, path.clone(), version.to_string()];
                selection!(values, "path = $2 AND blake3 = $3")
            }
            PurgeTarget::Title(title) => {
                selection!(vec![group, title.to_string()], "title = $2")
            }
            PurgeTarget::Prefix(prefix) => {
                // Paths are of octets below DEL.
                let values = vec![group, prefix.clone(), format!("{prefix}\u{7f}")];
                selection!(values, "path >= $2 AND path < $3")
            }
            PurgeTarget::Tag(tag) => {
                let values = vec![group.clone(), group, format!("% {tag} %")];
                selection!(
                    values,
                    "title IN (SELECT title FROM titles \
                     WHERE content_group = $2 AND ' ' || tags || ' ' LIKE $3)"
                )
            }
        }
    }
}

fn read(row: &AnyRow) -> Result<RecordedPurge, CatalogError> {
    let (version, group, what): (i64, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let folded: i64 = row.try_get(4)?;
    Ok(RecordedPurge {
        purge: Purge {
            version: unsigned("a purge", version)?,
            group: GroupName::new(group).map_err(|err| db::Error::corrupt("a purge", err))?,
            what: serde_json::from_str(&what).map_err(|err| db::Error::corrupt("a purge", err))?,
        },
        subject: row.try_get(5)?,
        made_at: TimeUs(row.try_get(3)?),
        folded: folded != 0,
    })
}
