//! Sites, as planners see them.

use super::Store;
use crate::kinds::{REGION, SITE};
use crate::records::{self, Kept};
use crate::{InventoryError, Site};
use contract::names::SiteName;
use std::collections::HashMap;

impl Store {
    /// All sites whose place is known, by name. No box stands at another.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn sites(&self) -> Result<Vec<Site>, InventoryError> {
        let somewhere = [("latitude__empty", "false"), ("longitude__empty", "false")];
        let somewhere = SITE.query(somewhere).map_err(super::bad_question)?;
        let all = records::all(&self.db, &SITE, &somewhere).await?;
        all.iter().map(read).collect()
    }

    /// The region that each region is a part of.
    pub(super) async fn regions(&self) -> Result<HashMap<String, String>, InventoryError> {
        let parts = REGION.query([("parent__empty", "false")]).map_err(super::bad_question)?;
        let all = records::all(&self.db, &REGION, &parts).await?;
        let text = |kept: &Kept, field| kept.record.get(field).as_str().map(str::to_owned);
        Ok(all.iter().filter_map(|it| Some((text(it, "name")?, text(it, "parent")?))).collect())
    }

    /// One site.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], or the database's.
    pub async fn site(&self, name: &SiteName) -> Result<Site, InventoryError> {
        let kept = records::find(&self.db, &SITE, name.as_str()).await?;
        let found = kept.as_ref().map(read).transpose()?;
        found.ok_or_else(|| InventoryError::NotFound { kind: SITE.name, key: name.to_string() })
    }
}

fn read(kept: &Kept) -> Result<Site, InventoryError> {
    let corrupt = |err| db::Error::corrupt(format!("site {}", SITE.key(&kept.record)), err);
    Ok(Site::of(&kept.record).map_err(corrupt)?)
}
