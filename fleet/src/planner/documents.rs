//! The newest document of each kind for each box, in SQL.

use contract::envelope::{Generation, Kind};
use contract::names::DeviceName;
use contract::report::DocumentState;
use contract::time::TimeUs;
use db::{Db, Tx};
use sqlx::Row;
use sqlx::any::AnyRow;

/// A document without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) kind: Kind,
    pub(crate) generation: Generation,
    /// Rises when the content changes; a renewal alone raises only the generation.
    pub(crate) content_version: u64,
    pub(crate) content_digest: String,
    pub(crate) issued_at: TimeUs,
    pub(crate) not_after: TimeUs,
    /// The version of what the root said when it was issued.
    pub(crate) trust_version: u64,
}

impl Head {
    /// A box that has seen numbers which this fleet has not given, or has given to something else:
    /// the database was restored from a backup, or two fleets speak to one box. What is issued
    /// next would be refused, or taken for what the box has.
    pub(crate) fn doubt(&self, state: &DocumentState) -> Option<String> {
        let in_force = state.in_force?;
        let remedy = "was this fleet restored from a backup? fleet ca change --new-epoch";
        if in_force > self.generation {
            let issued = self.generation;
            return Some(format!("{in_force} is in force, {issued} was issued last: {remedy}"));
        }
        let is_another = state.issued_at_us.is_some_and(|issued_at| issued_at != self.issued_at);
        let has = (in_force == self.generation && is_another).then_some(in_force);
        has.map(|it| format!("another {it} than this fleet's is in force: {remedy}"))
    }
}

/// The documents in the fleet's database.
#[derive(Debug, Clone)]
pub(crate) struct Documents {
    db: Db,
}

const HEADS: &str = "SELECT kind, epoch, number, content_version, content_digest, issued_at_us, \
     not_after_us, trust_version FROM documents WHERE appliance = $1 ORDER BY kind";

const BODY: &str = "SELECT kind, epoch, number, content_version, content_digest, issued_at_us, \
     not_after_us, trust_version, body FROM documents WHERE appliance = $1 AND kind = $2";

impl Documents {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    pub(super) async fn begin(&self) -> Result<Tx, db::Error> {
        self.db.begin().await
    }

    /// The body of a box's newest document of a kind, with its head.
    pub(crate) async fn body(
        &self,
        device: &DeviceName,
        kind: Kind,
    ) -> Result<Option<(Head, String)>, db::Error> {
        let query = sqlx::query(BODY).bind(device.as_str()).bind(kind.as_str());
        let row = query.fetch_optional(self.db.read()).await?;
        row.map(|row| Ok((read_head(&row)?, row.try_get(8)?))).transpose()
    }
}

/// The heads of all of a box's documents.
pub(super) async fn heads(tx: &mut Tx, device: &DeviceName) -> Result<Vec<Head>, db::Error> {
    let rows = sqlx::query(HEADS).bind(device.as_str()).fetch_all(&mut **tx).await?;
    rows.iter().map(read_head).collect()
}

/// The text of a box's document of a kind.
pub(super) async fn text(
    tx: &mut Tx,
    device: &DeviceName,
    kind: Kind,
) -> Result<Option<String>, db::Error> {
    let query = sqlx::query(BODY).bind(device.as_str()).bind(kind.as_str());
    let row = query.fetch_optional(&mut **tx).await?;
    Ok(row.map(|row| row.try_get(8)).transpose()?)
}

/// Replaces a box's document of a kind.
pub(super) async fn write(
    tx: &mut Tx,
    device: &DeviceName,
    head: &Head,
    body: &str,
) -> Result<(), db::Error> {
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO documents (appliance, kind, epoch, number, content_version, content_digest,
             body, issued_at_us, not_after_us, trust_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (appliance, kind) DO UPDATE SET epoch = excluded.epoch,
             number = excluded.number, content_version = excluded.content_version,
             content_digest = excluded.content_digest, body = excluded.body,
             issued_at_us = excluded.issued_at_us, not_after_us = excluded.not_after_us,
             trust_version = excluded.trust_version",
    )
    .bind(device.as_str())
    .bind(head.kind.as_str())
    .bind(i64::from(head.generation.epoch))
    .bind(signed(head.generation.number))
    .bind(signed(head.content_version))
    .bind(head.content_digest.as_str())
    .bind(body)
    .bind(head.issued_at.0)
    .bind(head.not_after.0)
    .bind(signed(head.trust_version))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn read_head(row: &AnyRow) -> Result<Head, db::Error> {
    let kind: String = row.try_get(0)?;
    let kinds = [Kind::Manifest, Kind::Sources, Kind::Tombstones, Kind::Config, Kind::Command];
    let kind = kinds
        .into_iter()
        .find(|each| each.as_str() == kind)
        .ok_or_else(|| db::Error::corrupt("a document", format!("kind {kind}")))?;
    let unsigned =
        |value: i64| u64::try_from(value).map_err(|err| db::Error::corrupt("a document", err));
    let epoch: i64 = row.try_get(1)?;
    Ok(Head {
        kind,
        generation: Generation {
            epoch: u32::try_from(epoch).map_err(|err| db::Error::corrupt("a document", err))?,
            number: unsigned(row.try_get(2)?)?,
        },
        content_version: unsigned(row.try_get(3)?)?,
        content_digest: row.try_get(4)?,
        issued_at: TimeUs(row.try_get(5)?),
        not_after: TimeUs(row.try_get(6)?),
        trust_version: unsigned(row.try_get(7)?)?,
    })
}
