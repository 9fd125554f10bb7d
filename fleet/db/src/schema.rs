//! Migrations: numbered, embedded, forward only.

use crate::{Db, Engine};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../migrations/0001_start.sql")),
    (2, "bitrate", include_str!("../migrations/0002_bitrate.sql")),
    (3, "purge", include_str!("../migrations/0003_purge.sql")),
    (4, "fill", include_str!("../migrations/0004_fill.sql")),
    (5, "slices", include_str!("../migrations/0005_slices.sql")),
    (6, "cut_off", include_str!("../migrations/0006_cut_off.sql")),
    (7, "commands", include_str!("../migrations/0007_commands.sql")),
    (8, "trust", include_str!("../migrations/0008_trust.sql")),
    (9, "identity", include_str!("../migrations/0009_identity.sql")),
    (10, "revoked", include_str!("../migrations/0010_revoked.sql")),
    (11, "orders", include_str!("../migrations/0011_orders.sql")),
    (12, "people", include_str!("../migrations/0012_people.sql")),
    (13, "inventory", include_str!("../migrations/0013_inventory.sql")),
    (14, "somewhere", include_str!("../migrations/0014_somewhere.sql")),
    (15, "partners", include_str!("../migrations/0015_partners.sql")),
    (16, "observed", include_str!("../migrations/0016_observed.sql")),
    (17, "nothing_there", include_str!("../migrations/0017_nothing_there.sql")),
    (18, "catalogue_versions", include_str!("../migrations/0018_catalogue_versions.sql")),
    (19, "terms", include_str!("../migrations/0019_terms.sql")),
    (20, "demand", include_str!("../migrations/0020_demand.sql")),
    (21, "prefill", include_str!("../migrations/0021_prefill.sql")),
    (22, "placement_rules", include_str!("../migrations/0022_placement_rules.sql")),
    (23, "placement_policies", include_str!("../migrations/0023_placement_policies.sql")),
    (24, "title_expectations", include_str!("../migrations/0024_title_expectations.sql")),
    (25, "config", include_str!("../migrations/0025_config.sql")),
    (26, "config_revisions", include_str!("../migrations/0026_config_revisions.sql")),
    (27, "management", include_str!("../migrations/0027_management.sql")),
];

/// What PostgreSQL must be told and SQLite does by itself.
pub const BYTEWISE: &str = " COLLATE \"C\"";

/// Where a line begins that one of them alone is told: they do not read JSON by the same names.
const OF_SQLITE: &str = "--sqlite-- ";
const OF_POSTGRES: &str = "--postgres-- ";

/// The number of the newest migration.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

/// Up to the migration of this number.
pub(crate) async fn bring_up_to(db: &Db, newest: i64) -> Result<(), MigrateError> {
    let migrations = MIGRATIONS
        .iter()
        .filter(|(version, ..)| *version <= newest)
        .map(|(version, name, text)| migration(db.engine, *version, name, text))
        .collect();
    Migrator::with_migrations(migrations).run(&db.writer).await
}

fn migration(engine: Engine, version: i64, name: &'static str, text: &str) -> Migration {
    let sql = match engine {
        Engine::Sqlite => text.replace(BYTEWISE, "").replace(OF_SQLITE, ""),
        Engine::Postgres => text.replace(OF_POSTGRES, ""),
    };
    let sql = AssertSqlSafe(sql).into_sql_str();
    Migration::new(version, name.into(), MigrationType::Simple, sql, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// What was carried out somewhere is never changed: that database would be opened no more. A new
    /// migration adds a line.
    #[test]
    fn migrations_are_what_they_were() {
        let mut found = String::new();
        for (version, name, text) in MIGRATIONS {
            let checksum = migration(Engine::Postgres, *version, name, text).checksum;
            let [a, b, c, d, ..] = *checksum else { panic!("a checksum is longer") };
            writeln!(found, "{version} {name} {a:02x}{b:02x}{c:02x}{d:02x}").expect("written");
        }
        assert_eq!(found, include_str!("../migrations/checksums.txt"));
    }
}
