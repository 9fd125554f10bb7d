//! Which tables there are, what is in them, and in which order they can be filled: what is named before what
//! names it.

use super::BackupError;
use super::line::Holds;
use crate::{Db, Engine, Error};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

/// Each with what orders its rows, so that equal databases have equal backups.
pub(super) const TABLES: &[(&str, &str)] = &[
    ("counters", "name"),
    ("tags", "\"key\""),
    ("regions", "\"key\""),
    ("providers", "\"key\""),
    ("sites", "\"key\""),
    ("racks", "\"key\""),
    ("device_types", "\"key\""),
    ("clusters", "\"key\""),
    ("devices", "\"key\""),
    ("observed_hardware", "device"),
    ("components", "\"key\""),
    ("firmware_policies", "\"key\""),
    ("differences", "\"key\""),
    ("interfaces", "\"key\""),
    ("links", "\"key\""),
    ("prefixes", "\"key\""),
    ("ip_addresses", "\"key\""),
    ("bgp_sessions", "\"key\""),
    ("content_groups", "\"key\""),
    ("config_contexts", "\"key\""),
    ("changes", "version, place"),
    ("answers", "who, once"),
    ("titles", "content_group, title"),
    ("objects", "ordinal"),
    ("imports", "id"),
    ("import_objects", "import_id, path"),
    ("slice_hashes", "blake3"),
    ("catalogue_segments", "digest"),
    ("catalogue_versions", "version"),
    ("catalogue_records", "digest"),
    ("catalogue_changes", "version, content_group, title"),
    ("catalogue_in_force", "content_group, title"),
    ("catalogue_pins", "cohort"),
    ("purges", "version"),
    ("trust", "version"),
    ("documents", "appliance, kind"),
    ("appliance_reports", "appliance"),
    ("appliance_events", "appliance, boot_id, sequence"),
    ("late_reports", "appliance, boot_id, sequence"),
    ("holdings", "appliance, content_group, title"),
    ("demand_days", "day, site, source"),
    ("prefill_runs", "version"),
    ("prefill_holds", "appliance, version"),
    ("placement_policies", "version"),
    ("placement_rules", "content_group, title, scope"),
    ("title_expectations", "content_group, title"),
    ("commands", "id"),
    ("config_texts", "digest"),
    ("config_revisions", "id"),
    ("config_revision_files", "revision, path"),
    ("config_backups", "device"),
    ("certificates", "serial"),
    ("certificate_orders", "id"),
    ("people", "name"),
    ("ssh_certificates", "serial"),
    ("ssh_host_keys", "appliance, place"),
];

/// Who has logged in, and who may become a box: what was taken back since the backup would let somebody in
/// again.
pub const LEFT_OUT: &[&str] = &["sessions", "join_tokens"];

/// Where sqlx writes down which migrations were carried out.
pub(super) const MIGRATIONS: &str = "_sqlx_migrations";

/// All tables of a database, those of others included.
pub(super) async fn found(
    connection: &mut AnyConnection,
    engine: Engine,
) -> Result<Vec<String>, Error> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
        Engine::Postgres => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The columns of a table, and what is in them.
pub(super) async fn columns(
    connection: &mut AnyConnection,
    engine: Engine,
    table: &str,
) -> Result<Vec<(String, Holds)>, Error> {
    let sql = match engine {
        Engine::Sqlite => "SELECT name, lower(type) FROM pragma_table_info($1) ORDER BY cid",
        Engine::Postgres => {
            "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"
        }
    };
    let rows = sqlx::query(sql).bind(table).fetch_all(connection).await?;
    let column = |row: &sqlx::any::AnyRow| -> Result<_, Error> {
        let (name, declared): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let holds = match &*declared {
            "bigint" => Holds::Integer,
            "double precision" => Holds::Real,
            "text" => Holds::Text,
            "bytea" => Holds::Bytes,
            other => return Err(Error::corrupt(format!("{table}.{name}"), other)),
        };
        Ok((name, holds))
    };
    rows.iter().map(column).collect()
}

/// The schema of a database: 0 where there is none.
pub(super) async fn schema_of(db: &Db) -> Result<i64, BackupError> {
    let mut tx = db.snapshot().await?;
    if !found(&mut tx, db.engine()).await?.iter().any(|name| name == MIGRATIONS) {
        return Ok(0);
    }
    let sql = format!("SELECT COALESCE(MAX(version), 0) FROM {MIGRATIONS}");
    Ok(sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *tx).await?.try_get(0)?)
}

pub(super) async fn count(
    connection: &mut AnyConnection,
    table: &str,
    which: &str,
) -> Result<i64, Error> {
    let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{table}\" WHERE {which}"));
    Ok(sqlx::query(sql).fetch_one(connection).await?.try_get(0)?)
}
