//! Sites in SQL.

use super::{Store, at, checked, duplicate, from_json, not_found, to_json};
use crate::{InventoryError, RecordKind, Site};
use contract::names::SiteName;
use contract::time::TimeUs;
use db::Tx;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeMap;

impl Store {
    /// All sites, by name.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn sites(&self) -> Result<Vec<Site>, InventoryError> {
        let rows = sqlx::query("SELECT name, latitude, longitude, fill FROM sites ORDER BY name")
            .fetch_all(self.db.read())
            .await?;
        let prefixes = sqlx::query("SELECT site, prefix FROM site_prefixes ORDER BY site, place")
            .fetch_all(self.db.read())
            .await?;
        let mut sites = BTreeMap::new();
        for row in &rows {
            let site = read_site(row)?;
            sites.insert(site.name.to_string(), site);
        }
        for row in &prefixes {
            let (name, prefix): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let prefix =
                prefix.parse().map_err(|err| db::Error::corrupt(format!("site {name}"), err))?;
            if let Some(site) = sites.get_mut(&name) {
                site.client_prefixes.push(prefix);
            }
        }
        Ok(sites.into_values().collect())
    }

    /// One site.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], or the database's.
    pub async fn site(&self, name: &SiteName) -> Result<Site, InventoryError> {
        let sites = self.sites().await?;
        let found = sites.into_iter().find(|site| site.name == *name);
        found.ok_or_else(|| not_found(RecordKind::Site, name))
    }

    /// Adds a site.
    ///
    /// # Errors
    /// When it makes no sense, its name or one of its prefixes is taken, or the database fails.
    pub async fn create_site(&self, site: &Site, now: TimeUs) -> Result<(), InventoryError> {
        checked(site.check())?;
        let mut tx = self.change().await?;
        let fill = site.fill.as_ref().map(to_json).transpose()?;
        sqlx::query(
            "INSERT INTO sites (name, latitude, longitude, fill, created_at_us) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(site.name.as_str())
        .bind(site.latitude)
        .bind(site.longitude)
        .bind(fill)
        .bind(at(now))
        .execute(&mut *tx)
        .await
        .map_err(|err| duplicate(RecordKind::Site, &site.name)(err.into()))?;
        insert_prefixes(&mut tx, site).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a site.
    ///
    /// # Errors
    /// When there is none, appliances still stand there, or the database fails.
    pub async fn delete_site(&self, name: &SiteName) -> Result<(), InventoryError> {
        let mut tx = self.change().await?;
        let standing: i64 = sqlx::query("SELECT COUNT(*) FROM appliances WHERE site = $1")
            .bind(name.as_str())
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        if standing > 0 {
            let name = name.to_string();
            let by = format!("{standing} appliance(s)");
            return Err(InventoryError::InUse { kind: RecordKind::Site, name, by });
        }
        let gone = sqlx::query("DELETE FROM sites WHERE name = $1")
            .bind(name.as_str())
            .execute(&mut *tx)
            .await?;
        if gone.rows_affected() == 0 {
            return Err(not_found(RecordKind::Site, name));
        }
        Ok(tx.commit().await?)
    }
}

fn read_site(row: &AnyRow) -> Result<Site, InventoryError> {
    let name: String = row.try_get(0)?;
    let name = SiteName::new(name).map_err(|err| db::Error::corrupt("a site", err))?;
    let fill: Option<String> = row.try_get(3)?;
    let fill = fill.map(|text| from_json(RecordKind::Site, name.as_str(), &text)).transpose()?;
    Ok(Site {
        name,
        latitude: row.try_get(1)?,
        longitude: row.try_get(2)?,
        client_prefixes: Vec::new(),
        fill,
    })
}

async fn insert_prefixes(tx: &mut Tx, site: &Site) -> Result<(), InventoryError> {
    for (place, prefix) in (0i64..).zip(&site.client_prefixes) {
        let text = prefix.to_string();
        let owner = sqlx::query("SELECT site FROM site_prefixes WHERE prefix = $1")
            .bind(text.as_str())
            .fetch_optional(&mut **tx)
            .await?;
        if let Some(row) = owner {
            let name = row.try_get(0)?;
            return Err(InventoryError::Taken { what: text, kind: RecordKind::Site, name });
        }
        sqlx::query("INSERT INTO site_prefixes (prefix, site, place) VALUES ($1, $2, $3)")
            .bind(text)
            .bind(site.name.as_str())
            .bind(place)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
