//! Numbers that only rise: versions of data sets, ordinals, purges.

use crate::{Db, Error, Tx};
use sqlx::Row;

/// A number that only rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// The version of sites, appliances and content groups.
    Inventory,
    /// The version of titles and objects.
    Catalogue,
    /// The first ordinal that no object has had.
    Ordinal,
    /// The version of the tombstones.
    Purge,
    /// The version of commands and their results.
    Command,
    /// The version of what is revoked.
    Revocation,
    /// The number of the last certificate that was ordered elsewhere.
    Order,
    /// How often another version of the catalogue came into force, somewhere or everywhere.
    Announced,
    /// The version of what viewers asked for on days that are over.
    Demand,
    /// The version of what is placed where.
    Placement,
    /// The version of what operators say of where titles belong.
    Rules,
    /// The version of what operators say of how everything is placed.
    Policy,
    /// The number of the last revision of what a device runs, of whichever device.
    ConfigRevision,
}

impl Counter {
    fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Catalogue => "catalogue",
            Self::Ordinal => "ordinal",
            Self::Purge => "purge",
            Self::Command => "command",
            Self::Revocation => "revocation",
            Self::Order => "order",
            Self::Announced => "announced",
            Self::Demand => "demand",
            Self::Placement => "placement",
            Self::Rules => "placement_rules",
            Self::Policy => "placement_policy",
            Self::ConfigRevision => "config_revision",
        }
    }
}

/// Raises a counter and gives its new value. The row stays locked until the transaction
/// ends, so writers that begin with this follow one another on PostgreSQL too.
///
/// # Errors
/// When the statement fails.
pub async fn raise(tx: &mut Tx, counter: Counter, by: i64) -> Result<i64, Error> {
    let row = sqlx::query("UPDATE counters SET value = value + $1 WHERE name = $2 RETURNING value")
        .bind(by)
        .bind(counter.name())
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.try_get(0)?)
}

/// The value now.
///
/// # Errors
/// When the statement fails.
pub async fn value(db: &Db, counter: Counter) -> Result<i64, Error> {
    read(db.read(), counter).await
}

/// The value as a transaction sees it.
///
/// # Errors
/// When the statement fails.
pub async fn value_in(tx: &mut Tx, counter: Counter) -> Result<i64, Error> {
    read(&mut **tx, counter).await
}

async fn read<'e>(
    from: impl sqlx::Executor<'e, Database = sqlx::Any>,
    counter: Counter,
) -> Result<i64, Error> {
    let asked = sqlx::query("SELECT value FROM counters WHERE name = $1").bind(counter.name());
    Ok(asked.fetch_one(from).await?.try_get(0)?)
}
